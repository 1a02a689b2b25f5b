"""How metric series move: those that vary more or less than they did, stand still, or drift.

A level that jumps is :mod:`sensorium.detect.detectors.series`' matter. Here a series is compared
with how it usually moves: the median step of its last eight windows with what that usually is, a
run of equal values with how seldom it stays as it is, and the mean of its last ten minutes with
that of the eight hours before, where no single step explains the distance.
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import improbability, plain
from sensorium.detect.kernels import moving
from sensorium.detect.kernels.moving import DRIFT, EXPECTED_AT, SEEN_AT, STILL, VARIATION
from sensorium.detect.keys import KeyIndex
from sensorium.detect.metrics.families import one_of_many
from sensorium.detect.metrics.scale import compared, floors, natural
from sensorium.detect.metrics.window import MetricWindow, SeriesKind
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import number
from sensorium.model.anomaly import Entity
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, columns, joined, part, put_columns

FEATURES = (
    plain("variation", "varied by {}", 0.0, falls=True),
    improbability("still_seconds", "stood still (improbability {})"),
    plain("drift", "drifted to {}", 0.0, falls=True),
)


# Of a gauge's floor so much is the step below which variation means nothing; of whole numbers one.
_GAUGE_GRAIN = 0.25


class MotionDetector:
    """Scores every series that has ever changed, once it has been there for twenty windows."""

    name = "metrics.motion"
    kind = EntityKind.SERIES
    signal = Signal.METRICS
    features = FEATURES

    def __init__(self, config: DetectConfig) -> None:
        self._index = KeyIndex(config.max_entities)
        self._state = np.zeros((0, moving.KEPT))
        self._rings = np.zeros((0, moving.RING))
        self._held = np.zeros(0, np.int64)
        self._hold = config.hold_windows
        self._seconds = config.window_seconds

    def score(self, window: Window) -> Scored:
        """One row per series; ``places`` are rows of the window's series."""
        metrics = window.metrics
        if metrics is None:
            return Scored.nothing(len(FEATURES))
        rows = self._index.find(metrics.keys)
        told = self._move(metrics, rows, keep=False)
        known = np.maximum(rows, 0)
        moves = np.zeros(len(rows), np.bool_)
        if len(self._state):
            changed = self._state[known, moving.CHANGED]
            moves = (rows >= 0) & (changed > 0) & (self._state[known, moving.SEEN] >= 20)
        at = np.flatnonzero(moves)
        odd = told[at, :SEEN_AT]
        for column in range(len(FEATURES)):
            odd[:, column] = one_of_many(metrics.families[at], odd[:, column])
        values, expected = told[at, SEEN_AT:EXPECTED_AT], told[at, EXPECTED_AT:]
        for table in (values, expected):
            table[:, DRIFT] = natural(table[:, DRIFT], metrics.kinds[at])
        values[:, STILL] *= self._seconds
        settled = int(((rows >= 0) & ~moves).sum())
        return Scored(
            metrics.keys[at], values, expected, odd, at, metrics.kinds[at], unmoved=settled
        )

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window's values in; what drifted for long has found its level."""
        metrics = window.metrics
        if metrics is None:
            return
        rows, fresh = self._index.admit(metrics.keys, window.index)
        self._grow()
        self._state[rows[fresh]] = 0.0
        self._held[rows[fresh]] = 0
        self._move(metrics, rows, keep=True)
        odd = np.zeros(len(rows), np.bool_)
        odd[scored.places[passed & (np.abs(scored.oddness[:, DRIFT]) > 0)]] = True
        kept = rows >= 0
        rows, odd = rows[kept], odd[kept]
        self._held[rows] = np.where(odd, self._held[rows] + 1, 0)
        moving.settle(rows, self._held[rows] > self._hold, self._state)

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the series, the host that exposes it, and how it moves."""
        assert window.metrics is not None
        series = window.metrics.series[int(scored.places[place])]
        strongest = features[0]
        seen, expected = scored.values[place, strongest], scored.expected[place, strongest]
        more = scored.oddness[place, strongest] > 0
        said = {
            VARIATION: f"varies {'more' if more else 'less'} than it did: by {number(seen)} from"
            f" window to window, where {number(expected)} is usual",
            STILL: f"has had one value for {number(seen)} s, and hardly ever kept one before",
            DRIFT: f"has {'risen' if more else 'fallen'} little by little to {number(seen)},"
            f" from about {number(expected)}",
        }
        return Explanation(
            entity=Entity(EntityKind.SERIES, series.key),
            hosts=(series.host,) if series.host else (),
            peers=(),
            summary=f"{series.key} {said[strongest]}",
        )

    def state(self) -> State:
        """How every series moves."""
        used = self._index.rows_used
        return {
            **joined(index=self._index.state()),
            **columns(self, used, "_state", "_rings", "_held"),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._index.restore(part(state, "index"))
        put_columns(self, state, self._index.rows_used, "_state", "_rings", "_held")

    def entities(self) -> int:
        """Series remembered."""
        return len(self._index)

    def _move(self, metrics: MetricWindow, rows: I64, *, keep: bool) -> F64:
        values = compared(metrics.values, metrics.kinds)
        level = values if not len(self._state) else self._state[np.maximum(rows, 0), moving.SLOW]
        least = floors(np.where(np.isfinite(level), level, 0.0), metrics.kinds, metrics.whole)
        gauge = metrics.kinds == SeriesKind.GAUGE
        grains = np.where(gauge, np.where(metrics.whole, 1.0, _GAUGE_GRAIN * least), least)
        out = np.empty((len(rows), moving.TOLD))
        moving.move(rows, values, least, grains, self._state, self._rings, keep, out)
        return out

    def _grow(self) -> None:
        more = 2 * self._index.rows_used - len(self._held)
        if self._index.rows_used > len(self._held):
            self._state = np.concatenate([self._state, np.zeros((more, moving.KEPT))])
            self._rings = np.concatenate([self._rings, np.zeros((more, moving.RING))])
            self._held = np.concatenate([self._held, np.zeros(more, np.int64)])
