"""How often series are there: whether a window comes after a gap."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.state.arrays import State, columns, put_columns

# Values that the usual distance between two goes back, and how many times as long a gap is.
_USUAL_OVER = 64.0
_GAP = 1.5
# No gap counts as more of them.
_MOST = 4.0


class Pace:
    """When series, by rows that others give, were there last, and every how many windows.

    Where instances are asked once a minute a series is there in every second window of half a
    minute, and none is missing.
    """

    def __init__(self) -> None:
        self.last = np.zeros(0, np.int64)
        self._step = np.zeros(0)
        self._seen = np.zeros(0)

    def make_room(self, rows: int) -> None:
        """For so many rows."""
        more = max(rows - len(self.last), len(self.last) // 2)
        if rows > len(self.last):
            self.last = np.append(self.last, np.zeros(more, np.int64))
            self._step = np.append(self._step, np.zeros(more))
            self._seen = np.append(self._seen, np.zeros(more))

    def forget(self, rows: I64) -> None:
        """Make rows as those that were never there."""
        self._seen[rows] = self._step[rows] = 0.0

    def inherit(self, row: int, other: Pace, its: int) -> None:
        """Know of a row what another knows of one of its own."""
        self.last[row], self._step[row] = other.last[its], other._step[its]
        self._seen[row] = other._seen[its]

    def gaps(self, rows: I64, now: int) -> Bool:
        """Which rows, were they there ``now``, come after a gap."""
        late = now - self.last[rows] > _GAP * self._step[rows]
        return np.asarray(late & (self._seen[rows] >= 2.0), np.bool_)

    def windows(self, rows: I64) -> F64:
        """Every how many windows rows are there, on average; 1 where that is not known."""
        return np.where(self._seen[rows] >= 2.0, self._step[rows], 1.0)

    def learn(self, rows: I64, now: int) -> None:
        """Rows are there ``now``."""
        seen = self._seen[rows]
        step = (now - self.last[rows]).astype(np.float64)
        step = np.where(seen >= 2.0, np.minimum(step, _MOST * self._step[rows]), step)
        pace = 1.0 / np.clip(seen, 1.0, _USUAL_OVER)
        known = seen >= 1.0
        self._step[rows] += np.where(known, pace * (step - self._step[rows]), 0.0)
        self._seen[rows] = seen + 1.0
        self.last[rows] = now

    def state(self, rows: int) -> State:
        """What is known of the first ``rows``."""
        return columns(self, rows, "last", "_step", "_seen")

    def restore(self, state: State, rows: int) -> None:
        """Take over what :meth:`state` gave."""
        put_columns(self, state, rows, "last", "_step", "_seen")
