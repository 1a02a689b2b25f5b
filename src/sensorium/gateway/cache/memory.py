"""Answers in memory: the least recently used leave when there is no more room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

# What an entry costs beside its answer: key, times, the table's own places.
_ENTRY: Final = 256


class MemoryStore:
    """Bounded by bytes. Belongs to one event loop."""

    def __init__(self, max_bytes: int, clock: Callable[[], float]) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes) -> tuple[float, bytes] | None:
        """Until when it may be used, and the answer; None where there is none."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] <= self._clock():
            self.drop(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: bytes, data: bytes, until: float) -> None:
        """Keep it, where it is not itself too large."""
        self.drop(key)
        size = len(data) + _ENTRY
        if size > self._max_bytes:
            return
        while self.size + size > self._max_bytes:
            _, (_, old) = self._entries.popitem(last=False)
            self.size -= len(old) + _ENTRY
        self._entries[key] = (until, data)
        self.size += size

    def drop(self, key: bytes) -> None:
        """Forget it."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= len(entry[1]) + _ENTRY
