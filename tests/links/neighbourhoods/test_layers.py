from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.links.graph.compressed import Graph
from sensorium.links.neighbourhoods.gathering import Gather, gathered
from sensorium.links.neighbourhoods.layers import Layer, layer_of

NODES = 150
RANDOM = np.random.default_rng(2)
GRAPH = Graph.from_edges(
    NODES + 1, (NODES * RANDOM.random(700) ** 2).astype(np.int64), RANDOM.integers(0, NODES, 700)
)


def made(width: int, *, clip: bool, unit: bool) -> tuple[np.ndarray, Layer]:
    random = np.random.default_rng(width)

    def numbers(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    x = numbers(NODES + 1, width)
    weights = numbers(2 * width, width), *(numbers(width) for _ in range(3))
    return x, Layer(*weights, 1e-5, clip, unit)


def plainly(x: np.ndarray, how: Gather, layer: Layer) -> np.ndarray:
    """The same in NumPy, with 64 bits."""
    told = gathered(GRAPH.indptr, GRAPH.indices, x, how)
    heard = np.concatenate([told, x], 1).astype(float) @ layer.weights + layer.bias
    heard -= heard.mean(1, keepdims=True)
    heard *= (heard.var(1, keepdims=True) + layer.epsilon) ** -0.5
    heard = heard * layer.scale + layer.shift
    out = x + (np.maximum(heard, 0) if layer.clip else heard)
    return out / np.linalg.norm(out, axis=1, keepdims=True) if layer.unit else out


@settings(max_examples=30)
@given(st.integers(1, 70), st.sampled_from(list(Gather)), st.booleans(), st.booleans())
def test_a_layer_is_what_its_formula_says_at_any_width(width, how, clip, unit) -> None:
    x, layer = made(width, clip=clip, unit=unit)
    every = np.arange(NODES + 1)
    found = layer_of(GRAPH.indptr, GRAPH.indices, x, every, how, layer)
    np.testing.assert_allclose(found, plainly(x, how, layer), rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize("width", [24, 37])
def test_vectors_do_not_depend_on_who_else_is_asked_for_or_on_threads(width, monkeypatch) -> None:
    monkeypatch.setattr("sensorium.links.neighbourhoods.gathering._ARCS_A_PART", 50)
    x, layer = made(width, clip=True, unit=True)
    rows = np.array([149, 3, 70, 4, 5])
    arrays = GRAPH.indptr, GRAPH.indices, x
    every = layer_of(*arrays, np.arange(NODES + 1), Gather.MEAN, layer, threads=3)
    some = layer_of(*arrays, rows, Gather.MEAN, layer, threads=1)
    np.testing.assert_array_equal(some[rows], every[rows])
