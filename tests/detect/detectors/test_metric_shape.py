"""Metric series that repeat themselves, and for once do not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.following.follower import Follower, followers
from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.metric_shape import MetricShapeDetector
from sensorium.detect.metrics.window import SeriesKind
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.series.many_shapes import LOOK_BACK
from sensorium.detect.testing import metric_batch
from sensorium.model.signals import Signal
from tests.detect.metrics.cycles import RESTLESS, SPOILT, job, restless
from tests.detect.metrics.hosts import Hosts

SHAPE = "metrics.shape"


def _detector(**given: int) -> MetricShapeDetector:
    return MetricShapeDetector(DetectConfig(**given))


def _series(told: Explanation) -> str:
    return told.entity.key


def _windows(values: np.ndarray, first: int = 0) -> list[Window]:
    """Windows of one host's gauges (windows, series)."""
    host = Hosts(1, values.shape[1], kind=SeriesKind.GAUGE)
    return [host.window(first + at, row[None]) for at, row in enumerate(values)]


def _run(detector: MetricShapeDetector, windows: list[Window]) -> list[Scored]:
    said = []
    for window in windows:
        said.append(detector.score(window))
        detector.learn(window, said[-1], np.zeros(len(said[-1]), np.bool_))
    return said


def _odd(said: list[Scored]) -> list[int]:
    """The windows in which anything is odd."""
    return [at for at, scored in enumerate(said) if (scored.oddness > 3).any()]


def test_a_missed_beat_is_told_and_by_no_other_detector() -> None:
    rng = np.random.default_rng(5)
    values, first = job(rng, 420, 300.0, 0.3, spoilt="missing", at=36)
    others = [restless(rng, 420, kind) for kind in RESTLESS]
    following = followers(lambda d: d.signal is Signal.METRICS, _series).values()
    for window in _windows(np.column_stack([values, *others])):
        for each in following:
            each.take(window)
    beat = ('m0{instance="10.0.0.1:1"}', "10.0.0.1")
    told = {each.detector.name for each in following if each.tells(beat, first, first + 20)}
    assert told == {SHAPE}


def test_it_is_told_with_its_cycle_what_was_expected_and_where_it_was_most_alike() -> None:
    values, first = job(np.random.default_rng(5), 420, 300.0, 0.3, spoilt="missing", at=36)
    detector, windows = _detector(), _windows(values[:, None])
    at = next(at for at in _odd(_run(_detector(), windows)))
    assert first <= at < first + 12
    _run(detector, windows[:at])
    told = detector.explain(windows[at], detector.score(windows[at]), 0, [0])
    assert told.entity.key == 'm0{instance="10.0.0.1:1"}'
    assert told.hosts == ("10.0.0.1",)
    assert told.summary.startswith('the cycle of 5 min of m0{instance="10.0.0.1:1"} is unlike any')
    shape, cycle, alike = told.features
    assert (shape.name, cycle.name, alike.name) == ("shape", "cycle", "most_alike")
    assert (shape.value, shape.expected) == (pytest.approx(5, abs=0.4), pytest.approx(6, abs=0.4))
    assert cycle.value == 300
    assert 300 <= alike.value <= at * 30


@pytest.mark.parametrize("how", SPOILT)
def test_each_way_of_breaking_a_cycle_is_told_and_only_then(how: str) -> None:
    values, first = job(np.random.default_rng(5), 1000, 450.0, 0.3, spoilt=how, at=60)
    odd = _odd(_run(_detector(), _windows(values[:, None])))
    assert odd
    assert first <= odd[0]
    assert odd[-1] < first + 2 * 15 + 2


def test_calm_hosts_pass_far_less_than_one_in_a_thousand_windows() -> None:
    rng, hosts, windows = np.random.default_rng(11), 6, 900
    values = np.empty((windows, hosts, 9))
    for host in range(hosts):
        for place, share in enumerate((0.1, 0.3, 0.5)):
            values[:, host, place] = job(rng, windows, 300.0 * (1 + host % 3), share)[0]
        for place, kind in enumerate(RESTLESS, 3):
            values[:, host, place] = restless(rng, windows, kind)
    follower, network = Follower(_detector(), _series), Hosts(hosts, 9, kind=SeriesKind.GAUGE)
    for at, row in enumerate(values):
        follower.take(network.window(at, row))
    assert follower.scored > 18 * windows / 2
    assert sum(map(len, follower.told.values())) <= 0.0002 * follower.scored


@pytest.mark.parametrize("kind", RESTLESS)
def test_of_what_does_not_repeat_itself_nothing_is_said(kind: str) -> None:
    values = restless(np.random.default_rng(3), LOOK_BACK, kind)
    assert not sum(map(len, _run(_detector(), _windows(values[:, None]))))


def test_a_value_out_of_the_usual_range_is_the_level_s_matter() -> None:
    values, _ = job(np.random.default_rng(4), 400, 300.0, 0.3)
    values[350] = 9.0
    said = _run(_detector(), _windows(values[:, None]))
    assert len(said[350])
    assert not _odd(said)


def test_what_breaks_now_and_then_is_told_at_first_and_not_for_ever() -> None:
    values, _ = job(np.random.default_rng(5), 2400, 300.0, 0.3)
    quiet, begins = values[:8].min(), range(1000, 2400, 80)
    for at in begins:
        values[at : at + 14] = quiet
    odd = np.array(
        [(scored.oddness > 3).any() for scored in _run(_detector(), _windows(values[:, None]))]
    )
    assert not odd[:1000].any()
    assert odd[1000:1020].any()
    assert not odd[1800:].any()


def test_a_series_that_is_scraped_once_a_minute_is_judged_too() -> None:
    values = np.full(1400, np.nan)
    values[::2], first = job(np.random.default_rng(4), 700, 300.0, 0.3, spoilt="late", at=60)
    odd = _odd(_run(_detector(), _windows(values[:, None])))
    assert odd
    assert 2 * first <= odd[0] < 2 * first + 40


def test_nothing_is_said_of_cycles_across_a_gap() -> None:
    values = job(np.random.default_rng(4), 400, 300.0, 0.3)[0]
    values[250:253] = np.nan
    said = _run(_detector(), _windows(values[:, None]))
    assert len(said[249])
    assert not any(map(len, said[250:262]))
    assert len(said[270])
    assert not _odd(said)


def test_nothing_is_said_of_a_window_that_may_lack_samples() -> None:
    values = job(np.random.default_rng(4), 200, 300.0, 0.3)[0]
    detector, windows = _detector(), _windows(values[:, None])
    _run(detector, windows[:-1])
    assert len(detector.score(windows[-1]))
    assert not len(detector.score(Window(199, 0, 1, metrics=windows[-1].metrics, complete=False)))


@pytest.mark.parametrize("size", [1e306, 1e-300, -1e306])
def test_values_of_any_size_make_nothing_infinite(size: float) -> None:
    values = size * (job(np.random.default_rng(4), 300, 300.0, 0.3)[0] / 6.0 - 0.8)
    values[200:205] = -5e306
    detector, windows = _detector(), _windows(values[:, None])
    for scored in _run(detector, windows):
        assert np.isfinite(scored.oddness).all()
        assert not np.isinf(scored.expected).any()


def test_a_counter_that_starts_again_breaks_no_cycle(cutting) -> None:
    grows = 1 + 9 * (np.arange(600) % 20 < 6) + np.random.default_rng(2).normal(0, 0.1, 600)
    counted = np.cumsum(grows)
    counted[405:] -= counted[404]
    labels = {"instance": "10.0.0.1:9100"}
    samples = [(15.0 * at + 3, "jobs_total", labels, x, "counter") for at, x in enumerate(counted)]
    said = _run(_detector(), cutting({Signal.METRICS: metric_batch(samples)}))
    assert sum(map(len, said)) > 100
    assert not _odd(said)


def test_there_are_only_so_many_places_and_those_turned_away_are_counted() -> None:
    rng = np.random.default_rng(7)
    values = np.column_stack([job(rng, 400, 300.0, 0.3)[0] for _ in range(8)])
    detector = _detector(max_shapes=3)
    said = _run(detector, _windows(values))
    assert max(map(len, said)) == 3
    assert detector.turned_away >= 5
    assert detector.entities() <= 3 + 12


def test_a_series_that_is_gone_or_repeats_itself_no_longer_gives_its_place_up() -> None:
    rng = np.random.default_rng(7)
    first = job(rng, 200, 300.0, 0.3)[0]
    detector = _detector(max_shapes=1)
    _run(detector, _windows(first[:, None]))
    assert detector.entities() == 1
    second = np.column_stack([np.full(1400, np.nan), job(rng, 1400, 300.0, 0.3)[0]])
    said = _run(detector, _windows(second, 200))
    assert not len(said[900])
    assert len(said[-1]) == 1
    said = _run(detector, _windows(rng.normal(size=(2 * LOOK_BACK, 2)), 1600))
    assert not len(said[-1])


def test_one_that_takes_its_state_over_goes_on_to_the_last_bit() -> None:
    rng = np.random.default_rng(9)
    spoilt = [job(rng, 420, 300.0, 0.3, spoilt=how, at=36)[0] for how in SPOILT]
    windows = _windows(np.column_stack([*spoilt, restless(rng, 420, "noise")]))
    one, other = _detector(max_shapes=3), _detector(max_shapes=3)
    _run(one, windows[:300])
    other.restore(one.state())
    for mine, theirs in zip(_run(one, windows[300:]), _run(other, windows[300:]), strict=True):
        np.testing.assert_array_equal(mine.oddness, theirs.oddness)
        np.testing.assert_array_equal(mine.values, theirs.values)
    for name, array in one.state().items():
        np.testing.assert_array_equal(array, other.state()[name], err_msg=name)
