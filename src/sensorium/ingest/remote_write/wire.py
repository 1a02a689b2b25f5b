"""Protocol Buffers' encoding (https://protobuf.dev/programming-guides/encoding/), for kernels.

Every function takes a buffer's address, a position and the end of the message it is in, and gives
the position behind what it read: -1 where it is malformed. Nothing beyond the end is looked at,
but :func:`hashed` and :func:`same` load whole words, so seven bytes behind the buffer must exist.
"""

from __future__ import annotations

from typing import Final

from sensorium.ingest.compiled import inner
from sensorium.ingest.memory import byte, word

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5

# Odd numbers whose bits are spread: those of the 64-bit finaliser of MurmurHash3, as signed.
_FIRST: Final = 0xFF51AFD7ED558CCD - (1 << 64)
_SECOND: Final = 0xC4CEB9FE1A85EC53 - (1 << 64)


@inner
def varint(data: int, at: int, end: int) -> tuple[int, int]:
    """A value of up to ten bytes, as a signed 64-bit number."""
    value = 0
    shift = 0
    while at < end and shift < 70:
        read = byte(data, at)
        at += 1
        if shift < 64:
            value |= (read & 0x7F) << shift
        if read < 0x80:
            return value, at
        shift += 7
    return 0, -1


@inner
def length(data: int, at: int, end: int) -> tuple[int, int]:
    """The length of what follows, which lies before the end."""
    size, at = varint(data, at, end)
    if at < 0 or size < 0 or size > end - at:
        return 0, -1
    return size, at


@inner
def skip(data: int, at: int, end: int, kind: int) -> int:
    """Pass over a field's value of a wire type."""
    if kind == VARINT:
        _, at = varint(data, at, end)
        return at
    if kind == BYTES:
        size, at = length(data, at, end)
        return at + size if at >= 0 else -1
    size = 8 if kind == FIXED64 else 4
    if kind not in (FIXED64, FIXED32) or end - at < size:
        return -1
    return at + size


@inner
def mixed(value: int) -> int:
    """Spread the bits of a hash."""
    value = (value ^ (value >> 33)) * _FIRST
    value = (value ^ (value >> 29)) * _SECOND
    return value ^ (value >> 32)


@inner
def _tail(data: int, at: int, count: int) -> int:
    """The last ``count`` bytes of a text, fewer than eight, as a word."""
    return word(data, at) & ((1 << (8 * count)) - 1)


@inner
def hashed(data: int, at: int, size: int, value: int) -> int:
    """Mix a text and its size into a hash."""
    value = mixed(value ^ size)
    stop = at + (size & ~7)
    while at < stop:
        value = mixed(value ^ word(data, at))
        at += 8
    if size & 7:
        value = mixed(value ^ _tail(data, at, size & 7))
    return value


@inner
def same(data: int, at: int, other: int, where: int, size: int) -> bool:
    """Whether two texts of one size are equal."""
    stop = at + (size & ~7)
    while at < stop:
        if word(data, at) != word(other, where):
            return False
        at += 8
        where += 8
    if size & 7:
        return _tail(data, at, size & 7) == _tail(other, where, size & 7)
    return True
