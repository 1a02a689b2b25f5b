"""Hosts whose metric series are odd together and not alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.metric_host import MetricHostDetector
from sensorium.detect.gate import Gate
from sensorium.detect.protocol import Detector, Explanation, Scored, Window
from sensorium.detect.registry import build_detectors
from sensorium.model.anomaly import Entity
from sensorium.model.entity_kind import EntityKind
from tests.detect.metrics.hosts import Hosts, caused

CONFIG = DetectConfig()
ALONE = ("metrics.series", "metrics.first_move", "metrics.motion", "metrics.season")


@dataclass
class Follower:
    """A detector with its gate, and what passed: window, host, and what was said."""

    detector: Detector
    told: list[tuple[int, str, Explanation]] = field(default_factory=list)
    scored: int = 0

    def __post_init__(self) -> None:
        self.gate = Gate(
            self.detector.features, CONFIG.pass_rate, CONFIG.calibration_half_life_windows
        )

    def follow(self, windows: list[Window]) -> list[Scored]:
        said = []
        for window in windows:
            scored = self.detector.score(window)
            verdicts = self.gate.judge(scored)
            self.scored += len(scored)
            for row in np.flatnonzero(verdicts.passed).tolist():
                order = np.argsort(-verdicts.decades(row), kind="stable").tolist()
                told = self.detector.explain(window, scored, row, order)
                self.told.append((window.index, told.hosts[0], told))
            self.gate.learn(scored, verdicts)
            self.detector.learn(window, scored, verdicts.passed)
            said.append(scored)
        return said

    def of(self, host: str, first: int, last: int) -> list[Explanation]:
        return [told for at, who, told in self.told if who == host and first <= at < last]


def _hosts() -> Follower:
    return Follower(MetricHostDetector(CONFIG))


def _logs(windows: int, hosts: int, series: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([caused(rng, windows, series) for _ in range(hosts)], axis=1)


def test_a_series_that_leaves_the_others_is_told_and_by_no_detector_of_single_series() -> None:
    made, logs = Hosts(5, 12), _logs(230, 5, 12)
    # It goes where it often was, while what it goes with does not.
    logs[210:220, 0, 3] += np.where(logs[210:220, 0, 3] > 0, -1.0, 1.0)
    assert np.abs(logs[210:220, 0, 3]).max() < np.abs(logs[:210, 0, 3]).max()
    alone = [d for d in build_detectors(CONFIG, lambda _: None) if d.name in ALONE]
    windows, together = made.windows(logs), _hosts()
    together.follow(windows)
    told = together.of("10.0.0.1", 210, 222)
    assert told
    assert told[0].entity == Entity(EntityKind.HOST, "10.0.0.1")
    assert told[0].features[0].name == 'm3{instance="10.0.0.1:1"}'
    expected = 50 * np.exp(logs[211, 0, 3] + (1.0 if logs[211, 0, 3] < 0 else -1.0))
    assert 0.5 * expected < told[0].features[0].expected < 2 * expected
    assert "where the host's 11 other series lead one to expect about" in told[0].summary
    assert told[0].summary.endswith("as learned over 1.7 h")
    for detector in alone:
        single = Follower(detector)
        single.follow(windows)
        assert not single.of("10.0.0.1", 210, 222)


def test_many_series_that_are_a_little_off_are_told_as_such() -> None:
    made, logs = Hosts(5, 20), _logs(330, 5, 20)
    logs[310:320, 1] += 0.4 * np.random.default_rng(1).choice([-1, 1], 20)
    follower = _hosts()
    follower.follow(made.windows(logs))
    told = follower.of("10.0.0.2", 310, 322)
    assert told
    assert "20 series, each within what is usual for it, are seldom so far off" in told[0].summary
    assert len(told[0].features) == 4
    assert max(abs(feature.score) for feature in told[0].features) < 4


def test_quiet_hosts_with_twenty_series_pass_no_more_often_than_is_set() -> None:
    made, follower = Hosts(20, 20), _hosts()
    follower.follow(made.windows(_logs(600, 20, 20)))
    assert follower.scored > 10_000
    assert len(follower.told) <= CONFIG.pass_rate * follower.scored


def test_all_series_that_do_what_they_do_together_at_once_are_not_odd() -> None:
    rng = np.random.default_rng(2)
    load = np.concatenate([rng.normal(0, 0.5, 200), np.full(10, 1.2)])
    logs = load[:, None, None] + rng.normal(0, 0.1, (210, 2, 10))
    follower = _hosts()
    follower.follow(Hosts(2, 10).windows(logs))
    assert not [told for told in follower.told if told[0] >= 200]


def test_a_series_far_from_where_it_was_is_the_matter_of_others() -> None:
    made, logs = Hosts(4, 12), _logs(230, 4, 12)
    logs[200:, 0, 3] += 6.0
    follower = _hosts()
    follower.follow(made.windows(logs))
    assert not follower.of("10.0.0.1", 200, 230)


def test_what_lasts_becomes_usual() -> None:
    made, logs = Hosts(5, 12), _logs(400, 5, 12)
    logs[210:, 0, 3] += 1.3
    follower = _hosts()
    follower.follow(made.windows(logs))
    assert follower.of("10.0.0.1", 210, 230)
    assert not follower.of("10.0.0.1", 260, 400)


def test_series_that_come_and_go_and_gaps_and_resets_make_nothing_odd() -> None:
    made, logs = Hosts(6, 16), _logs(300, 6, 16)
    rng = np.random.default_rng(4)
    logs[rng.random(logs.shape) < 0.05] = np.nan
    logs[:150, :, 12:] = np.nan
    logs[200:, :, :3] = np.nan
    # What a counter says that was reset: once far less.
    logs[[120, 180, 240], :, 4] -= 3.0
    windows = made.windows(logs[:220]) + made.windows(logs[220:], first=1000)
    follower = _hosts()
    said = follower.follow(windows)
    assert not any(np.isinf(scored.oddness).any() for scored in said)
    assert len(said[-1]) == 6
    assert len(follower.told) <= 2


def test_a_host_without_three_series_that_change_is_not_scored() -> None:
    logs = _logs(60, 3, 6)
    logs[:, 0, 2:] = 0.3
    logs[:, 1, 3:] = 0.3
    said = _hosts().follow(Hosts(3, 6).windows(logs))
    assert [len(scored) + scored.unmoved for scored in said[-10:]] == [2] * 10


@pytest.mark.parametrize("known", [15, 95, 214])
def test_one_that_takes_the_state_over_goes_on_as_the_other_would_have(known: int) -> None:
    made, logs = Hosts(3, 10), _logs(230, 3, 10)
    logs[:100, 1, 5:] = np.nan
    logs[60:, 2, :2] = -np.inf
    logs[210:220, 0, 3] += 1.4
    windows = made.windows(logs)
    one, other = _hosts(), _hosts()
    one.follow(windows[:known])
    other.detector.restore(one.detector.state())
    other.gate.restore(one.gate.state())
    for mine, theirs in zip(
        one.follow(windows[known:]), other.follow(windows[known:]), strict=True
    ):
        np.testing.assert_array_equal(mine.keys, theirs.keys)
        np.testing.assert_array_equal(mine.oddness, theirs.oddness)
    assert [t for t in one.told if t[0] >= known] == other.told
    assert one.told


def test_hosts_and_series_are_bounded_and_the_least_recently_seen_leave() -> None:
    detector = MetricHostDetector(DetectConfig(max_entities=100))
    first, later = Hosts(8, 10), Hosts(8, 12, first=100)
    windows = first.windows(_logs(40, 8, 10)) + later.windows(_logs(60, 8, 12), first=40)
    for window in windows:
        scored = detector.score(window)
        detector.learn(window, scored, np.zeros(len(scored), np.bool_))
        assert detector.entities() <= 100
    assert len(detector.score(window)) > 0
