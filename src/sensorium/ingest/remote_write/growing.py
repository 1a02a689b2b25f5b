"""Arrays that grow: appended to in Python, read by kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class Growing:
    """Rows of one type, in an array that doubles when it is full. ``room`` rows lie behind."""

    def __init__(self, kind: Any, columns: int = 0, *, room: int = 0) -> None:
        self._columns = columns
        self._room = room
        self._array = np.zeros((64 + room, columns) if columns else 64 + room, kind)
        self.size = 0

    def append(self, rows: Any) -> int:
        """Add rows; returns where they begin."""
        count = len(rows)
        if self.size + count + self._room > len(self._array):
            more = max(len(self._array), count + self._room)
            shape = (more, self._columns) if self._columns else (more,)
            self._array = np.concatenate([self._array, np.zeros(shape, self._array.dtype)])
        start = self.size
        self._array[start : start + count] = rows
        self.size += count
        return start

    @property
    def rows(self) -> npt.NDArray[Any]:
        """What is there, as a view that the next :meth:`append` may leave behind."""
        return self._array[: self.size]

    @property
    def address(self) -> int:
        """Where the array begins, until the next :meth:`append`."""
        return int(self._array.ctypes.data)
