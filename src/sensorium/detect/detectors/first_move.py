"""Metric series that never moved and now do: a carrier lost, a first error, a target that is down.

How odd that is depends on the metric: memory counters of the kernel leave their usual value now
and then, carriers hardly ever. So each metric's rate of first moves is learned over all of its
series (a Beta prior that expects next to none).
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I64, U64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import improbability
from sensorium.detect.groups import Groups
from sensorium.detect.keys import KeyIndex
from sensorium.detect.metrics.window import MetricWindow, SeriesKind
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.tail import sigmas
from sensorium.detect.wording import number
from sensorium.model.anomaly import Entity, Feature
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, columns, joined, part, put_columns

FEATURES = (improbability("first_move", "moved for the first time (improbability {})"),)

_SETTLED = 8
_MANY = 5
# Most metrics' constants hardly ever move: as if a fifth of a move had been seen of each metric.
_BELIEVED_MOVES = 0.2
_BELIEVED_STILL = 1.0


class FirstMoveDetector:
    """Scores series whose whole known past is one value, when they take another."""

    name = "metrics.first_move"
    kind = EntityKind.SERIES
    signal = Signal.METRICS
    features = FEATURES

    def __init__(self, config: DetectConfig) -> None:
        self._index = KeyIndex(config.max_entities)
        self._value = np.zeros(0)
        self._seen = np.zeros(0, np.int64)
        self._families = KeyIndex(config.max_entities)
        self._counts = np.zeros((0, 2))
        self._length = config.history_windows
        self._hold = config.hold_windows
        self._held = np.zeros(0, np.int64)

    def score(self, window: Window) -> Scored:
        """One row per series that moves; those that stand still are counted as unmoved."""
        metrics = window.metrics
        if metrics is None:
            return Scored.nothing(1)
        constant, moved, before = self._state(metrics)
        at = np.flatnonzero(moved)
        odd = self._improbability(metrics.families[at])[:, None]
        odd[~_speaks(metrics.families[at], metrics.families[constant])] = 0.0
        return Scored(
            keys=metrics.keys[at],
            values=metrics.values[at, None],
            expected=before[at, None],
            oddness=odd,
            places=at,
            strata=np.zeros(len(at), np.int64),
            unmoved=int((constant & ~moved).sum()),
        )

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Count who moved, by metric; who passed keeps its old value for a while."""
        metrics = window.metrics
        if metrics is None:
            return
        constant, moved, _ = self._state(metrics)
        self._count(metrics.families[constant], moved[constant], window.index)
        rows, fresh = self._index.admit(metrics.keys, window.index)
        self._grow()
        self._seen[rows[fresh]] = 0
        self._held[rows[fresh]] = 0
        odd = np.zeros(len(rows), np.bool_)
        odd[scored.places[passed]] = True
        kept = rows >= 0
        rows, odd, values = rows[kept], odd[kept], metrics.values[kept]
        differs = ~fresh[kept] & (values != self._value[rows])
        self._held[rows] = np.where(odd, self._held[rows] + 1, 0)
        held = odd & (self._held[rows] <= self._hold)
        # A series that moved without being odd varies: it is left to the other detector for as
        # long as that remembers.
        self._seen[rows] = np.where(differs & ~held, -self._length, self._seen[rows])
        self._seen[rows] += ~held
        self._value[rows] = np.where(held, self._value[rows], values)

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the series, the host that exposes it, and the value it had always had."""
        assert window.metrics is not None
        at = int(scored.places[place])
        series, kind = window.metrics.series[at], SeriesKind(int(window.metrics.kinds[at]))
        value, before = float(scored.values[place, 0]), float(scored.expected[place, 0])
        what = {SeriesKind.GAUGE: "was", SeriesKind.RATE: "grew per second by"}
        said = what.get(kind, "observed a mean of")
        return Explanation(
            entity=Entity(EntityKind.SERIES, series.key),
            hosts=(series.host,) if series.host else (),
            peers=(),
            summary=f"{series.key} {said} {number(value)}, always {number(before)} before",
            features=(
                Feature(
                    name="value",
                    value=value,
                    expected=before,
                    score=sigmas(float(scored.oddness[place, 0])) * (1 if value > before else -1),
                ),
            ),
        )

    def state(self) -> State:
        """The value of every series, and how often each metric's move."""
        return {
            **joined(index=self._index.state(), families=self._families.state()),
            **columns(self, self._index.rows_used, "_value", "_seen", "_held"),
            **columns(self, self._families.rows_used, "_counts"),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._index.restore(part(state, "index"))
        self._families.restore(part(state, "families"))
        put_columns(self, state, self._index.rows_used, "_value", "_seen", "_held")
        put_columns(self, state, self._families.rows_used, "_counts")

    def entities(self) -> int:
        """Series remembered."""
        return len(self._index)

    def _state(self, metrics: MetricWindow) -> tuple[Bool, Bool, F64]:
        """Which series have always had one value, which of them move, and that value."""
        rows = self._index.find(metrics.keys)
        known = np.maximum(rows, 0)
        if not len(self._seen):
            nothing = np.zeros(len(rows), np.bool_)
            return nothing, nothing, metrics.values
        constant = (rows >= 0) & (self._seen[known] >= _SETTLED)
        before = self._value[known]
        return constant, constant & (metrics.values != before), before

    def _improbability(self, families: U64) -> F64:
        rows = self._families.find(families)
        known = rows >= 0
        counts = np.zeros((len(families), 2))
        counts[known] = self._counts[rows[known]]
        moves, windows = counts[:, 1] + _BELIEVED_MOVES, counts[:, 0] + _BELIEVED_STILL
        chance = moves / windows
        return np.asarray(-np.log10(np.minimum(chance, 1.0)), np.float64)

    def _count(self, families: U64, moved: Bool, now: int) -> None:
        groups = Groups.of(families)
        rows, fresh = self._families.admit(groups.keys, now)
        if self._families.rows_used > len(self._counts):
            more = 2 * self._families.rows_used - len(self._counts)
            self._counts = np.concatenate([self._counts, np.zeros((more, 2))])
        self._counts[rows[fresh]] = 0.0
        counted = np.column_stack([groups.sizes(), groups.reduce(np.add, moved.astype(np.int64))])
        kept = rows >= 0
        self._counts[rows[kept]] += counted[kept]

    def _grow(self) -> None:
        more = 2 * self._index.rows_used - len(self._seen)
        if self._index.rows_used > len(self._seen):
            none: I64 = np.zeros(more, np.int64)
            self._seen = np.concatenate([self._seen, none])
            self._held = np.concatenate([self._held, none])
            self._value = np.concatenate([self._value, np.zeros(more)])


def _speaks(moved: U64, constant: U64) -> Bool:
    """Which of the series that moved are told: where most of a metric's move, one stands for all.

    ``moved`` and ``constant`` are the metrics of the series that moved and of all that could.
    """
    groups, all_groups = Groups.of(moved), Groups.of(constant)
    could = all_groups.sizes()[np.searchsorted(all_groups.keys, groups.keys)]
    together = (groups.sizes() >= _MANY) & (2 * groups.sizes() >= could)
    speaks = ~together[groups.codes]
    speaks[groups.order[groups.starts]] = True
    return speaks
