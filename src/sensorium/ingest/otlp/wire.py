"""Protocol Buffers' wire format, read at raw addresses (protobuf.dev, "Encoding").

Positions are relative to ``data``, an address; every function is given the end of the message it
reads in and never reads a field beyond it. Buffers have eight bytes to spare at their end, so
that text can be compared a word at a time.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inner
from sensorium.ingest.memory import byte, put_byte, word

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
FIXED32: Final = 5
SPARE: Final = 16
"""Bytes to spare at the end of every buffer."""

_FACTOR: Final = 0x2545F4914F6CDD1D
_LENGTH_FACTOR: Final = 0x1B873593CC9E2D51
_HIGH_BITS: Final = -0x7F7F7F7F7F7F7F80


@inner
def address(array: Any) -> int:
    """Where an array's first element is; signed, since numba makes a float of mixed signs."""
    return np.int64(array.ctypes.data)  # type: ignore[return-value]  # numba's own integer


@inner
def varint(data: int, at: int, end: int) -> tuple[int, int]:
    """A varint, and the position after it; that is -1 where it is cut short or too long."""
    value = 0
    shift = 0
    while at < end and shift < 64:
        piece = byte(data, at)
        value |= (piece & 0x7F) << shift
        at += 1
        if piece < 0x80:
            return value, at
        shift += 7
    return 0, -1


@inner
def field(  # noqa: PLR0911  one return a wire type, one a fault
    data: int, at: int, end: int
) -> tuple[int, int, int, int]:
    """The field at ``at``: number, wire type, value and the position after it, -1 for none.

    The value of a length-delimited field is its length: its content ends at the position after.
    Groups, which proto3 has not, are malformed.
    """
    tag, at = varint(data, at, end)
    number, kind = tag >> 3, tag & 7
    if at < 0 or number <= 0 or number >= 1 << 29:
        return 0, 0, 0, -1
    if kind == VARINT:
        value, at = varint(data, at, end)
        return number, kind, value, at
    if kind == FIXED64:
        if end - at < 8:
            return 0, 0, 0, -1
        return number, kind, word(data, at), at + 8
    if kind == LENGTH:
        length, at = varint(data, at, end)
        if at < 0 or length < 0 or length > end - at:
            return 0, 0, 0, -1
        return number, kind, length, at + length
    if kind == FIXED32:
        if end - at < 4:
            return 0, 0, 0, -1
        low = byte(data, at) | byte(data, at + 1) << 8 | byte(data, at + 2) << 16
        return number, kind, low | byte(data, at + 3) << 24, at + 4
    return 0, 0, 0, -1


@inner
def zigzag(value: int) -> int:
    """A ``sint32`` or ``sint64`` from its varint."""
    return ((value >> 1) & 0x7FFFFFFFFFFFFFFF) ^ -(value & 1)


@inner
def mixed(hashed: int, address: int, length: int) -> int:
    """``hashed`` with ``length`` bytes mixed in; not for cryptography."""
    at = 0
    while at + 8 <= length:
        hashed = (hashed ^ word(address, at)) * _FACTOR
        hashed ^= hashed >> 29
        at += 8
    if at < length:
        hashed = (hashed ^ (word(address, at) & ((1 << (8 * (length - at))) - 1))) * _FACTOR
        hashed ^= hashed >> 29
    return mixed_word(hashed, length)


@inner
def mixed_word(hashed: int, value: int) -> int:
    """``hashed`` with one number mixed in."""
    hashed = (hashed ^ (value * _LENGTH_FACTOR)) * _FACTOR
    return hashed ^ (hashed >> 31)


@inner
def same(left: int, right: int, length: int) -> bool:
    """Whether two runs of bytes are equal."""
    at = 0
    while at + 8 <= length:
        if word(left, at) != word(right, at):
            return False
        at += 8
    if at < length:
        mask = (1 << (8 * (length - at))) - 1
        return (word(left, at) ^ word(right, at)) & mask == 0
    return True


@inner
def _sequence_end(data: int, at: int, end: int) -> int:
    """The end of the well-formed UTF-8 sequence at ``at`` (RFC 3629 section 4), or ``at``."""
    lead = byte(data, at)
    low, high, more = 0x80, 0xBF, 0
    if 0xC2 <= lead <= 0xDF:
        more = 1
    elif 0xE0 <= lead <= 0xEF:
        more = 2
        if lead == 0xE0:
            low = 0xA0
        elif lead == 0xED:
            high = 0x9F
    elif 0xF0 <= lead <= 0xF4:
        more = 3
        if lead == 0xF0:
            low = 0x90
        elif lead == 0xF4:
            high = 0x8F
    if more == 0 or end - at <= more or not low <= byte(data, at + 1) <= high:
        return at
    for i in range(2, more + 1):
        if byte(data, at + i) & 0xC0 != 0x80:
            return at
    return at + more + 1


@inner
def mend(data: int, at: int, end: int) -> int:
    """Put ``?`` in place of each byte that is no UTF-8 text; how many there were."""
    mended = 0
    while at < end:
        if end - at >= 8 and word(data, at) & _HIGH_BITS == 0:
            at += 8
        elif byte(data, at) < 0x80:
            at += 1
        else:
            after = _sequence_end(data, at, end)
            if after == at:
                put_byte(data, at, 0x3F)
                mended += 1
                after = at + 1
            at = after
    return mended
