"""Tables that kernels read and that grow by a few rows at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]


class Growing:
    """Rows of int64 that are only ever added to; adding one costs the same however many there are.

    ``width`` 0 makes a flat array of single numbers.
    """

    __slots__ = ("_rows", "_used")

    def __init__(self, width: int = 0) -> None:
        self._rows: Int64s = np.zeros((64, width) if width else 64, np.int64)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def extend(self, rows: Sequence[int] | Sequence[Sequence[int]]) -> None:
        """Add rows at the end."""
        needed = self._used + len(rows)
        if needed > len(self._rows):
            blank = np.zeros((max(needed, 2 * len(self._rows)), *self._rows.shape[1:]), np.int64)
            blank[: self._used] = self._rows[: self._used]
            self._rows = blank
        if rows:
            self._rows[self._used : needed] = rows
            self._used = needed

    def view(self) -> Int64s:
        """All rows so far, without a copy."""
        return self._rows[: self._used]
