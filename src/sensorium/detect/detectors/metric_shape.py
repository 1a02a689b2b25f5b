"""Metric series that repeat themselves, and for once do not: a beat that is missing, a cycle that
is out of step, broken off or flattened, though each of its values is an everyday one.

The second stage of metrics: what costs kilobytes and microseconds is spent on series that repeat
themselves (:mod:`sensorium.detect.metrics.repeating`), as many as there are places for. Of each the
window of one cycle that ends now is laid over all such windows before (the left matrix profile:
:mod:`sensorium.detect.series.shape`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import improbability
from sensorium.detect.keys import KeyIndex
from sensorium.detect.metrics.families import one_of_many
from sensorium.detect.metrics.pace import Pace
from sensorium.detect.metrics.repeating import Repeating, RepeatWatch, with_values, within
from sensorium.detect.metrics.scale import floors, natural
from sensorium.detect.metrics.window import MetricWindow
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.series import many_shapes as shapes
from sensorium.detect.series.shape import PERIOD, ROWS
from sensorium.detect.tail import sigmas
from sensorium.detect.wording import lasting, number
from sensorium.model.anomaly import Entity, Feature
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, columns, joined, part, put_columns

FEATURES = (improbability("shape", "has a shape unlike any before (improbability {})"),)

WATCHED_FOR_EACH: Final = 4
"""Series that are watched for each place that there is."""
_GONE: Final = shapes.LOOK_BACK
"""Windows after which a series that is not there gives its place up: what was kept is as old."""
_SWEPT: Final = 16
"""Every so many windows it is looked for those that have to."""
_CONFIRMED: Final = 16
"""Periods within which it must be seen that a series repeats itself as long as shapes take."""
_TAIL: Final = 5.0
"""Distances beyond the line become rarer with this power of their size."""
_OF_SERIES: Final = ("_periods", "_since", "_odd", "_odd_at")
_REMEMBERED: Final = 11_500
"""Rows that the largest usual distance speaks for: it fades by half in 8,000."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """Series of a window that have a place: where they are in it, their rows, what is told of
    them as they are compared, and how improbable it is, in decades."""

    at: I64
    rows: I64
    told: F64
    decades: F64


class MetricShapeDetector:
    """Scores every series that has a place, once it has repeated itself eight times."""

    name = "metrics.shape"
    kind = EntityKind.SERIES
    signal = Signal.METRICS
    features = FEATURES

    def __init__(self, config: DetectConfig) -> None:
        places = min(config.max_shapes, config.max_entities // 2)
        watched = min(WATCHED_FOR_EACH * config.max_shapes, config.max_entities - places)
        self._index = KeyIndex(places)
        self._shapes = shapes.ShapeTables()
        self._pace = Pace()
        self._periods = np.zeros(0, np.int64)
        # Values seen when the present period was found; odd cycles lately, and values seen at the
        # last of them.
        self._since = np.zeros(0, np.int64)
        self._odd = np.zeros(0)
        self._odd_at = np.zeros(0, np.int64)
        self._watch = RepeatWatch(watched)
        self._seconds = config.window_seconds
        self.turned_away = 0

    def score(self, window: Window) -> Scored:
        """One row per series with a place that can be judged.

        ``places`` are rows of the window's series. Nothing is said of a window that may lack
        samples: that alone changes a shape.
        """
        metrics = window.metrics
        if metrics is None or not window.complete:
            return Scored.nothing(1)
        watched = len(self._watch.index)
        if not len(self._index):
            return replace(Scored.nothing(1), unmoved=watched)
        at, rows = within(metrics.keys, self._index)
        judged = self._judge(metrics, at, rows, window.index)
        at, kinds = judged.at, metrics.kinds[judged.at]
        odd = one_of_many(metrics.families[at], judged.decades)
        differs = judged.decades > 0.0
        seen = np.where(differs, natural(judged.told[:, shapes.SEEN], kinds), metrics.values[at])
        expected = natural(judged.told[:, shapes.EXPECTED], kinds)
        return Scored(
            keys=metrics.keys[at],
            values=seen[:, None],
            expected=np.where(differs, expected, np.nan)[:, None],
            oddness=odd[:, None],
            places=at,
            strata=np.zeros(len(at), np.int64),
            unmoved=watched + len(rows) - len(at),
        )

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window's values in, and give places to series that turn out to repeat.

        What passed is learned as the rest: windows that are odd, or overlap one that is, hardly
        count as usual until they have gone on for eight cycles.
        """
        metrics, now = window.metrics, window.index
        if metrics is None:
            return
        if len(self._index):
            _, rows, values = with_values(metrics, *within(metrics.keys, self._index))
            before = self._shapes.clock(rows, PERIOD)
            self._shapes.take(rows, values, self._pace.gaps(rows, now))
            self._pace.learn(rows, now)
            anew = rows[self._shapes.clock(rows, PERIOD) != before]
            self._since[anew] = self._shapes.clock(anew, ROWS)
            self._count(rows, self._index.find(scored.keys[scored.oddness[:, 0] > 0.0]))
        if now % _SWEPT == 0:
            self._give_up(now)
        self._enter(self._watch.take(metrics, now), now)
        self._watch.admit(metrics.keys, self._index, now)

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the series, its cycle, what differs in it, and where the most alike one was."""
        assert window.metrics is not None
        metrics = window.metrics
        at = scored.places[place : place + 1]
        rows = self._index.find(metrics.keys[at])
        told = self._judge(metrics, at, rows, window.index).told[0]
        series = metrics.series[int(at[0])]
        every = float(self._pace.windows(rows)[0]) * self._seconds
        cycle, ago = told[shapes.LENGTH] * every, told[shapes.AGO] * every
        known = min(told[shapes.KNOWN], shapes.LOOK_BACK) * every
        seen, expected = scored.values[place, 0], scored.expected[place, 0]
        odd = float(scored.oddness[place, 0])
        entity = Entity(EntityKind.SERIES, series.key)
        hosts = (series.host,) if series.host else ()
        if not odd > 0.0:
            return Explanation(entity, hosts, (), f"{series.key} repeats itself as it does")
        return Explanation(
            entity=entity,
            hosts=hosts,
            peers=(),
            summary=(
                f"the cycle of {lasting(cycle)} of {series.key} is unlike any in the last"
                f" {lasting(known)}: {number(seen)} where {number(expected)} would have been; the"
                f" most alike ended {lasting(ago)} before"
            ),
            features=(
                Feature("shape", float(seen), float(expected), sigmas(odd)),
                Feature("cycle", cycle, 0.0, 0.0, "s"),
                Feature("most_alike", ago, 0.0, 0.0, "s"),
            ),
        )

    def state(self) -> State:
        """The shapes of all series with a place, and the series that are watched."""
        used = self._index.rows_used
        return {
            **joined(
                index=self._index.state(),
                shapes=self._shapes.state(used),
                pace=self._pace.state(used),
                watch=self._watch.state(),
            ),
            **columns(self, used, *_OF_SERIES),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._index.restore(part(state, "index"))
        used = self._index.rows_used
        self._shapes.restore(part(state, "shapes"), used)
        self._pace.restore(part(state, "pace"), used)
        self._watch.restore(part(state, "watch"))
        put_columns(self, state, used, *_OF_SERIES)

    def entities(self) -> int:
        """Series with a place, and those that are watched."""
        return len(self._index) + len(self._watch.index)

    def _judge(self, metrics: MetricWindow, at: I64, rows: I64, now: int) -> _Judged:
        at, rows, values = with_values(metrics, at, rows)
        told = self._shapes.judge(rows, values, self._pace.gaps(rows, now))
        known = np.isfinite(told[:, shapes.ODDNESS])
        at, rows, told = at[known], rows[known], told[known]
        judged = self._shapes.clock(rows, ROWS) + 1 - self._since[rows]
        seldom = np.minimum(judged, _REMEMBERED) / (1.0 + self._odd[rows])
        decades = _improbable(metrics, at, told, seldom)
        decades[~self._shapes.usual(rows, told[:, shapes.SEEN])] = 0.0
        return _Judged(at, rows, told, decades)

    def _count(self, rows: I64, odd: I64) -> None:
        """Count a cycle of each of the ``odd`` rows, once while it lasts; older ones fade."""
        self._odd[rows] *= 0.5 ** (1.0 / shapes.HALF_LIFE)
        seen = self._shapes.clock(odd, ROWS)
        new = seen - self._odd_at[odd] > self._shapes.clock(odd, PERIOD)
        self._odd[odd[new]] += 1.0
        self._odd_at[odd[new]] = seen[new]

    def _give_up(self, now: int) -> None:
        """Take the places of series that are gone, or do not repeat themselves after all."""
        keys, rows = self._index.keys, self._index.rows
        seen = self._shapes.clock(rows, ROWS)
        late = seen >= np.minimum(_CONFIRMED * self._periods[rows], 2 * shapes.LOOK_BACK)
        over = late & (self._shapes.clock(rows, PERIOD) == 0)
        self._index.remove(keys[over | (self._pace.last[rows] < now - _GONE)])

    def _enter(self, found: list[Repeating], now: int) -> None:
        """Give places to series as far as there are any, in the order of their keys."""
        if not found:
            return
        free = self._index.capacity - len(self._index)
        self.turned_away += max(len(found) - free, 0)
        keys = np.array([one.key for one in found], np.uint64)
        rows, _ = self._index.admit(keys[:free], now)
        used = self._index.rows_used
        self._shapes.make_room(used)
        self._pace.make_room(used)
        if used > len(self._periods):
            more = 2 * used - len(self._periods)
            for name in _OF_SERIES:
                held = getattr(self, name)
                setattr(self, name, np.append(held, np.zeros(more, held.dtype)))
        for one, row in zip(found, rows.tolist(), strict=False):
            self._shapes.begin(row, one.values, one.period)
            self._pace.inherit(row, self._watch.pace, one.row)
            self._periods[row] = one.period
            self._since[row], self._odd[row], self._odd_at[row] = len(one.values), 0.0, -_GONE


def _improbable(metrics: MetricWindow, at: I64, told: F64, seldom: F64) -> F64:
    """How improbable the windows that end now are, in decades, (n,).

    In one of so many windows, ``seldom`` (n,), one was that far beyond the line; the farther, the
    rarer, with a power of the distance. A window within the line claims nothing, nor does one in
    which no value differs by as much as is believed to mean anything. (Nor does one whose value is
    out of the usual range: that is the matter of :mod:`sensorium.detect.detectors.series`.)
    """
    odd = told[:, shapes.ODDNESS]
    seen, expected = told[:, shapes.SEEN], told[:, shapes.EXPECTED]
    beyond = np.maximum(odd, 1.0)
    decades = np.log10(np.maximum(seldom, 1.0)) + _TAIL * np.log10(beyond)
    told_of = np.where(np.isfinite(expected), expected, 0.0)
    least = floors(told_of, metrics.kinds[at], metrics.whole[at])
    differs = np.abs(np.where(np.isfinite(seen), seen, 0.0) - told_of) >= least
    return np.where((odd >= 1.0) & differs, decades, 0.0)
