"""Messages that follow each other on a connection: IPFIX (RFC 7011) and syslog (RFC 6587)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sensorium.ingest.transport.stream.framing import StreamProtocol


class Framed:
    """Reads the messages of one direction, as the receiver of such connections does.

    ``fault`` says why nothing more can be read of it, and is empty while that is not so.
    """

    resumes = True

    def __init__(self, protocol: StreamProtocol) -> None:
        self._protocol = protocol
        self._state = protocol.new_state()
        self._carried = b""
        self.fault = ""

    def read(self, _time_ns: int, data: bytes) -> list[bytes]:
        """The messages that end in these bytes."""
        together = self._carried + data
        bytes_ = np.frombuffer(together, np.uint8)
        starts = np.empty(len(bytes_) // 2 + 1, np.int64)
        ends = np.empty_like(starts)
        count, done = self._protocol.find(bytes_, 0, len(bytes_), self._state, starts, ends, 0)
        self._carried = together[done:]
        if self._protocol.broken(self._state):
            self.fault = next((why for why, n in self._protocol.irregular(self._state) if n), "")
        pairs = zip(starts[:count].tolist(), ends[:count].tolist(), strict=True)
        return [together[start:end] for start, end in pairs]

    def end(self, _time_ns: int, *, closed: bool) -> tuple[list[bytes], str]:
        """What is kept of a message whose end is not there, and what is odd about it."""
        kept, reason = self._protocol.unfinished(self._carried, self._state)
        self._carried = b""
        return [kept] if kept else [], reason
