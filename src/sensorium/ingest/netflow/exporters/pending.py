"""Data that came before its template, kept within bounds until it does."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

_OVERHEAD = 200
"""What remembering one set costs beside its bytes, roughly."""


@dataclass(frozen=True, slots=True)
class PendingSet:
    """The body of a data set and the head of the datagram it came in."""

    template_id: int
    body: bytes
    head: npt.NDArray[np.int64]

    @property
    def cost(self) -> int:
        """Bytes it takes to keep."""
        return len(self.body) + _OVERHEAD


@dataclass(slots=True)
class _Queue:
    sets: deque[PendingSet] = field(default_factory=deque)
    cost: int = 0


class Pending:
    """Sets in order of arrival per source; the oldest of a source make room for its newest."""

    def __init__(self, most_per_source: int, most: int) -> None:
        self._most_per_source = most_per_source
        self._most = most
        self._cost = 0
        self._queues: dict[int, _Queue] = {}

    def __len__(self) -> int:
        return sum(len(queue.sets) for queue in self._queues.values())

    def put(self, source: int, entry: PendingSet) -> int:
        """Keep a set; the number of sets that were given up for it (itself among them)."""
        if entry.cost > min(self._most_per_source, self._most):
            return 1
        queue = self._queues.setdefault(source, _Queue())
        lost = 0
        while queue.sets and (
            queue.cost + entry.cost > self._most_per_source or self._cost + entry.cost > self._most
        ):
            self._forget(queue, queue.sets.popleft())
            lost += 1
        if self._cost + entry.cost > self._most:
            return lost + 1
        queue.sets.append(entry)
        queue.cost += entry.cost
        self._cost += entry.cost
        return lost

    def take(self, source: int, template_id: int) -> list[PendingSet]:
        """The sets that waited for a template, in order of arrival; they are kept no longer."""
        queue = self._queues.get(source)
        if queue is None:
            return []
        taken = [entry for entry in queue.sets if entry.template_id == template_id]
        if taken:
            queue.sets = deque(e for e in queue.sets if e.template_id != template_id)
            for entry in taken:
                self._forget(queue, entry)
        if not queue.sets:
            del self._queues[source]
        return taken

    def forget(self, source: int) -> int:
        """Give up all sets of a source; how many they were."""
        queue = self._queues.pop(source, None)
        if queue is None:
            return 0
        self._cost -= queue.cost
        return len(queue.sets)

    def _forget(self, queue: _Queue, entry: PendingSet) -> None:
        queue.cost -= entry.cost
        self._cost -= entry.cost
