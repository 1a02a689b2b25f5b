"""What came in DTLS records, made into one slab of messages."""

from __future__ import annotations

import numpy as np

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport.dtls.meters import DtlsMeters
from sensorium.ingest.transport.dtls.session import DtlsSession
from sensorium.ingest.transport.stream.framing import StreamProtocol

_Row = tuple[bytes, int, bytes, int, int, int]


class DtlsBatch:
    """A record holds whole messages, framed as on a stream (RFC 6012 section 5.4)."""

    def __init__(self, protocol: StreamProtocol, meters: DtlsMeters) -> None:
        self._protocol = protocol
        self._meters = meters
        self._rows: list[_Row] = []

    def __len__(self) -> int:
        """How many messages are in it."""
        return len(self._rows)

    def add(self, session: DtlsSession, own_port: int, record: bytes, arrival_ns: int) -> None:
        """Take the messages of a record; of one that is malformed those before what is wrong."""
        protocol, size = self._protocol, len(record)
        data, state = np.frombuffer(record, np.uint8), protocol.new_state()
        starts, ends = np.empty(size // 2 + 1, np.int64), np.empty(size // 2 + 1, np.int64)
        count, done = protocol.find(data, 0, size, state, starts, ends, 0)
        for reason, found in protocol.irregular(state):
            if found:
                self._meters.irregular(reason, found)
        bounds = zip(starts[:count].tolist(), ends[:count].tolist(), strict=True)
        messages = [record[first:last] for first, last in bounds]
        rest, reason = protocol.unfinished(record[done:], state)
        if rest:
            messages.append(rest)
        if reason:
            self._meters.irregular(reason)
        self._meters.messages(len(messages))
        sender = session.address, session.port, own_port, session.number
        self._rows += [(message, arrival_ns, *sender) for message in messages]

    def end(self, session: DtlsSession, arrival_ns: int) -> None:
        """Say that a transport session is over."""
        if session.number:
            self._rows.append((b"", arrival_ns, session.address, session.port, 0, session.number))

    def take(self) -> Datagrams:
        """The messages, in the order in which they came; the batch is then empty."""
        rows, self._rows = self._rows, []
        payloads, arrivals, addresses, ports, own_ports, sessions = zip(*rows, strict=True)
        return Datagrams.of(
            payloads,
            arrival_ns=arrivals,
            src_addr=addresses,
            src_port=ports,
            dst_port=own_ports,
            session=sessions if self._protocol.sessions else None,
        )
