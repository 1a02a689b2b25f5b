"""Big-endian words at an address, as int64: numba makes floats of int64 with uint64.

They check nothing: the caller has proved that the bytes are there.
"""

from __future__ import annotations

from typing import Any

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.memory import byte, position


@uncounted
def u8(data: Any, at: Any) -> Any:
    return byte(data, at)


@uncounted
def u16(data: Any, at: Any) -> Any:
    return byte(data, at) << 8 | byte(data, at + 1)


@uncounted
def u24(data: Any, at: Any) -> Any:
    return u16(data, at) << 8 | byte(data, at + 2)


@uncounted
def u32(data: Any, at: Any) -> Any:
    return (
        byte(data, at) << 24
        | byte(data, at + 1) << 16
        | byte(data, at + 2) << 8
        | byte(data, at + 3)
    )


@uncounted
def u64(data: Any, at: Any) -> Any:
    """A 64-bit word; the bit pattern is kept."""
    return u32(data, at) << 32 | u32(data, at + 4)


@uncounted
def mapped(data: Any, at: Any) -> Any:
    """The second half of an IPv4 address mapped into IPv6 as it lies in memory, 0 for 0.0.0.0."""
    value = position(data + at, 0) << 32
    return value | 0xFFFF0000 if value else value
