"""One slab on its way through the decoder: its bytes, heads, sets and the work found so far."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow import resolve as steps
from sensorium.ingest.netflow.pending import PendingSet
from sensorium.ingest.netflow.reasons import DROPS
from sensorium.ingest.netflow.sources import SourceTable
from sensorium.ingest.netflow.walk import capacity, full_capacity, walk

Int64s = npt.NDArray[np.int64]


class Slab:
    """Arrays over a slab's datagrams and sets; ``drops`` and ``flows`` count as the kernels do.

    ``datagrams`` is their number; heads beyond it belong to sets that waited for a template.
    """

    def __init__(self, datagrams: Datagrams, table: SourceTable) -> None:
        self.datagrams = len(datagrams)
        self._data = np.ascontiguousarray(datagrams.data)
        self.address = int(self._data.ctypes.data)
        self._kept: list[bytes] = []
        self.heads: Int64s = np.zeros((self.datagrams, at.HEAD_WIDTH), np.int64)
        self._heads_used = self.datagrams
        self.drops: Int64s = np.zeros((4, len(DROPS)), np.int64)
        self.flows: Int64s = np.zeros((4, 2), np.int64)
        self.sets = self._walk(datagrams, table)
        self.records: Int64s = np.zeros(self.datagrams, np.int64)
        self.work: Int64s = np.empty((len(self.sets), at.WORK_WIDTH), np.int64)
        self.progress: Int64s = np.zeros(steps.PROGRESS, np.int64)

    def _walk(self, datagrams: Datagrams, table: SourceTable) -> Int64s:
        offsets = np.array(datagrams.offsets, np.int64)
        arrival = np.array(datagrams.arrival_ns, np.int64)
        address = np.array(datagrams.src_addr, np.uint8).view(np.int64)
        _check(offsets, arrival, address, len(self._data))
        size = int(offsets[-1] - offsets[0])
        for room in (capacity(len(arrival), size), full_capacity(len(arrival), size)):
            self.drops[:] = 0
            sets = np.empty((room, at.SET_WIDTH), np.int64)
            found = walk(
                *(self.address, offsets, arrival, address),
                *(table.keys, table.ids, table.known, table.limit),
                *(self.heads, sets, self.drops),
            )
            if found >= 0:
                return sets[:found]
        raise AssertionError("no slab has more sets than its full capacity")

    def body(self, entry: Int64s) -> bytes:
        """The bytes of a set after its header."""
        first = int(entry[at.S_START]) - self.address
        return self._data[first : first + int(entry[at.S_END] - entry[at.S_START])].tobytes()

    def waiting(self, pending: list[PendingSet]) -> Int64s:
        """Sets for data that waited: their bytes are kept alive and their heads join the slab's."""
        sets = np.empty((len(pending), at.SET_WIDTH), np.int64)
        first = self._heads_used
        self._heads_used += len(pending)
        if self._heads_used > len(self.heads):
            more = max(self._heads_used, 2 * len(self.heads)) - len(self.heads)
            blank = np.zeros((more, at.HEAD_WIDTH), np.int64)
            self.heads = np.concatenate([self.heads, blank])
            self.records = np.concatenate([self.records, np.zeros(more, np.int64)])
        for index, entry in enumerate(pending):
            self._kept.append(entry.body)
            start = np.frombuffer(entry.body, np.uint8).ctypes.data if entry.body else 0
            sets[index] = first + index, entry.template_id, start, start + len(entry.body)
            self.heads[first + index] = entry.head
        more = int(self.progress[steps.NEXT_WORK]) + len(self.sets) + len(pending) - len(self.work)
        if more > 0:
            blank = np.empty((more + len(self.work), at.WORK_WIDTH), np.int64)
            self.work = np.concatenate([self.work, blank])
        return sets


def _check(offsets: Int64s, arrival: Int64s, address: Int64s, size: int) -> None:
    """ValueError for a slab that contradicts itself: kernels read where offsets point."""
    if len(offsets) != len(arrival) + 1 or address.shape != (len(arrival), 2):
        raise ValueError("a slab's columns differ in length")
    if offsets[0] < 0 or offsets[-1] > size or (np.diff(offsets) < 0).any():
        raise ValueError("a slab's offsets point outside its data")
