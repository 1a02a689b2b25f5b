"""IPFIX on connections (RFC 7011 section 10): messages say how long they are.

A message that cannot be ends its connection, for where the next begins cannot be known
(section 9.1). One that the end of the connection cuts off is not used.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from sensorium.ingest.netflow import messages

Int64s = npt.NDArray[np.int64]


class IpfixStream:
    """A :class:`~sensorium.ingest.transport.stream.framing.StreamProtocol`."""

    name = "ipfix"
    sessions = True
    longest = messages.LONGEST

    def new_state(self) -> Int64s:
        """The state of a connection that has sent nothing yet."""
        return messages.new_state()

    def find(
        self,
        data: npt.NDArray[np.uint8],
        at: int,
        end: int,
        state: Int64s,
        starts: Int64s,
        ends: Int64s,
        count: int,
    ) -> tuple[int, int]:
        """Bounds of messages, by :func:`~sensorium.ingest.netflow.messages.find_messages`."""
        found = messages.find_messages(data, at, end, state, starts, ends, count)
        return int(found[0]), int(found[1])

    def told(self, state: Int64s) -> Iterator[tuple[str, int]]:
        """Messages, all framed by their length."""
        yield "length", int(state[messages.MESSAGES])

    def irregular(self, state: Int64s) -> Iterator[tuple[str, int]]:
        """A message that cannot be; there is no second of one connection."""
        fault = messages.FAULTS[int(state[messages.BROKEN])]
        yield fault, 1 if fault else 0

    def forget(self, state: Int64s) -> None:
        """Begin counting anew."""
        state[messages.MESSAGES] = 0

    def broken(self, state: Int64s) -> bool:
        """Whether a message could not be."""
        return bool(state[messages.BROKEN])

    def unfinished(self, carried: bytes, state: Int64s) -> tuple[bytes, str]:
        """Nothing is kept of a message that is not whole."""
        return b"", "incomplete_message" if carried else ""
