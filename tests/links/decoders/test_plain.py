"""Decoders without torch say what those with it say."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch_geometric")

import torch
from scipy.special import erf, ndtri

from sensorium.links.decoders.plain import plain
from sensorium.links.decoders.registry import DECODERS, decoder
from sensorium.links.serving.scoring import FEW, QuickScores
from sensorium.links.structure.elementwise import gelu, on_both_scales
from tests.links.untrained import untrained, world

WIDTH, COUNTS, NODES, PAIRS = 24, 9, 50, 300


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("counts", [0, COUNTS])
def test_a_plain_decoder_gives_the_logits_of_torch(name: str, counts: int) -> None:
    if DECODERS[name].counts and not counts:
        return
    torch.manual_seed(1)
    made = decoder(name, WIDTH, counts, 0.5).eval()
    with torch.no_grad():
        for weights in made.parameters():
            weights.add_(0.3 * torch.randn_like(weights))
    random = np.random.default_rng(2)
    told = random.standard_normal((PAIRS, counts)).astype(np.float32) ** 3
    told[random.random(told.shape) < 0.4] = 0  # as most counts are
    if settle := getattr(made, "settle", None):
        settle(torch.from_numpy(told[:200]))
    vectors = random.standard_normal((NODES, WIDTH)).astype(np.float32)
    source, target = random.integers(0, NODES, (2, PAIRS))
    with torch.no_grad():
        expected = made(
            torch.from_numpy(vectors[source]),
            torch.from_numpy(vectors[target]),
            torch.from_numpy(told),
        ).numpy()
    got = plain(made)(vectors, source, target, told)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=2e-5)
    assert np.ptp(expected) > 0.1


@pytest.mark.parametrize("name", DECODERS)
def test_a_plain_decoder_is_asked_about_nobody(name: str) -> None:
    nobody = np.empty(0, np.int64)
    made = plain(decoder(name, WIDTH, COUNTS, 0.5))
    told = np.empty((0, COUNTS), np.float32)
    assert made(np.zeros((NODES, WIDTH), np.float32), nobody, nobody, told).shape == (0,)


def test_gelu_is_right_to_six_digits() -> None:
    x = np.linspace(-12, 12, 4_001, dtype=np.float32)[None]
    exact = x.astype(np.float64) * (0.5 + 0.5 * erf(x.astype(np.float64) / 2**0.5))
    gelu(x)
    np.testing.assert_allclose(x, exact, atol=2e-6)


def test_ranks_become_normal_deviates() -> None:
    place = np.linspace(1e-3, 1 - 1e-3, 997, dtype=np.float32)[:, None]
    knots = np.linspace(0, 1, 65, dtype=np.float32)[None]
    out = np.empty((len(place), 2), np.float32)
    one = np.ones(1, np.float32)
    on_both_scales(place, 0 * one, one, knots, 5.0, 9.0, out)
    np.testing.assert_allclose(out[:, 1], ndtri(place[:, 0].astype(np.float64)), atol=1e-4)
    np.testing.assert_allclose(out[:, 0], place[:, 0])


@pytest.mark.parametrize("name", DECODERS)
def test_few_pairs_and_many_get_the_same_scores(name: str) -> None:
    model = untrained(world(), name)
    scores = QuickScores(model.scorer)
    source, target = np.random.default_rng(0).integers(0, 60, (2, FEW + 1))
    many = scores.score(source, target)
    few = scores.score(source[:FEW], target[:FEW])
    np.testing.assert_allclose(few, many[:FEW], rtol=1e-4, atol=2e-5)
