"""Metric series against their own past."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.series import SeriesDetector
from sensorium.detect.metrics.assembly import MetricAssembly
from sensorium.detect.metrics.families import one_of_many
from sensorium.detect.protocol import Scored, Window
from sensorium.detect.testing import metric_batch


def _run(values: list[float], kind: str = "gauge", limit: float = 5.0) -> list[Scored]:
    """One series with a value per window; ``limit`` is what counts as passed."""
    assembly, detector = MetricAssembly(100), SeriesDetector(DetectConfig())
    found = []
    for index, value in enumerate(values):
        row = (index * 30.0, "it", {"instance": "10.0.0.1:9100"}, value, kind)
        metrics = assembly.build(metric_batch([row]), index)
        window = Window(index, index * 30, index * 30 + 30, metrics=metrics)
        scored = detector.score(window)
        detector.learn(window, scored, np.abs(scored.oddness[:, 0]) > limit)
        found.append(scored)
    return found


def _last(values: list[float], kind: str = "gauge") -> float:
    return float(_run(values, kind)[-1].oddness[0, 0])


NOISE = np.random.default_rng(1).normal(0, 1, 60).tolist()


def test_a_jump_is_odd_in_its_direction() -> None:
    usual = [50 + x for x in NOISE]
    assert abs(_last([*usual, 51.0])) < 2
    assert _last([*usual, 90.0]) > 8
    assert _last([*usual, 10.0]) < -8


def test_a_steady_trend_is_not_odd() -> None:
    assert abs(_last([100.0 + i for i in range(61)])) < 3


def test_a_counter_is_judged_by_its_growth_and_a_reset_is_no_event() -> None:
    grown = np.cumsum(50 + 3 * np.array(NOISE)).tolist()
    assert abs(_last([*grown, grown[-1] + 50], "counter")) < 2
    assert _last([*grown, grown[-1] + 5000], "counter") > 5
    assert abs(_last([*grown, 48.0], "counter")) < 2


def test_one_step_of_a_whole_number_is_no_event() -> None:
    values = [3.0] * 30 + [4.0] + [3.0] * 20
    assert abs(_last([*values, 2.0])) <= 2
    assert _last([*values, 30.0]) > 10


def test_a_new_level_is_told_a_few_times_and_then_usual() -> None:
    scored = _run([50 + x for x in NOISE] + [500.0] * 10)
    odd = [float(s.oddness[0, 0]) > 5 for s in scored[60:]]
    assert odd[0]
    assert 1 <= sum(odd) <= 4


def test_a_series_that_never_moved_is_left_to_another_detector() -> None:
    assert all(len(scored) == 0 for scored in _run([7.0] * 30 + [8.0]))


def test_what_most_series_of_a_metric_do_at_once_is_told_by_one() -> None:
    family = np.zeros(8, np.uint64)
    shared = np.array([-9.0, -10.0, -11.0, -20.0, -10.0, 0.0, 6.0, -3.0])
    told = one_of_many(family, shared)
    assert told[3] == -20.0
    assert told[6] == 6.0
    np.testing.assert_allclose(told[[0, 1, 2, 4, 5, 7]], [0, -0.5, -1.5, -0.5, 0, 0], atol=0.6)


@pytest.mark.parametrize("few", [1, 4])
def test_few_series_of_a_metric_speak_for_themselves(few: int) -> None:
    oddness = np.full(few, 12.0)
    np.testing.assert_array_equal(one_of_many(np.zeros(few, np.uint64), oddness), oddness)
