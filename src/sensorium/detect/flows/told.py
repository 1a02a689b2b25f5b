"""Which directions of conversations have been counted lately, by which point, and up to when.

A second exporter's record of time already counted may fall just across a window's end; without
this memory that conversation would count twice.
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I32, I64, U64
from sensorium.detect.kernels.conversing import remember_told
from sensorium.detect.kernels.probing import enter_rows
from sensorium.state.arrays import State, StateError, columns, put_columns, whole

_REMEMBER_NS = 120_000_000_000
_SMALLEST = 1 << 10


class Told:
    """The directions told of in the last two minutes, in a hash table that is swept when full."""

    def __init__(self) -> None:
        self._slots = np.full(_SMALLEST, -1, np.int32)
        self._keys = np.zeros(_SMALLEST // 2, np.uint64)
        self._points = np.zeros(_SMALLEST // 2, np.uint64)
        self._until = np.zeros(_SMALLEST // 2, np.int64)
        self._used = 0
        self._since = 0

    @property
    def columns(self) -> tuple[I32, U64, U64, I64, int]:
        """Slots, directions, points, until when, and before which end they no longer matter."""
        return self._slots, self._keys, self._points, self._until, self._since

    def remember(self, names: U64, sums: I64, of: I64, sides: I64, now: int) -> None:
        """Take in a window's directions, paired by ``pair_directions``; ``now`` in Unix ns."""
        self._since = now - _REMEMBER_NS
        directions = int(np.count_nonzero(sides >= 0))
        if self._used + directions > len(self._keys):
            self._sweep(directions)
        table = self._slots, self._keys, self._points, self._until
        self._used = remember_told(names, sums, of, sides, *table, self._used)

    def state(self) -> State:
        """The directions remembered."""
        return {
            **columns(self, self._used, "_keys", "_points", "_until"),
            "used": np.array(self._used),
            "room": np.array(len(self._keys)),
            "since": np.array(self._since),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        used = whole(state, "used")
        room = whole(state, "room", least=_SMALLEST // 2, most=1 << 30)
        put_columns(self, state, used, "_keys", "_points", "_until")
        if used > room or room & (room - 1) or len(np.unique(self._keys)) != used:
            raise StateError("a kept state tells twice of a direction, or of too many")
        for name in ("_keys", "_points", "_until"):
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros(room - used, column.dtype)]))
        self._used, self._since = used, whole(state, "since", least=-(2**62))
        self._slots = np.full(2 * room, -1, np.int32)
        enter_rows(np.arange(used), self._slots, self._keys)

    def _sweep(self, more: int) -> None:
        """Forget what is too old to matter, and leave room for ``more``, and as many again."""
        kept = np.flatnonzero(self._until[: self._used] >= self._since)
        room = 1 << max(len(kept) + 2 * more, _SMALLEST // 2).bit_length()
        for name in ("_keys", "_points", "_until"):
            column = getattr(self, name)
            moved = np.zeros(room, column.dtype)
            moved[: len(kept)] = column[kept]
            setattr(self, name, moved)
        self._used = len(kept)
        self._slots = np.full(2 * room, -1, np.int32)
        enter_rows(np.arange(self._used), self._slots, self._keys)
