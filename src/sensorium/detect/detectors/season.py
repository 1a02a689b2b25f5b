"""Metric series that are unlike themselves at this time of day: daily and weekly season.

The mean of the present half hour is compared with what the series was at this time yesterday and a
week ago, in the first week with all days so far. It is as odd as it is far from the nearer, in
units of how far such means usually are. So a weekend is measured by the last weekend, and a night's
level at noon is odd though every night has it.
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import plain
from sensorium.detect.keys import KeyIndex
from sensorium.detect.metrics.families import one_of_many
from sensorium.detect.metrics.scale import compared, floors, natural
from sensorium.detect.metrics.season import BIN_NS, Weeks
from sensorium.detect.metrics.window import MetricWindow
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import number
from sensorium.model.anomaly import Entity
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, columns, joined, part, put_columns, whole

FEATURES = (plain("at_this_time", "was {} at this time", 0.0, falls=True),)

_LEAST_DAYS = 3
# Of the half hour so much must have been seen, ten windows being enough.
_LEAST_SHARE, _ENOUGH = 3, 10
# Half hours that the usual distance goes back: two days.
_USUAL_OVER = 96.0
# A half hour of which something passed is kept all the same where so many were spoilt lately.
_SPOILT = 6.0


class SeasonDetector:
    """Scores every series that was there at this time of day on three days before."""

    name = "metrics.season"
    kind = EntityKind.SERIES
    signal = Signal.METRICS
    features = FEATURES

    def __init__(self, config: DetectConfig) -> None:
        self._index = KeyIndex(config.max_entities)
        self._weeks = Weeks()
        self._least = max(min(BIN_NS // 10**9 // config.window_seconds // _LEAST_SHARE, _ENOUGH), 1)
        self._bin = -1
        # Of the present half hour: sum, windows, and whether anything of it passed.
        self._sums = np.zeros((0, 2))
        self._spoilt = np.zeros(0, np.bool_)
        self._spoils = np.zeros(0)
        # The usual distance, and of how many half hours.
        self._usual = np.zeros((0, 2))

    def score(self, window: Window) -> Scored:
        """One row per series with enough days; ``places`` are rows of the window's series."""
        metrics = window.metrics
        if metrics is None:
            return Scored.nothing(1)
        at = window.start_ns // BIN_NS
        values = compared(metrics.values, metrics.kinds)
        rows = self._index.find(metrics.keys)
        place = np.flatnonzero((rows >= 0) & np.isfinite(values))
        rows, values = rows[place], values[place]
        before = self._sums[rows] if at == self._bin else np.zeros((len(rows), 2))
        windows = before[:, 1] + 1.0
        mean = (before[:, 0] + values) / windows
        was = self._weeks.expect(at, rows, mean)
        told = np.flatnonzero((was.days >= _LEAST_DAYS) & (windows >= self._least))
        place, rows = place[told], rows[told]
        kinds, nearest = metrics.kinds[place], was.nearest[told]
        least = floors(nearest, kinds, metrics.whole[place])
        odd = was.away[told] / np.maximum(self._usual[rows, 0], least)
        odd = one_of_many(metrics.families[place], np.clip(odd, -1e6, 1e6))
        return Scored(
            keys=metrics.keys[place],
            values=natural(mean[told], kinds)[:, None],
            expected=natural(nearest, kinds)[:, None],
            oddness=odd[:, None],
            places=place,
            strata=kinds,
            unmoved=len(metrics.keys) - len(place),
        )

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Add the window's values to the half hour; one that passed leaves the old one in place."""
        metrics = window.metrics
        if metrics is None:
            return
        at = window.start_ns // BIN_NS
        if at != self._bin:
            self._close(at)
        rows, fresh = self._index.admit(metrics.keys, window.index)
        self._grow()
        self._weeks.forget(rows[fresh], self._index.rows_used)
        self._sums[rows[fresh]], self._usual[rows[fresh]] = 0.0, 0.0
        self._spoilt[rows[fresh]], self._spoils[rows[fresh]] = False, 0.0
        self._add(metrics, rows)
        odd = rows[scored.places[passed]]
        self._spoilt[odd[odd >= 0]] = True

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the series, the host that exposes it, and what it was at this time before."""
        assert window.metrics is not None
        series = window.metrics.series[int(scored.places[place])]
        more = "high" if scored.oddness[place, 0] > 0 else "low"
        return Explanation(
            entity=Entity(EntityKind.SERIES, series.key),
            hosts=(series.host,) if series.host else (),
            peers=(),
            summary=(
                f"{series.key} is {more} for the time of day: {number(scored.values[place, 0])} on"
                f" average, at this time in the week before {number(scored.expected[place, 0])} was"
                " nearest"
            ),
        )

    def state(self) -> State:
        """The week of every series, and the present half hour."""
        used = self._index.rows_used
        return {
            **joined(index=self._index.state(), weeks=self._weeks.state(used)),
            **columns(self, used, "_sums", "_spoilt", "_spoils", "_usual"),
            "bin": np.array(self._bin),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._index.restore(part(state, "index"))
        self._weeks.restore(part(state, "weeks"), self._index.rows_used)
        put_columns(self, state, self._index.rows_used, "_sums", "_spoilt", "_spoils", "_usual")
        self._bin = whole(state, "bin", least=-1)

    def entities(self) -> int:
        """Series remembered."""
        return len(self._index)

    def _add(self, metrics: MetricWindow, rows: I64) -> None:
        values = compared(metrics.values, metrics.kinds)
        kept = (rows >= 0) & np.isfinite(values)
        self._sums[rows[kept], 0] += values[kept]
        self._sums[rows[kept], 1] += 1.0

    def _close(self, at: int) -> None:
        """Keep the half hour that is over, and begin that ``at``."""
        self._spoils = 0.5 ** (1.0 / _USUAL_OVER) * self._spoils + self._spoilt
        # What was odd so often lately has become usual.
        kept = ~self._spoilt | (self._spoils > _SPOILT)
        done = np.flatnonzero((self._sums[:, 1] >= self._least) & kept)
        if len(done):
            means: F64 = self._sums[done, 0] / self._sums[done, 1]
            was = self._weeks.expect(self._bin, done, means)
            known = was.days >= _LEAST_DAYS
            rows = done[known]
            pace = 1.0 / np.minimum(self._usual[rows, 1] + 1.0, _USUAL_OVER)
            self._usual[rows, 0] += pace * (was.spread[known] - self._usual[rows, 0])
            self._usual[rows, 1] += 1.0
            self._weeks.put(self._bin, done, means)
        self._sums[:] = 0.0
        self._spoilt[:] = False
        self._bin = at

    def _grow(self) -> None:
        more = 2 * self._index.rows_used - len(self._sums)
        if self._index.rows_used > len(self._sums):
            self._sums = np.concatenate([self._sums, np.zeros((more, 2))])
            self._usual = np.concatenate([self._usual, np.zeros((more, 2))])
            self._spoils = np.concatenate([self._spoils, np.zeros(more)])
            self._spoilt = np.concatenate([self._spoilt, np.zeros(more, np.bool_)])
