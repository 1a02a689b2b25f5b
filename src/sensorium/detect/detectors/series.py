"""Metric series that vary: each against its own past, on both sides."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, U64, Bool
from sensorium.detect.baseline import Baseline, Expectation
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import plain
from sensorium.detect.groups import Groups
from sensorium.detect.keys import KeyIndex
from sensorium.detect.metrics.families import one_of_many
from sensorium.detect.metrics.scale import FACTOR_FLOOR, compared, floors, natural
from sensorium.detect.metrics.window import MetricWindow, SeriesKind
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import number
from sensorium.model.anomaly import Entity
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, columns, joined, part, put_columns

FEATURES = (plain("value", "was {}", 0.0, falls=True),)

_SETTLED = 5
# An odd series that stands still for so many windows has found a new level.
_STEADY = 2


class SeriesDetector:
    """Scores every series that has varied within its history.

    One that never did is the concern of :mod:`sensorium.detect.detectors.first_move`.
    """

    name = "metrics.series"
    kind = EntityKind.SERIES
    signal = Signal.METRICS
    features = FEATURES

    def __init__(self, config: DetectConfig) -> None:
        self._index = KeyIndex(config.max_entities)
        self._baseline = Baseline(np.zeros(1), config.history_windows, population=False, exact=True)
        self._hold = config.hold_windows
        self._held = np.zeros(0, np.int64)
        self._still = np.zeros(0, np.int64)
        self._last = np.zeros(0)
        self._seconds = config.window_seconds

    def score(self, window: Window) -> Scored:
        """One row per series with something to say; ``places`` are rows of the window's series."""
        metrics = window.metrics
        if metrics is None:
            return Scored.nothing(1)
        values = compared(metrics.values, metrics.kinds)
        rows = self._index.find(metrics.keys)
        expected = self._baseline.expect(rows)
        away = values - expected.location[:, 0]
        spread = self._spread(metrics, expected, away)
        with np.errstate(divide="ignore", invalid="ignore"):
            odd = np.clip(away / spread, -1e6, 1e6)
        varies = expected.span[:, 0] > 0
        at = np.flatnonzero((expected.seen[:, 0] >= _SETTLED) & np.isfinite(odd) & varies)
        odd[at] = one_of_many(metrics.families[at], odd[at])
        return Scored(
            keys=metrics.keys[at],
            values=metrics.values[at, None],
            expected=natural(expected.location[at, 0], metrics.kinds[at])[:, None],
            oddness=odd[at, None],
            places=at,
            strata=metrics.kinds[at],
        )

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window's values into the baselines, except those of series that are odd."""
        metrics = window.metrics
        if metrics is None:
            return
        rows, fresh = self._index.admit(metrics.keys, window.index)
        self._baseline.reset(rows[fresh])
        self._grow()
        self._held[rows[fresh]] = 0
        self._still[rows[fresh]] = 0
        self._last[rows[fresh]] = np.nan
        odd = np.zeros(len(metrics.keys), np.bool_)
        odd[scored.places[passed]] = True
        kept = rows >= 0
        rows, odd = rows[kept], odd[kept]
        values = compared(metrics.values, metrics.kinds)[kept]
        still = np.abs(values - self._last[rows]) <= FACTOR_FLOOR / 2 * np.abs(values)
        self._last[rows] = values
        self._still[rows] = np.where(still, self._still[rows] + 1, 0)
        self._held[rows] = np.where(odd, self._held[rows] + 1, 0)
        learned = ~odd | (self._held[rows] > self._hold) | (self._still[rows] >= _STEADY)
        self._baseline.insert(rows[learned], values[learned][:, None])

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the series and the host that exposes it."""
        assert window.metrics is not None
        at = int(scored.places[place])
        series, kind = window.metrics.series[at], SeriesKind(int(window.metrics.kinds[at]))
        value, expected = scored.values[place, 0], scored.expected[place, 0]
        what = {
            SeriesKind.GAUGE: "was",
            SeriesKind.RATE: "grew per second by",
            SeriesKind.MEAN: "observed a mean of",
        }[kind]
        return Explanation(
            entity=Entity(EntityKind.SERIES, series.key),
            hosts=(series.host,) if series.host else (),
            peers=(),
            summary=(
                f"{series.key} {what} {number(value)} over {self._seconds} s, "
                f"expected about {number(expected)}"
            ),
        )

    def state(self) -> State:
        """The baselines, and which series are odd or still just now."""
        parts = joined(index=self._index.state(), baseline=self._baseline.state())
        return {**parts, **columns(self, self._index.rows_used, "_held", "_still", "_last")}

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._index.restore(part(state, "index"))
        self._baseline.restore(part(state, "baseline"))
        put_columns(self, state, self._index.rows_used, "_held", "_still", "_last")

    def entities(self) -> int:
        """Series remembered."""
        return len(self._index)

    def _spread(self, metrics: MetricWindow, expected: Expectation, away: F64) -> F64:
        """Each series' spread on the side it moved to, floored by what can be believed."""
        own = np.where(away >= 0, expected.rise[:, 0], expected.fall[:, 0])
        floor = floors(expected.location[:, 0], metrics.kinds, metrics.whole)
        floor = np.maximum(floor, 0.5 * _family_spread(metrics.families, own))
        return np.maximum(own, floor)

    def _grow(self) -> None:
        more = 2 * self._index.rows_used - len(self._held)
        if self._index.rows_used > len(self._held):
            self._held = np.concatenate([self._held, np.zeros(more, np.int64)])
            self._still = np.concatenate([self._still, np.zeros(more, np.int64)])
            self._last = np.concatenate([self._last, np.full(more, np.nan)])


def _family_spread(families: U64, spread: F64) -> F64:
    """For each series the median spread of the series of its metric, 0 where they are too few."""
    if not len(families):
        return spread
    groups = Groups.of(families)
    known = np.nan_to_num(spread, nan=-1.0)
    order = np.lexsort((known, groups.codes))
    sizes = groups.sizes()
    unknown = np.bincount(groups.codes, known < 0, len(groups)).astype(np.int64)
    usable = sizes - unknown
    middle = groups.starts + unknown + np.maximum(usable - 1, 0) // 2
    median = known[order][np.minimum(middle, len(order) - 1)]
    return np.where(usable >= _SETTLED, np.maximum(median, 0.0), 0.0)[groups.codes]
