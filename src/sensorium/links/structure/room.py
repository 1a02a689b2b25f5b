"""Room to count in, as large as a graph, used over and over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Room:
    """Marks of all nodes for :mod:`.overlaps`, clear before and after.

    Making them anew takes longer than counting in them for a few pairs. Each caller at the same
    time has marks of its own.
    """

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._free: list[tuple[Array, Array, Array]] = []

    @contextmanager
    def taken(self) -> Iterator[tuple[Array, Array, Array]]:
        """``reached`` (nodes, 3) float64, ``near`` (nodes,) uint8, ``touched`` (nodes,) int64."""
        try:
            marks = self._free.pop()
        except IndexError:
            marks = (
                np.zeros((self._nodes, 3)),
                np.zeros(self._nodes, np.uint8),
                np.empty(self._nodes, np.int64),
            )
        # Marks that an error has left unclear are not used again.
        yield marks
        self._free.append(marks)
