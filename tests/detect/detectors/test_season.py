"""Metric series that are unlike themselves at this time of day."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.season import SeasonDetector
from sensorium.detect.metrics.season import BIN_NS
from sensorium.detect.metrics.window import MetricWindow, Series, SeriesKind, Targets
from sensorium.detect.protocol import Window

DAY = 48
MONDAY = 20_454 * DAY  # 2026-01-01 was day 20,454 since 1970; that it was a Thursday is no matter


def _office(days: int, seed: int = 1) -> np.ndarray:
    """Half hours of an office: busy on five days of seven from eight to six, quiet else."""
    half_hours = np.arange(days * DAY)
    busy = (half_hours // DAY % 7 < 5) & (half_hours % DAY >= 16) & (half_hours % DAY < 36)
    return np.where(busy, 80.0, 10.0) + np.random.default_rng(seed).normal(0, 2, len(half_hours))


def _run(values: np.ndarray, limit: float = 1e9) -> tuple[list[float], list[str]]:
    """What is said of each half hour of one series, NaN where nothing is, and in which words."""
    detector = SeasonDetector(DetectConfig(window_seconds=1800))
    one, said, told = np.ones(1, np.uint64), [], []
    for at, value in enumerate(values.tolist()):
        metrics = MetricWindow(
            keys=one,
            values=np.array([value]),
            kinds=np.array([SeriesKind.GAUGE]),
            whole=np.zeros(1, np.bool_),
            families=one,
            target=one,
            series=[Series("it", "it", "10.0.0.1")],
            targets=Targets(one, ["10.0.0.1:9100"]),
            samples=1,
        )
        start = (MONDAY + at) * BIN_NS
        window = Window(MONDAY + at, start, start + BIN_NS, metrics=metrics)
        scored = detector.score(window)
        said.append(float(scored.oddness[0, 0]) if len(scored) else np.nan)
        told.append(detector.explain(window, scored, 0, [0]).summary if len(scored) else "")
        detector.learn(window, scored, np.abs(scored.oddness[:, 0]) > limit)
    return said, told


def test_a_night_s_level_at_noon_is_odd_and_told_with_what_is_usual_then() -> None:
    values = _office(16)
    values[15 * DAY + 24] = 10.0
    said, told = _run(values)
    assert said[15 * DAY + 24] < -8
    assert "it is low for the time of day: 10 on average" in told[15 * DAY + 24]
    assert np.nanmax(np.abs(said[8 * DAY : 15 * DAY + 24])) < 4.5


def test_a_weekend_is_measured_by_the_last_weekend() -> None:
    values = _office(14)
    said, _ = _run(values)
    assert np.nanmax(np.abs(said[12 * DAY :])) < 4.5
    values[12 * DAY + 20 : 12 * DAY + 24] = 45.0
    assert np.nanmax(np.abs(_run(values)[0][12 * DAY :])) > 5


def test_before_three_days_are_known_nothing_is_said() -> None:
    said, _ = _run(_office(4))
    assert np.isnan(said[: 3 * DAY]).all()
    assert np.isfinite(said[3 * DAY + 1 :]).all()


@pytest.mark.parametrize(("limit", "odd"), [(5.0, True), (1e9, False)])
def test_what_passed_is_odd_again_at_the_same_time_of_the_next_day(
    limit: float, *, odd: bool
) -> None:
    values = _office(12)
    values[[10 * DAY + 24, 11 * DAY + 24]] = 140.0
    said, _ = _run(values, limit)
    assert said[10 * DAY + 24] > 5
    assert (said[11 * DAY + 24] > 5) is odd


def test_a_new_job_that_comes_each_night_becomes_usual() -> None:
    values = _office(18)
    for day in range(8, 18):
        values[day * DAY + 4 : day * DAY + 6] = 60.0
    said, _ = _run(values, limit=5.0)
    assert said[8 * DAY + 5] > 5
    assert abs(said[17 * DAY + 5]) < 4.5


def test_the_same_at_every_hour_is_never_odd() -> None:
    said, _ = _run(np.full(6 * DAY, 7.0))
    assert not np.nan_to_num(said).any()
