"""Server-sent events, kept in the frames they came in. WHATWG HTML, 9.2.6 "Interpreting an event
stream".

A frame is all bytes up to and with the blank line that ends it, so that frames joined are the
stream. A line may end with CR, LF or CRLF; a CR that ends what is known so far waits for the byte
that follows it. Unlike the standard, a last frame whose line is whole is read although its blank
line is missing: some servers end so.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from sensorium.gateway.dialect import MAX_FRAME

_BOM: Final = b"\xef\xbb\xbf"
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_FRAME_END: Final = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n))")


class ServerSentEvent(NamedTuple):
    """One frame. ``data`` is ``None`` where it has no data: a comment, a ``retry``."""

    raw: bytes
    name: bytes
    data: bytes | None


class SseParser:
    """Bytes in, whole frames out, the same however the bytes are divided.

    ``too_long`` becomes true, and nothing more comes out, at a frame longer than ``MAX_FRAME``.
    """

    __slots__ = ("_buffer", "_first", "_searched", "too_long")

    def __init__(self) -> None:
        self.too_long = False
        self._buffer = bytearray()
        self._searched = 0
        self._first = True

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The frames that these bytes complete."""
        if self.too_long:
            return []
        buffer = self._buffer
        buffer += data
        found: list[ServerSentEvent] = []
        begin = 0
        search = self._searched
        while (end := _FRAME_END.search(buffer, search)) is not None:
            stop = end.end()
            if stop == len(buffer) and buffer[-1] == 0x0D:
                break  # LF may follow, and would belong to this line's end
            if stop - begin > MAX_FRAME:
                break
            found.append(self._event(bytes(buffer[begin:stop])))
            begin = search = stop
        if begin:
            del buffer[:begin]
        # A frame's end takes four bytes at most.
        self._searched = max(0, len(buffer) - 3)
        if len(buffer) > MAX_FRAME:
            self.too_long = True
            buffer.clear()
        return found

    def close(self) -> list[ServerSentEvent]:
        """The last frame, where its last line is whole."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return [self._event(rest)] if rest.endswith((b"\n", b"\r")) else []

    def _event(self, raw: bytes) -> ServerSentEvent:
        text = raw
        if self._first:
            self._first = False
            text = raw.removeprefix(_BOM)
        if text.startswith(b"data: ") and text.find(b"\n") == len(text) - 2 and b"\r" not in text:
            return ServerSentEvent(raw, b"", text[6:-2])
        name = b""
        data: list[bytes] = []
        for line in _LINE_END.split(text):
            field, _, value = line.partition(b":")
            if field == b"data":
                data.append(value.removeprefix(b" "))
            elif field == b"event":
                name = value.removeprefix(b" ")
        return ServerSentEvent(raw, name, b"\n".join(data) if data else None)
