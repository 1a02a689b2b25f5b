"""Where the bytes of many connections are read to, and made into one slab of messages."""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.syslog.frames import gather
from sensorium.ingest.transport.stream.connection import Connection
from sensorium.ingest.transport.stream.framing import StreamProtocol

ROOM: Final = 4 << 20
QUOTA: Final = 1 << 20
"""Bytes read of one connection before the next has its turn."""


class StreamSlab:
    """Filled one connection after the other; :meth:`take` gives the messages and empties it.

    The memory is kept: what is taken is a copy, without frames and trailers.
    """

    def __init__(self, protocol: StreamProtocol) -> None:
        self._protocol = protocol
        # The longest remainder of a connection and a count stand before what is read of it.
        self._carry_room = protocol.longest + 16
        self._bytes = np.empty(ROOM + QUOTA + self._carry_room, np.uint8)
        self._view = memoryview(self._bytes.data)
        self._starts = np.empty(len(self._bytes) // 2 + 1, np.int64)
        self._ends = np.empty_like(self._starts)
        self._at = 0
        self._count = 0
        self._origins: list[tuple[int, int, Connection, int]] = []

    def __len__(self) -> int:
        """How many messages are in it."""
        return self._count

    @property
    def full(self) -> bool:
        """Whether no further connection can be read."""
        return self._at >= ROOM

    @property
    def size(self) -> int:
        """Bytes read since it was last emptied."""
        return self._at

    def read(self, connection: Connection, arrival_ns: int, quota: int = QUOTA) -> tuple[int, bool]:
        """Read a connection's bytes and find its messages: bytes read, and whether it ended.

        OSError where the connection broke; its remainder is kept.
        """
        carried = len(connection.carried)
        first = self._at + carried
        size, ended = connection.receive(self._view[first : first + quota])
        if size == 0:
            return 0, ended
        self._view[self._at : first] = connection.carried
        end = first + size
        before = self._count
        self._count, done = self._protocol.find(
            self._bytes, self._at, end, connection.state, self._starts, self._ends, before
        )
        connection.carried = self._view[done:end].tobytes()
        self._at = end
        self._note(before, connection, arrival_ns)
        return size, ended

    def add(self, connection: Connection, message: bytes, arrival_ns: int) -> None:
        """Add one message that is whole, of at most the longest."""
        self._view[self._at : self._at + len(message)] = message
        self.received(connection, len(message), arrival_ns)

    def room(self) -> memoryview:
        """Where a datagram may be received that is then added by :meth:`received`."""
        return self._view[self._at : self._at + self._carry_room]

    def received(self, connection: Connection, size: int, arrival_ns: int) -> None:
        """Add the datagram of ``size`` bytes that was put into :meth:`room`."""
        before = self._count
        self._starts[before], self._ends[before] = self._at, self._at + size
        self._count += 1
        # Two bytes at least for every message is what the bounds have room for.
        self._at += max(size, 2)
        self._note(before, connection, arrival_ns)

    def clear(self) -> None:
        """Forget bytes that held no message."""
        self._at = self._count = 0
        self._origins = []

    def _note(self, before: int, connection: Connection, arrival_ns: int) -> None:
        if self._count > before:
            self._origins.append((before, self._count, connection, arrival_ns))

    def take(self) -> Datagrams:
        """The messages, in the order of reading, in memory of their own."""
        count, origins = self._count, self._origins
        starts, ends = self._starts[:count], self._ends[:count]
        offsets = np.empty(count + 1, np.int64)
        out = np.empty(int((ends - starts).sum()), np.uint8)
        gather(self._bytes, starts, ends, count, out, offsets)
        lengths = np.array([last - first for first, last, _, _ in origins], np.int64)
        addresses = np.frombuffer(b"".join(c.address for _, _, c, _ in origins), np.uint8)
        ports = np.array([c.port for _, _, c, _ in origins], np.uint16)
        own_ports = np.array([c.listener.port for _, _, c, _ in origins], np.uint16)
        arrivals = np.array([arrival for *_, arrival in origins], np.int64)
        sessions = np.array([c.session for _, _, c, _ in origins], np.int64)
        self.clear()
        return Datagrams(
            arrival_ns=np.repeat(arrivals, lengths),
            src_addr=np.repeat(addresses.reshape(-1, 16), lengths, axis=0),
            src_port=np.repeat(ports, lengths),
            dst_port=np.repeat(own_ports, lengths),
            offsets=offsets,
            data=out,
            session=np.repeat(sessions, lengths) if self._protocol.sessions else None,
        )
