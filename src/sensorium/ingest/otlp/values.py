"""Attributes and their values, read message by message: only for what comes once.

The kernels read what comes with every record. A resource, a scope or a series is read here when
it is first met, and so are values that are lists or maps.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

DEEPEST: Final = 32
"""How deep values may lie in one another; what lies deeper is left out."""

_SHORT: Final = 128

_STRING, _BOOL, _INT, _DOUBLE, _ARRAY, _MAP, _BYTES = 1, 2, 3, 4, 5, 6, 7


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Each field's number and value: an int for numbers, bytes for what has a length.

    Ends where the message is malformed.
    """
    at, end = 0, len(message)
    while at < end:
        tag, at = (message[at], at + 1) if message[at] < 0x80 else _varint(message, at)
        if at < 0:
            return
        if tag & 7 == 0:
            value, at = _varint(message, at)
            if at < 0:
                return
            yield tag >> 3, value
        elif tag & 7 == 1 and at + 8 <= end:
            yield tag >> 3, int.from_bytes(message[at : at + 8], "little")
            at += 8
        elif tag & 7 == 2:
            length, at = _varint(message, at)
            if at < 0 or at + length > end:
                return
            yield tag >> 3, message[at : at + length]
            at += length
        elif tag & 7 == 5 and at + 4 <= end:
            yield tag >> 3, int.from_bytes(message[at : at + 4], "little")
            at += 4
        else:
            return


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        piece = message[at]
        value |= (piece & 0x7F) << shift
        at += 1
        if piece < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    return 0, -1


def text(value: int | bytes) -> str:
    """A string field's text, with U+FFFD for what is no UTF-8."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def attributes(message: bytes, number: int) -> list[tuple[str, str]]:
    """The attributes of a message whose field ``number`` they are, values as text."""
    return [
        _short_attribute(content) if len(content) <= _SHORT else _attribute(content)
        for field, content in fields(message)
        if field == number and isinstance(content, bytes)
    ]


def _attribute(message: bytes) -> tuple[str, str]:
    key, value = key_value(message)
    return key, as_text(value)


# Thousands of series share their attributes.
_short_attribute = lru_cache(1 << 14)(_attribute)


def key_value(message: bytes, depth: int = 0) -> tuple[str, Any]:
    """A KeyValue: its key, and its value in Python's own types."""
    key, value = "", None
    for field, content in fields(message):
        if field == 1:
            key = text(content)
        elif field == 2 and isinstance(content, bytes):
            value = any_value(content, depth)
    return key, value


def any_value(message: bytes, depth: int = 0) -> Any:
    """An AnyValue: str, bool, int, float, list, dict or bytes; None where it is empty."""
    value: Any = None
    for field, content in fields(message):
        if isinstance(content, bytes):
            if field == _STRING:
                value = text(content)
            elif field == _BYTES:
                value = content
            elif field in (_ARRAY, _MAP) and depth < DEEPEST:
                value = _several(content, field, depth + 1)
        elif field == _BOOL:
            value = content != 0
        elif field == _INT:
            value = content - (1 << 64) if content >> 63 else content
        elif field == _DOUBLE:
            value = struct.unpack("<d", struct.pack("<Q", content))[0]
    return value


def _several(message: bytes, kind: int, depth: int) -> Any:
    pieces = [c for number, c in fields(message) if number == 1 and isinstance(c, bytes)]
    if kind == _ARRAY:
        return [any_value(piece, depth) for piece in pieces]
    return dict(key_value(piece, depth) for piece in pieces)


def numbers(values: Any) -> pa.StringArray:
    """Doubles as text: the shortest that read back as the same, ``1`` and not ``1.0``."""
    return pc.cast(pa.array(values, pa.float64()), pa.string())


def number(value: float) -> str:
    """A double as text: see :func:`numbers`."""
    return str(numbers([value])[0].as_py())


def as_text(value: Any) -> str:  # noqa: PLR0911  one return a type
    """A value as an attribute's text; lists and maps as JSON, bytes in base64."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, int):
        return str(value)
    return json.dumps(
        _plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True
    )


def _plain(value: Any) -> Any:
    """The value with only what JSON has: bytes in base64, NaN and infinities as text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return as_text(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124  NaN
            return number(value)
        return int(value) if value.is_integer() and abs(value) < 1e16 else value
    return value


def flattened(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """An attribute whose value is a map as one attribute an entry, ``key.entry``."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from flattened(f"{key}.{name}", item)
    else:
        yield key, as_text(value)
