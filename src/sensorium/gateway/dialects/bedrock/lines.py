"""A stream of ``ConverseStream`` as it comes here: each event-stream message as one line of JSON.

``{"event-type": NAME, "payload": OBJECT}`` and a line feed, where NAME is the message's
``:event-type``, its ``:exception-type``, or for an error message its ``:error-code`` (with
``{"message": ...}`` made of its ``:error-message``). The transport takes the binary framing apart.
"""

from __future__ import annotations

from typing import Any

import orjson

from sensorium.gateway.dialect import MAX_FRAME
from sensorium.gateway.dialects.sse import ServerSentEvent


def line(name: str, payload: Any) -> bytes:
    """One message as a line."""
    return orjson.dumps({"event-type": name, "payload": payload}) + b"\n"


class LineFrames:
    """Bytes in, whole lines out, the same however the bytes are divided."""

    __slots__ = ("_buffer", "_searched", "too_long")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self.too_long = False

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The lines that these bytes complete."""
        if self.too_long:
            return []
        buffer = self._buffer
        buffer += data
        found = []
        begin = 0
        while (end := buffer.find(b"\n", max(begin, self._searched))) >= 0:
            raw = bytes(buffer[begin : end + 1])
            if len(raw) > MAX_FRAME:
                break
            found.append(ServerSentEvent(raw, b"", raw if raw.strip() else None))
            begin = end + 1
        del buffer[:begin]
        self._searched = len(buffer)
        if len(buffer) > MAX_FRAME:
            self.too_long = True
            buffer.clear()
        return found

    def close(self) -> list[ServerSentEvent]:
        """Nothing: a line without its end is not whole."""
        return []
