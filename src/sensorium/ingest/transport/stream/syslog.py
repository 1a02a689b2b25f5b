"""Syslog on connections: RFC 6587's framings. A message that an end cuts off is kept as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.syslog import frames
from sensorium.ingest.transport.stream.config import Framing, SyslogStreamConfig

Int64s = npt.NDArray[np.int64]

_MODES: Final = {
    Framing.AUTO: frames.MIXED,
    Framing.OCTET_COUNTING: frames.COUNTED_ONLY,
    Framing.LINE: frames.LINES_ONLY,
}


class SyslogStream:
    """A :class:`~sensorium.ingest.transport.stream.framing.StreamProtocol`."""

    name = "syslog"
    sessions = False

    def __init__(self, config: SyslogStreamConfig) -> None:
        self.longest = config.max_frame_bytes
        self._rules = frames.FrameRules(
            _MODES[config.framing], config.trailer_byte, config.max_frame_bytes
        )

    def new_state(self) -> Int64s:
        """The state of a connection that has sent nothing yet."""
        state: Int64s = frames.new_state()
        return state

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
        """Bounds of messages, by :func:`~sensorium.ingest.syslog.frames.find_frames`."""
        found: Any = frames.find_frames(
            data, at, end, self._rules.packed, state, starts, ends, count
        )
        return int(found[0]), int(found[1])

    def told(self, state: Int64s) -> Iterator[tuple[str, int]]:
        """Messages by framing."""
        yield "octet_counting", int(state[frames.COUNTED])
        yield "line", int(state[frames.LINES])

    def irregular(self, state: Int64s) -> Iterator[tuple[str, int]]:
        """Frames that were cut, or not counted although they must be."""
        yield "oversized", int(state[frames.OVERSIZED])
        yield "not_octet_counted", int(state[frames.NOT_COUNTED])

    def forget(self, state: Int64s) -> None:
        """Begin counting anew."""
        state[frames.COUNTED :] = np.int64(0)

    def broken(self, state: Int64s) -> bool:
        """Never: there is always a next line."""
        return False

    def unfinished(self, carried: bytes, state: Int64s) -> tuple[bytes, str]:
        """The message as far as it came, unless it is the rest of one that was cut."""
        remainder = self._rules.remainder(carried)
        if state[frames.SKIP] or state[frames.SKIP_LINE] or not remainder.strip(b"\r\n\x00"):
            return b"", ""
        return remainder, "incomplete_frame" if len(remainder) < len(carried) else ""
