"""Writes event-stream messages, from the specification: the other side of the decoder."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable


def message(headers: Iterable[tuple[str, int, bytes]], payload: bytes = b"") -> bytes:
    """A message with headers of (name, type, value as its bytes stand after the type)."""
    block = b"".join(
        bytes([len(name)]) + name.encode() + bytes([kind]) + value for name, kind, value in headers
    )
    lengths = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    body = lengths + struct.pack(">I", zlib.crc32(lengths)) + block + payload
    return body + struct.pack(">I", zlib.crc32(body))


def text(value: str) -> bytes:
    return struct.pack(">H", len(value.encode())) + value.encode()


def event(kind: str, payload: bytes) -> bytes:
    """An event as Bedrock sends it."""
    return message(
        [
            (":event-type", 7, text(kind)),
            (":content-type", 7, text("application/json")),
            (":message-type", 7, text("event")),
        ],
        payload,
    )


def exception(kind: str, payload: bytes) -> bytes:
    """An error after the head of a good answer was sent."""
    return message(
        [
            (":exception-type", 7, text(kind)),
            (":content-type", 7, text("application/json")),
            (":message-type", 7, text("exception")),
        ],
        payload,
    )
