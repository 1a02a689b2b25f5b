"""How metric series move: variation, standing still, drift."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.motion import MotionDetector
from sensorium.detect.metrics.window import MetricWindow, Series, SeriesKind, Targets
from sensorium.detect.protocol import Window
from sensorium.model.anomaly import Entity
from sensorium.model.entity_kind import EntityKind

VARIATION, STILL, DRIFT = 0, 1, 2
RNG = np.random.default_rng(5)
AFRESH = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def _same_numbers_in_any_order() -> None:
    RNG.bit_generator.state = AFRESH


def _one(value: float, kind: SeriesKind) -> MetricWindow:
    """A window in which one series has a value."""
    one = np.ones(1, np.uint64)
    return MetricWindow(
        keys=one,
        values=np.array([value]),
        kinds=np.array([kind]),
        whole=np.zeros(1, np.bool_),
        families=one,
        target=one,
        series=[Series("it", "it", "10.0.0.1")],
        targets=Targets(one, ["10.0.0.1:9100"]),
        samples=1,
    )


class Follower:
    """A detector that follows one series and keeps what it said of each window."""

    def __init__(
        self, values: np.ndarray, kind: SeriesKind = SeriesKind.GAUGE, limit: float = 1e9
    ) -> None:
        self.detector = MotionDetector(DetectConfig())
        self.said: dict[int, np.ndarray] = {}
        self.told: dict[int, list[str]] = {}
        for index, value in enumerate(values.tolist()):
            window = Window(index, index * 30, index * 30 + 30, metrics=_one(value, kind))
            scored = self.detector.score(window)
            if len(scored):
                self.said[index] = scored.oddness[0]
                told = [self.detector.explain(window, scored, 0, [f]) for f in range(3)]
                assert {each.entity for each in told} == {Entity(EntityKind.SERIES, "it")}
                self.told[index] = [each.summary for each in told]
            passed = (np.abs(scored.oddness) >= limit).any(axis=1)
            self.detector.learn(window, scored, passed)

    def most(self, feature: int, first: int, last: int) -> float:
        """The strongest score of a feature in some windows, signed."""
        scores = [self.said[i][feature] for i in range(first, last) if i in self.said]
        return float(max(scores, key=abs))


def _noise(count: int, spread: float = 1.0) -> np.ndarray:
    return 100.0 + RNG.normal(0, spread, count)


def test_a_series_that_varies_ten_times_as_much_at_the_same_level_is_odd() -> None:
    follower = Follower(np.concatenate([_noise(200), _noise(20, 10.0)]))
    assert abs(follower.most(VARIATION, 60, 200)) < 4.5
    assert follower.most(VARIATION, 200, 220) > 5
    assert "varies more than it did" in follower.told[212][VARIATION]


def test_a_series_that_hardly_varies_any_more_is_odd_the_other_way() -> None:
    follower = Follower(np.concatenate([_noise(200, 30.0), _noise(20, 0.1)]))
    assert follower.most(VARIATION, 208, 220) < -4


def test_a_series_that_never_stood_still_and_does_is_odd() -> None:
    follower = Follower(np.concatenate([_noise(100), np.full(6, 100.5)]))
    assert follower.most(STILL, 20, 101) == 0.0
    assert follower.most(STILL, 101, 106) > 6
    assert "has had one value for 150 s" in follower.told[105][STILL]


def test_a_series_that_often_stands_still_says_nothing_by_it() -> None:
    values = np.repeat(RNG.normal(0, 1, 60), 3)
    follower = Follower(np.concatenate([values, np.full(30, values[-1])]))
    assert follower.most(STILL, 20, 210) == 0.0


def test_a_counter_that_stops_counting_is_odd() -> None:
    rates = np.concatenate([RNG.normal(50, 3, 100), np.zeros(6)])
    follower = Follower(rates, SeriesKind.RATE)
    assert follower.most(STILL, 20, 101) == 0.0
    assert follower.most(STILL, 101, 106) > 6


def test_a_slow_drift_is_odd_long_before_it_is_a_jump() -> None:
    drifting = _noise(480) + np.concatenate([np.zeros(240), np.linspace(0, 24, 240)])
    follower = Follower(drifting)
    assert abs(follower.most(DRIFT, 120, 240)) < 4
    assert follower.most(DRIFT, 240, 480) > 6
    assert "risen little by little" in follower.told[479][DRIFT]


def test_a_jump_to_another_level_is_no_drift() -> None:
    jumps = [Follower(np.concatenate([_noise(200), _noise(200) + 40.0])) for _ in range(8)]
    assert max(abs(each.most(DRIFT, 120, 400)) for each in jumps) < 4.5


def test_what_has_drifted_and_passed_for_long_has_found_its_level() -> None:
    drifting = _noise(600) + np.concatenate(
        [np.zeros(240), np.linspace(0, 24, 120), np.full(240, 24.0)]
    )
    follower = Follower(drifting, limit=6.0)
    assert follower.most(DRIFT, 300, 400) > 6
    assert abs(follower.most(DRIFT, 480, 600)) < 4


def test_a_random_walk_is_always_on_its_way_and_so_never_odd() -> None:
    scores = [Follower(np.cumsum(RNG.normal(0, 1, 300)) + 500).most(DRIFT, 200, 300) for _ in "ab"]
    assert max(map(abs, scores)) < 6
