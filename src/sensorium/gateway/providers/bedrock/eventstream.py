"""Frames of ``application/vnd.amazon.eventstream``, as Bedrock streams its answers.

A message is its total length, the length of its headers, a CRC-32 of these two, the headers, the
payload, and a CRC-32 of all before; numbers are big-endian. Source: AWS's "Event stream encoding"
(Smithy's Amazon Event Stream specification).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sensorium.gateway.dialect import MAX_FRAME

HeaderValue = bool | int | bytes | str

_PRELUDE: Final = struct.Struct(">III")
_LENGTHS: Final = 8
_CRC: Final = struct.Struct(">I")
_MAX_HEADERS: Final = 128 * 1024
_FIXED: Final[Mapping[int, struct.Struct]] = {
    2: struct.Struct(">b"),
    3: struct.Struct(">h"),
    4: struct.Struct(">i"),
    5: struct.Struct(">q"),
    8: struct.Struct(">q"),  # milliseconds since 1970
}


class EventStreamError(ValueError):
    """Bytes that are not whole and undamaged messages. The stream cannot be read any further."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``raw`` is all of its bytes as they came."""

    headers: Mapping[str, HeaderValue]
    payload: bytes
    raw: bytes

    def text(self, name: str) -> str:
        """A header's text; empty where it has none, or is no text."""
        value = self.headers.get(name, "")
        return value if isinstance(value, str) else ""


class EventStreamDecoder:
    """Gives the same messages however the bytes are divided; holds one unfinished message."""

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._limit = limit
        self._held = bytearray()
        self._total = 0  # of the message whose prelude was checked
        self._broken = ""

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete.

        Those before a damaged one are given first; the error comes with the next call, be it of
        :meth:`close`.
        """
        if self._broken:
            raise EventStreamError(self._broken)
        self._held += data
        messages: list[Message] = []
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except EventStreamError as error:
            self._broken = str(error)
            self._held.clear()
            if not messages:
                raise
        return messages

    def close(self) -> None:
        """Raises ``EventStreamError`` where a message is unfinished, or was damaged."""
        if self._broken or self._held:
            raise EventStreamError(self._broken or "the stream ends within a message")

    def _next(self) -> Message | None:
        held = self._held
        if not self._total:
            if len(held) < _PRELUDE.size:
                return None
            self._total = self._checked_total(held)
        if len(held) < self._total:
            return None
        raw = bytes(held[: self._total])
        del held[: self._total]
        self._total = 0
        return _read(raw)

    def _checked_total(self, held: bytearray) -> int:
        total, headers, crc = _PRELUDE.unpack_from(held)
        if zlib.crc32(memoryview(held)[:_LENGTHS]) != crc:
            raise EventStreamError("a message's lengths are damaged")
        least = _PRELUDE.size + headers + _CRC.size
        if total < least:
            raise EventStreamError("a message is shorter than its headers")
        if total > self._limit or headers > _MAX_HEADERS:
            raise EventStreamError("a message is too long")
        return int(total)


def _read(raw: bytes) -> Message:
    _, headers, _ = _PRELUDE.unpack_from(raw)
    end = len(raw) - _CRC.size
    if zlib.crc32(memoryview(raw)[:end]) != _CRC.unpack_from(raw, end)[0]:
        raise EventStreamError("a message is damaged")
    begin = _PRELUDE.size + headers
    return Message(_headers(raw[_PRELUDE.size : begin]), raw[begin:end], raw)


def _headers(data: bytes) -> dict[str, HeaderValue]:
    found: dict[str, HeaderValue] = {}
    at = 0
    try:
        while at < len(data):
            size = data[at]
            name = data[at + 1 : at + 1 + size].decode()
            at += 1 + size
            kind = data[at]
            value, at = _value(kind, data, at + 1)
            if not size or name in found:
                raise EventStreamError("a header of a message has no name of its own")
            found[name] = value
    except (IndexError, struct.error, UnicodeDecodeError):
        raise EventStreamError("a header of a message cannot be read") from None
    return found


def _value(kind: int, data: bytes, at: int) -> tuple[HeaderValue, int]:
    if kind <= 1:
        return kind == 0, at
    if kind in _FIXED:
        form = _FIXED[kind]
        return form.unpack_from(data, at)[0], at + form.size
    if kind in _SIZED:
        size = int.from_bytes(data[at : at + 2], "big")
        begin, end = at + 2, at + 2 + size
    elif kind == 9:
        begin, end = at, at + 16
    else:
        raise EventStreamError("a header of a message has an unknown type")
    if end > len(data):
        raise EventStreamError("a header of a message is cut off")
    return _SIZED.get(kind, bytes)(data[begin:end]), end


_SIZED: Final[Mapping[int, Callable[[bytes], HeaderValue]]] = {6: bytes, 7: bytes.decode}
