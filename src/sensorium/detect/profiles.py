"""Entities with one value per feature and window, scored against their own past."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I64, U64, Bool
from sensorium.detect.baseline import Baseline
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import FeatureSpec, Scale
from sensorium.detect.groups import order_of
from sensorium.detect.kernels.comparing import limit_learned
from sensorium.detect.keys import KeyIndex
from sensorium.detect.protocol import Scored
from sensorium.state.arrays import State, columns, joined, part, put_columns

# A value that did not pass moves its entity's baseline at most this far, in sigmas.
_LIMIT = 6.0


class Profiles:
    """The baselines of one kind of entity, and the scores that follow from them.

    An entity that passed keeps its old baseline for ``hold_windows``, so that what is wrong does
    not quickly become what is usual; then it adapts.
    """

    def __init__(self, features: tuple[FeatureSpec, ...], config: DetectConfig) -> None:
        self._features = features
        self._direct = np.array([f.scale is Scale.DECADES for f in features])
        self._falls = np.array([f.falls for f in features])
        floors = np.array([f.floor for f in features])
        self._baseline = Baseline(floors, config.history_windows, population=True)
        self._index = KeyIndex(config.max_entities)
        self._hold = config.hold_windows
        self._held = np.zeros(0, np.int64)
        # What was scored last, the location, rise and fall that were expected, what was compared,
        # and the rows.
        self._latest: tuple[Scored, list[F64], F64, I64] | None = None

    def __len__(self) -> int:
        return len(self._index)

    @property
    def index(self) -> KeyIndex:
        """Which entities are known."""
        return self._index

    def score(self, keys: U64, values: F64, places: I64, rows: I64 | None = None) -> Scored:
        """Score distinct entities with ``values`` (n, f) in natural units; ``rows`` are those of
        the index, where the caller has looked."""
        if not len(keys):
            return Scored.nothing(len(self._features))
        rows = self._index.find(keys) if rows is None else rows
        if (keys[1:] < keys[:-1]).any():
            order = order_of(keys)
            keys, values, places, rows = keys[order], values[order], places[order], rows[order]
        compared = self._compared(values)
        *expected, oddness = self._baseline.compare(
            rows, values, compared, self._falls, self._direct
        )
        # Column after column lies together, as it is made.
        natural = np.empty(values.shape[::-1]).T
        for i, feature in enumerate(self._features):
            natural[:, i] = 0.0 if self._direct[i] else feature.natural(expected[0][:, i])
        scored = Scored(keys, values, natural, oddness, places, np.zeros(len(keys), np.int64))
        self._latest = (scored, expected, compared, rows)
        return scored

    def learn(self, scored: Scored, passed: Bool, now: int) -> None:
        """Append the window's values to the baselines."""
        expected, compared, rows = self._expectation(scored)
        self._latest = None
        rows, fresh = self._index.admit(scored.keys, now, rows)
        self._reset(rows[fresh])
        if (rows < 0).any():
            kept = rows >= 0
            rows, passed, compared = rows[kept], passed[kept], compared[kept]
            expected = [part[kept] for part in expected]
        self._held[rows] = np.where(passed, self._held[rows] + 1, 0)
        # Held entities that adapt at last take values as they are.
        limited = compared.copy()
        location, rise, fall = expected
        limit_learned(limited, location, rise, fall, passed, _LIMIT)
        learned = ~passed | (self._held[rows] > self._hold)
        if learned.all():
            self._baseline.insert(rows, limited)
        else:
            self._baseline.insert(rows[learned], limited[learned])

    def learn_absent(self, present: U64, values: F64) -> None:
        """Append ``values`` (f,) to every known entity that is not among ``present``."""
        absent = self._index.rows[~np.isin(self._index.keys, present)]
        compared = self._compared(values[None, :])
        self._baseline.insert(absent, np.repeat(compared, len(absent), axis=0))

    def state(self) -> State:
        """Who is known, and what is usual for each."""
        parts = joined(index=self._index.state(), baseline=self._baseline.state())
        return {**parts, **columns(self, self._index.rows_used, "_held")}

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._index.restore(part(state, "index"))
        self._baseline.restore(part(state, "baseline"))
        put_columns(self, state, self._index.rows_used, "_held")
        self._latest = None

    def _compared(self, values: F64) -> F64:
        compared = np.empty(values.shape)
        for i, feature in enumerate(self._features):
            compared[:, i] = feature.compared(values[:, i])
        return compared

    def _expectation(self, scored: Scored) -> tuple[list[F64], F64, I64]:
        """What was expected of the scored, which is known still if they were scored last."""
        if self._latest is not None and self._latest[0] is scored:
            return self._latest[1:]
        rows = self._index.find(scored.keys)
        expected = self._baseline.expect(rows)
        compared = self._compared(scored.values)
        return [expected.location, expected.rise, expected.fall], compared, rows

    def _reset(self, rows: I64) -> None:
        self._baseline.reset(rows)
        if self._index.rows_used > len(self._held):
            grown = np.zeros(2 * self._index.rows_used, np.int64)
            grown[: len(self._held)] = self._held
            self._held = grown
        self._held[rows] = 0
