"""Known shapes: a hash table from the key of a shape to the id of its template."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I64, U64
from sensorium.ingest.compiled import kernel
from sensorium.state.arrays import State, StateError, columns, put_columns, whole

_SMALLEST = 1 << 12


class KnownShapes:
    """At most ``capacity`` shapes; when it is full, the half that was taken in first leaves.

    Keys are uint64 and not 0. Which shapes are known follows from the order in which they were
    taken in, and not from how they were divided into calls.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = max(capacity, 2)
        self._order = np.zeros(_SMALLEST, np.uint64)
        self._ids = np.zeros(_SMALLEST, np.uint64)
        self._slots = np.full(2 * _SMALLEST, -1, np.int64)
        self._count = 0
        self.evicted = 0

    def __len__(self) -> int:
        return self._count

    def find(self, keys: U64) -> U64:
        """The template of each shape, 0 where the shape is unknown."""
        out = np.empty(len(keys), np.uint64)
        _find(keys, self._slots, self._order, self._ids, out)
        return out

    def add(self, key: int, template_id: int) -> None:
        """Take in a shape that is not known."""
        if self._count == self._capacity:
            self._forget(self._count - self._count // 2)
        if self._count == len(self._order):
            self._grow()
        self._order[self._count] = key
        self._ids[self._count] = template_id
        _place(self._order, self._count, self._count + 1, self._slots)
        self._count += 1

    def state(self) -> State:
        """The shapes in their order, and their templates."""
        return {
            **columns(self, self._count, "_order", "_ids"),
            "count": np.array(self._count),
            "evicted": np.array(self.evicted),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        count = whole(state, "count", most=self._capacity)
        put_columns(self, state, count, "_order", "_ids")
        if len(np.unique(self._order)) != count or not self._order.all():
            raise StateError("a kept state has a shape of log lines twice")
        room = 1 << max(count - 1, _SMALLEST - 1).bit_length()
        for name in ("_order", "_ids"):
            setattr(self, name, np.append(getattr(self, name), np.zeros(room - count, np.uint64)))
        self._count, self.evicted = count, whole(state, "evicted")
        self._index()

    def _grow(self) -> None:
        self._order = np.append(self._order, np.zeros_like(self._order))
        self._ids = np.append(self._ids, np.zeros_like(self._ids))
        self._index()

    def _forget(self, oldest: int) -> None:
        kept = self._count - oldest
        for column in (self._order, self._ids):
            column[:kept] = column[oldest : self._count].copy()
        self._count = kept
        self.evicted += oldest
        self._index()

    def _index(self) -> None:
        self._slots = np.full(2 * len(self._order), -1, np.int64)
        _place(self._order, 0, self._count, self._slots)


@kernel
def _find(keys: U64, slots: I64, order: U64, ids: U64, out: U64) -> None:
    last = np.uint64(len(slots) - 1)
    for i in range(len(keys)):
        at = keys[i] & last
        row = slots[at]
        while row >= 0 and order[row] != keys[i]:
            at = (at + np.uint64(1)) & last
            row = slots[at]
        out[i] = ids[row] if row >= 0 else np.uint64(0)


@kernel
def _place(order: U64, first: int, end: int, slots: I64) -> None:
    """Give rows ``first`` to ``end`` their slots; there are twice as many slots as rows."""
    last = np.uint64(len(slots) - 1)
    for row in range(first, end):
        at = order[row] & last
        while slots[at] >= 0:
            at = (at + np.uint64(1)) & last
        slots[at] = row
