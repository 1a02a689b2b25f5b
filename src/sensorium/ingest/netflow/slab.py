"""One slab on its way through the decoder: its bytes, heads, sets and the work found so far."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow import resolve as steps
from sensorium.ingest.netflow.exporters.pending import PendingSet
from sensorium.ingest.netflow.protocols import PROTOCOLS
from sensorium.ingest.netflow.reasons import CODE, DROPS, Drop
from sensorium.ingest.netflow.sources import BORN, SourceTable
from sensorium.ingest.netflow.walk import DONE, NO_SOURCE, capacity, full_capacity, walk
from sensorium.ingest.sessions import SESSION_BITS

Int64s = npt.NDArray[np.int64]


class Slab:
    """Arrays over a slab's datagrams and sets; ``drops`` and ``flows`` count as the kernels do.

    ``datagrams`` is the number of those that could be taken in: all, or those before the first
    of a source that there is no room for. Heads beyond it belong to sets that waited for a
    template.
    """

    def __init__(self, datagrams: Datagrams, table: SourceTable, counts: Int64s) -> None:
        self.datagrams = len(datagrams)
        self.counts = counts
        self._data = np.ascontiguousarray(datagrams.data)
        self.address = int(self._data.ctypes.data)
        self._kept: list[bytes] = []
        self.heads: Int64s = np.zeros((self.datagrams, at.HEAD_WIDTH), np.int64)
        self.drops: Int64s = np.zeros((len(PROTOCOLS), len(DROPS)), np.int64)
        self.flows: Int64s = np.zeros((len(PROTOCOLS), 2), np.int64)
        self.sets = self._walk(datagrams, table)
        self.heads = self.heads[: self.datagrams]
        self._heads_used = self.datagrams
        self.born = int(table.tallies[BORN]) > 0
        self.records: Int64s = np.zeros(self.datagrams, np.int64)
        self.work: Int64s = np.empty((len(self.sets), at.WORK_WIDTH), np.int64)
        self.progress: Int64s = np.zeros(steps.PROGRESS, np.int64)

    def _walk(self, datagrams: Datagrams, table: SourceTable) -> Int64s:
        offsets = np.array(datagrams.offsets, np.int64)
        arrival = np.array(datagrams.arrival_ns, np.int64)
        address = np.array(datagrams.src_addr, np.uint8).view(np.int64)
        sender = _senders(datagrams)
        _check(offsets, arrival, address, sender, len(self._data))
        size = int(offsets[-1] - offsets[0])
        sets = np.empty((capacity(len(arrival), size), at.SET_WIDTH), np.int64)
        first = np.zeros(2, np.int64)
        table.tallies[BORN] = 0
        while True:
            stopped = walk(
                *(self.address, offsets, arrival, address, sender, first),
                *(table.keys, table.ids, table.free, table.tallies),
                *(self.heads, sets, self.drops, self.counts),
            )
            if stopped in (DONE, NO_SOURCE):
                break
            larger = np.empty((full_capacity(len(arrival), size), at.SET_WIDTH), np.int64)
            larger[: first[1]] = sets[: first[1]]
            sets = larger
        self.datagrams = int(first[0])
        return sets[: first[1]]

    def drop(self, protocol: int, source: int, reason: Drop, count: int = 1) -> None:
        """Count what is not used, for its protocol and its source."""
        self.drops[protocol, CODE[reason]] += count
        self.counts[source, at.C_DROPS + CODE[reason]] += count

    def body(self, entry: Int64s) -> bytes:
        """The bytes of a set after its header."""
        first = int(entry[at.S_START]) - self.address
        return self._data[first : first + int(entry[at.S_END] - entry[at.S_START])].tobytes()

    def discard(self, head: int, protocol: int) -> None:
        """Use nothing of a malformed message, of which a set was just looked at."""
        steps.discard_datagram(head, self.flows[protocol], self.records, self.progress)

    def replayed(self) -> Int64s:
        """The sources of the sets that waited and have been taken in, in order."""
        return self.heads[self.datagrams : self._heads_used, at.H_SOURCE]

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


def _senders(datagrams: Datagrams) -> Int64s:
    """Each datagram's port, and its transport session above that, for the kernel in one number."""
    ports = np.array(datagrams.src_port, np.int64)
    session = datagrams.session
    if session is None:
        return ports
    if session.min(initial=0) < 0 or session.max(initial=0) >> SESSION_BITS:
        raise ValueError("a slab has the number of a session that cannot be")
    return ports | session << 16


def _check(
    offsets: Int64s,
    arrival: Int64s,
    address: Int64s,
    sender: Int64s,
    size: int,
) -> None:
    """ValueError for a slab that contradicts itself: kernels read where offsets point."""
    if not len(offsets) - 1 == len(arrival) == len(sender) or address.shape != (
        len(arrival),
        2,
    ):
        raise ValueError("a slab's columns differ in length")
    if offsets[0] < 0 or offsets[-1] > size or (np.diff(offsets) < 0).any():
        raise ValueError("a slab's offsets point outside its data")
