"""How the edge benchmark reads its archive, judges scores, and what its peers do."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from benchmarks.edges import corpus, judging
from benchmarks.edges.midas import midas, midas_r

RNG = np.random.default_rng(3)


def test_the_archive_is_read_as_it_is_written(tmp_path: Path) -> None:
    lines = "a,b,07/31/1998-23:59,-\nb,c,07/32/1998-00:00,neptune\na,b,07/32/1998-00:00,-\n"
    path = tmp_path / "darpa_original.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("darpa_original.csv", lines)
    read = corpus.edges(path)
    assert read.nodes == ["a", "b", "c"]
    assert read.source.tolist() == [0, 1, 0]
    assert read.target.tolist() == [1, 2, 1]
    assert read.tick.tolist() == [0, 1, 1]
    assert read.odd.tolist() == [False, True, False]
    assert read.attacks == ["-", "neptune"]


@pytest.mark.parametrize("distinct", [5, 10_000])
def test_areas_are_those_of_scikit_learn(distinct: int) -> None:
    scores, odd = RNG.integers(0, distinct, 2000).astype(float), RNG.random(2000) < 0.1
    assert judging.auc(scores, odd) == pytest.approx(metrics.roc_auc_score(odd, scores))
    assert judging.average_precision(scores, odd) == pytest.approx(
        metrics.average_precision_score(odd, scores)
    )


def test_rates_are_read_off_the_scores() -> None:
    scores = np.arange(200.0)
    odd = np.zeros(200, bool)
    odd[[50, 150, 197, 199]] = True
    assert judging.found_at(scores, odd, 0.0) == 0.25
    assert judging.found_at(scores, odd, 0.02) == 0.5
    assert judging.false_at(scores, odd, 0.5) == 1 / 196
    assert judging.false_at(scores, odd, 0.95) == 146 / 196


def test_the_peers_see_a_flood() -> None:
    tick = np.repeat(np.arange(20), 50)
    source, target = RNG.integers(0, 20, 1000), RNG.integers(0, 20, 1000)
    source[-40:], target[-40:] = 3, 4
    for peer in (midas, midas_r):
        scores = peer(source, target, tick)
        assert np.median(scores[-20:]) > np.quantile(scores[100:-50], 0.99)
        assert (scores >= 0).all()
