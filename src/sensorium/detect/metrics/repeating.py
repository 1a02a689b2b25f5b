"""Which metric series repeat themselves: some are watched at a time, all of them in turn.

To see that a series repeats itself takes hundreds of its values, and few do. So of many series
only as many as there is room for are watched, in the order of their keys, which is as good as any:
each until it is known to repeat itself, or :data:`LONG` values say that it does not. One that
never changes has to be watched for :data:`SHORT` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64, I64, U64
from sensorium.detect.keys import KeyIndex
from sensorium.detect.metrics.pace import Pace
from sensorium.detect.metrics.scale import compared
from sensorium.detect.metrics.window import MetricWindow
from sensorium.detect.series.many_shapes import repeats_after
from sensorium.state.arrays import State, StateError, columns, joined, part, put_columns, taken

LONG: Final = 512
"""Values after which a series is not watched any longer."""
SHORT: Final = 32
"""Values after which one that never changed is not."""
_LOOKS: Final = (128, 256, LONG)
"""Values after which it is looked whether they repeat themselves."""
_TIMES: Final = 4
"""Periods among the values at least."""
_GONE: Final = 60
"""Windows after which a series that is not there is watched no longer."""
_LARGEST: Final = 1e300
"""Values are taken for no larger than this, so that differences are finite."""
_SWEPT: Final = 16
"""Every so many windows it is looked for those."""
_DUE: Final = np.isin(np.arange(LONG + 1), _LOOKS)


@dataclass(frozen=True, slots=True)
class Repeating:
    """A series that repeats itself after ``period`` of its values.

    ``key`` is its own, ``row`` the one that it had among those that are watched. ``values`` are all
    those seen so far, as they are compared.
    """

    key: int
    row: int
    period: int
    values: F64


class RepeatWatch:
    """The values of at most ``capacity`` series since they are watched, 4 kB each."""

    def __init__(self, capacity: int) -> None:
        self.index = KeyIndex(capacity)
        self.pace = Pace()
        self._values = np.zeros((0, LONG))
        self._counts = np.zeros(0, np.int64)
        self._cursor = np.zeros((), np.uint64)

    def take(self, metrics: MetricWindow, now: int) -> list[Repeating]:
        """Take in what series are ``now``; those found to repeat, which are watched no longer.

        Nor are those that have been watched for long enough, or are gone.
        """
        at, rows, values = with_values(metrics, *within(metrics.keys, self.index))
        keys = metrics.keys[at]
        self._counts[rows[self.pace.gaps(rows, now)]] = 0
        self.pace.learn(rows, now)
        self._values[rows, self._counts[rows]] = values
        self._counts[rows] += 1
        counts = self._counts[rows]
        found = self._looked(keys, rows, counts)
        self.index.remove(np.concatenate([self._over(keys, rows, counts), self._gone(now)]))
        self.index.remove(np.array([one.key for one in found], np.uint64))
        return found

    def admit(self, keys: U64, but: KeyIndex, now: int) -> None:
        """Watch more of sorted ``keys``, as far as there is room, except those that ``but`` has."""
        free = min(self.index.capacity - len(self.index), len(keys))
        if free <= 0:
            return
        first = int(np.searchsorted(keys, self._cursor, side="right"))
        following = np.concatenate(
            [keys[first : first + free], keys[: max(first + free - len(keys), 0)]]
        )
        self._cursor = np.asarray(following[-1])
        new = following[(self.index.find(following) < 0) & (but.find(following) < 0)]
        rows, fresh = self.index.admit(new, now)
        self._grow()
        self._counts[rows[fresh]] = 0
        self.pace.forget(rows[fresh])
        self.pace.last[rows[fresh]] = now

    def state(self) -> State:
        """All that are watched."""
        used = self.index.rows_used
        return {
            **joined(index=self.index.state(), pace=self.pace.state(used)),
            **columns(self, used, "_values", "_counts"),
            "cursor": self._cursor.copy(),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self.index.restore(part(state, "index"))
        used = self.index.rows_used
        self.pace.restore(part(state, "pace"), used)
        put_columns(self, state, used, "_values", "_counts")
        self._cursor = taken(state, "cursor", np.uint64)
        if ((self._counts < 0) | (self._counts >= LONG)).any():
            raise StateError("a kept state watches series for longer than they are watched")

    def _looked(self, keys: U64, rows: I64, counts: I64) -> list[Repeating]:
        found = []
        for place in np.flatnonzero(_DUE[counts]).tolist():
            row = int(rows[place])
            values = self._values[row, : self._counts[row]]
            period = repeats_after(values, _TIMES)
            if period:
                found.append(Repeating(int(keys[place]), row, period, values.copy()))
        return found

    def _over(self, keys: U64, rows: I64, counts: I64) -> U64:
        """Those of which enough has been seen."""
        young = np.flatnonzero(counts == SHORT)
        still = np.ptp(self._values[rows[young], :SHORT], axis=1) == 0.0
        return np.concatenate([keys[young[still]], keys[counts >= LONG]])

    def _gone(self, now: int) -> U64:
        if now % _SWEPT:
            return np.empty(0, np.uint64)
        return self.index.keys[self.pace.last[self.index.rows] < now - _GONE]

    def _grow(self) -> None:
        used, more = self.index.rows_used, 2 * self.index.rows_used - len(self._counts)
        self.pace.make_room(used)
        if used > len(self._counts):
            self._values = np.concatenate([self._values, np.zeros((more, LONG))])
            self._counts = np.append(self._counts, np.zeros(more, np.int64))


def with_values(metrics: MetricWindow, at: I64, rows: I64) -> tuple[I64, I64, F64]:
    """Of places in the window those with a value that can be compared, their rows, and it."""
    values = compared(metrics.values[at], metrics.kinds[at])
    there = np.isfinite(values)
    return at[there], rows[there], np.clip(values[there], -_LARGEST, _LARGEST)


def within(keys: U64, index: KeyIndex) -> tuple[I64, I64]:
    """Where in sorted ``keys`` those are that an index has, and their rows in it."""
    held = index.keys
    at = np.searchsorted(keys, held)
    there = at < len(keys)
    there[there] = keys[at[there]] == held[there]
    return at[there], index.rows[there]
