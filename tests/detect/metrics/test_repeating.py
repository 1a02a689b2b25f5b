"""Which series are watched for repeating themselves, and how often series are there."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.detect.keys import KeyIndex
from sensorium.detect.metrics.pace import Pace
from sensorium.detect.metrics.repeating import LONG, SHORT, Repeating, RepeatWatch
from sensorium.detect.metrics.window import SeriesKind
from tests.detect.metrics.cycles import job
from tests.detect.metrics.hosts import Hosts


def _follow(watch: RepeatWatch, values: np.ndarray, first: int = 0) -> list[tuple[int, Repeating]]:
    """Watch series (windows, series) of a host; what is found, and in which window."""
    host, nobody = Hosts(1, values.shape[1], kind=SeriesKind.GAUGE), KeyIndex(1)
    found = []
    for at, row in enumerate(values, first):
        metrics = host.window(at, row[None]).metrics
        assert metrics is not None
        found += [(at, one) for one in watch.take(metrics, at)]
        watch.admit(metrics.keys, nobody, at)
    return found


def test_what_repeats_itself_is_found_with_its_period_and_all_that_was_seen() -> None:
    values = job(np.random.default_rng(1), 200, 300.0, 0.3)[0]
    ((at, one),) = _follow(RepeatWatch(10), values[:, None])
    assert (at, one.period) == (128, 10)
    np.testing.assert_array_equal(one.values, values[1:129])


def test_all_are_watched_in_turn_and_those_that_never_change_not_for_long() -> None:
    watch, seen = RepeatWatch(10), set()
    values = np.full((6 * SHORT, 40), 7.0)
    for at in range(0, len(values), SHORT // 2):
        _follow(watch, values[at : at + SHORT // 2], at)
        assert len(watch.index) <= 10
        seen |= set(watch.index.keys.tolist())
    assert len(seen) == 40


def test_what_does_not_repeat_itself_makes_room_for_others() -> None:
    watch, rng = RepeatWatch(5), np.random.default_rng(3)
    values = rng.normal(size=(LONG + 5, 10))
    _follow(watch, values[:LONG])
    first = set(watch.index.keys.tolist())
    _follow(watch, values[LONG:], LONG)
    assert not first & set(watch.index.keys.tolist())


def test_a_gap_begins_the_watch_anew() -> None:
    values = job(np.random.default_rng(1), 400, 300.0, 0.3)[0]
    values[100:103] = np.nan
    ((at, _),) = _follow(RepeatWatch(10), values[:330, None])
    assert at == 103 + 127


def test_a_series_that_is_gone_is_watched_no_longer() -> None:
    watch = RepeatWatch(10)
    _follow(watch, np.random.default_rng(1).normal(size=(20, 3)))
    _follow(watch, np.full((100, 3), np.nan), 20)
    assert not len(watch.index)


@pytest.mark.parametrize("seconds", [15, 30, 45, 60, 120])
def test_series_that_are_seldom_asked_for_have_no_gaps(seconds: int) -> None:
    pace, row, found = Pace(), np.zeros(1, np.int64), 0
    pace.make_room(1)
    windows = np.unique(np.arange(7, 30_000, seconds) // 30).tolist()
    for nth, at in enumerate(windows[:-1]):
        found += nth > 8 and bool(pace.gaps(row, at)[0])
        pace.learn(row, at)
    assert not found
    usual = float(pace.windows(row)[0])
    assert usual == pytest.approx(max(seconds / 30, 1.0), rel=0.05)
    assert bool(pace.gaps(row, windows[-2] + int(2 * usual) + 1)[0])
