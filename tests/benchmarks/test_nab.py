from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.detect_nab import PUBLISHED, REPRODUCED, run
from benchmarks.nab import corpus
from benchmarks.nab.scoring import (
    PROFILES,
    Judged,
    at_threshold,
    outcomes,
    probation,
    weights,
    worth,
)
from sensorium.detect.series import Constants


def file(rows: int, windows: list[tuple[int, int]], *detections: int) -> Judged:
    scores = np.zeros(rows)
    scores[list(detections)] = 1.0
    return Judged(scores, windows)


def score(*files: Judged, profile: str = "standard") -> float:
    return at_threshold(files, 0.5)[profile].score


def test_no_detection_is_0_and_the_first_row_of_every_window_is_100() -> None:
    windows = [(30, 39), (60, 79)]
    assert score(file(100, windows)) == 0
    assert score(file(100, windows, 30, 60)) == pytest.approx(100)
    assert score(file(100, windows, 30)) == pytest.approx(50)


def test_a_detection_late_in_a_window_earns_less_and_only_the_best_counts() -> None:
    windows = [(40, 59)]
    early, late = score(file(100, windows, 42)), score(file(100, windows, 59))
    assert 100 > early > late > 50
    assert score(file(100, windows, 42, 43, 59)) == early


def test_false_detections_cost_less_just_after_a_window_than_far_from_any() -> None:
    windows = [(40, 49)]
    alone = score(file(200, windows, 40))
    near, far = score(file(200, windows, 40, 51)), score(file(200, windows, 40, 150))
    before = score(file(200, windows, 40, 35))
    assert alone > near > far
    assert far == before == pytest.approx(alone - 100 * 0.11 / 2)
    strict = score(file(200, windows, 40, 150), profile="low-FP")
    assert strict == pytest.approx(alone - 100 * 0.22 / 2)


def test_a_missed_window_costs_twice_where_misses_are_to_be_rare() -> None:
    windows = [(30, 39), (60, 79)]
    assert score(file(100, windows, 30), profile="low-FN") == pytest.approx(50)
    both = file(100, windows, 30), file(100, [], 50)
    assert score(*both, profile="low-FN") == pytest.approx(50 - 100 * 0.11 / 6)


@pytest.mark.parametrize(("rows", "unjudged"), [(100, 15), (4032, 604), (22_695, 750)])
def test_the_start_of_a_file_is_not_judged(rows: int, unjudged: int) -> None:
    assert probation(rows) == unjudged
    assert score(file(rows, [(rows - 9, rows - 1)], *range(unjudged))) == 0


def test_the_worth_of_a_position_falls_from_1_through_0_to_minus_1() -> None:
    assert worth(np.array([-1.0, 0.0, 3.0, 3.1])).round(3).tolist() == [0.987, 0, -1, -1]
    inside, value = weights(10, [(2, 4)])
    assert inside.tolist() == [-1, -1, 0, 0, 0, -1, -1, -1, -1, -1]
    assert value[2] == 1
    assert (value[:2] == -1).all()


@given(st.integers(0, 2**32), st.integers(1, 5))
def test_the_best_threshold_is_the_best_of_all(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    files = [
        Judged(rng.integers(0, levels + 1, 80) / levels, [(20, 29), (50, 54)]),
        Judged(rng.integers(0, levels + 1, 60) / levels, [(10, 39)]),
        Judged(rng.integers(0, levels + 1, 60) / levels, []),
    ]
    best = outcomes(files)
    for profile in PROFILES:
        tried = {
            threshold: at_threshold(files, threshold)[profile.name]
            for threshold in np.unique(np.concatenate([one.scores for one in files]))
        }
        got = best[profile.name]
        assert got.score == pytest.approx(max(outcome.score for outcome in tried.values()))
        same = tried[got.threshold]
        assert (same.score, same.detected) == (pytest.approx(got.score), got.detected)
        assert same.false == got.false or got.threshold == 0


@pytest.fixture(scope="module")
def data(real_data: Path) -> list[corpus.Series]:
    if not (real_data / "nab" / "labels").is_dir():
        pytest.skip(f"no NAB corpus in {real_data}")
    return list(corpus.series(real_data / "nab"))


@pytest.mark.parametrize("detector", REPRODUCED)
def test_published_raw_results_get_their_published_scores(
    detector: str, data: list[corpus.Series], real_data: Path
) -> None:
    raw = corpus.results(real_data / "nab", detector)
    got = outcomes([Judged(raw[one.name], one.windows) for one in data])
    scores = tuple(round(got[profile.name].score, 2) for profile in PROFILES)
    assert scores == PUBLISHED[REPRODUCED[detector]]


def test_ours_is_above_the_best_published_under_every_profile(data: list[corpus.Series]) -> None:
    got = outcomes(run(data, Constants()).files)
    for n, profile in enumerate(PROFILES):
        assert got[profile.name].score > max(scores[n] for scores in PUBLISHED.values())
