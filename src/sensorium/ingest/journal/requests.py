"""Requests seen lately, so that one sent again after a lost answer is not kept twice."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from sensorium.ingest.journal.entry import ID_BYTES
from sensorium.state.appending import append

_RECORD: Final = struct.Struct(f"<{ID_BYTES}sq")
_MOST: Final = 200_000


class SeenRequests:
    """Ids of requests whose rows are safe, in two generations that take turns.

    Ids of rows that are still in the journal stand in its segments; they are written to a file
    here just before a segment is deleted, so that at every moment one of the two has them. A
    generation lasts ``keep_ns``, or :data:`_MOST` requests where they come faster; the one
    before it is kept as well.
    """

    def __init__(self, folder: Path, keep_ns: int, clock_ns: Callable[[], int]) -> None:
        self._old, self._new = folder / "requests.old", folder / "requests.new"
        self._keep_ns = keep_ns
        self._clock_ns = clock_ns
        self._before: set[bytes] = set()
        self._now: set[bytes] = set()
        self._turned_ns = 0

    def load(self) -> None:
        """Read what an earlier process wrote; a record cut off at the end is passed over."""
        self._before, _ = _read(self._old)
        self._now, oldest_ns = _read(self._new)
        self._turned_ns = oldest_ns or self._clock_ns()

    def __contains__(self, request_id: bytes) -> bool:
        return request_id in self._now or request_id in self._before

    def note(self, request_ids: Iterable[bytes]) -> None:
        """Remember in memory that these are safe in the journal."""
        if self._keep_ns:
            self._now.update(request_ids)

    def write(self, request_ids: list[bytes]) -> None:
        """Write ids down, before the segment that holds them is deleted."""
        if not request_ids or not self._keep_ns:
            return
        now_ns = self._clock_ns()
        if now_ns - self._turned_ns > self._keep_ns or len(self._now) > _MOST:
            self._turn(now_ns)
        append(self._new, b"".join(_RECORD.pack(request_id, now_ns) for request_id in request_ids))

    def _turn(self, now_ns: int) -> None:
        if self._new.exists():
            self._new.replace(self._old)
        self._turned_ns = now_ns
        self._before, self._now = self._now, set()


def _read(path: Path) -> tuple[set[bytes], int]:
    """The ids in a file, and when the first was written (Unix ns), 0 where there is none."""
    if not path.exists():
        return set(), 0
    data = path.read_bytes()
    whole = len(data) - len(data) % _RECORD.size
    if whole < len(data):
        os.truncate(path, whole)
    records = list(_RECORD.iter_unpack(data[:whole]))
    return {record[0] for record in records}, records[0][1] if records else 0
