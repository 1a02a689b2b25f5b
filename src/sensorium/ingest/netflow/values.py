"""How the bytes of one element become one value of a column."""

from __future__ import annotations

from typing import Any

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.netflow.elements import Kind
from sensorium.ingest.netflow.wire import (
    load_u8,
    load_u16,
    load_u32,
    load_u64,
    native_u32,
    native_u64,
    store_u8,
    store_u16,
    store_u32,
    store_u64,
)

_IPV4 = int(Kind.IPV4)
_IPV4_IF_SET = int(Kind.IPV4_IF_SET)
_IPV6 = int(Kind.IPV6)
_IPV6_IF_SET = int(Kind.IPV6_IF_SET)
_TYPE_AND_CODE = int(Kind.TYPE_AND_CODE)
_TYPE_AND_CODE_IF_SET = int(Kind.TYPE_AND_CODE_IF_SET)
_LABEL = int(Kind.LABEL)
_IP_VERSION = int(Kind.IP_VERSION)
_UPTIME = int(Kind.UPTIME)
_SECONDS = int(Kind.SECONDS)
_MILLISECONDS = int(Kind.MILLISECONDS)
_NTP_MICROSECONDS = int(Kind.NTP_MICROSECONDS)
_NTP_NANOSECONDS = int(Kind.NTP_NANOSECONDS)
_DURATION_MS = int(Kind.DURATION_MS)
_DURATION_US = int(Kind.DURATION_US)

_LONGEST = 0x7FFFFFFFFFFFFFFF
_MAPPED = 0xFFFF0000
"""``00 00 ff ff`` of an IPv4-mapped address, as the machine's (little-endian) word."""
_NTP_UNIX = 2_208_988_800
_NTP_ERA = 1 << 32
_MICROSECOND_BITS = 0xFFFFF800


@uncounted
def load_unsigned(source: Any, width: Any) -> Any:
    """An unsigned big-endian integer of 1 to 8 bytes; 0 for any other width."""
    if width == 4:
        return load_u32(source)
    if width == 8:
        return load_u64(source)
    if width == 2:
        return load_u16(source)
    if width == 1:
        return load_u8(source)
    if width > 8:
        return 0
    value = 0
    for index in range(width):
        value = value << 8 | load_u8(source + index)
    return value


@uncounted
def store(target: Any, size: Any, value: Any) -> None:
    if size == 8:
        store_u64(target, value)
    elif size == 4:
        store_u32(target, value)
    elif size == 2:
        store_u16(target, value)
    else:
        store_u8(target, value)


@uncounted
def scaled(value: Any, unit: Any) -> Any:
    """``value * unit``, the greatest int64 where that is too much (or ``value`` was)."""
    if value < 0 or value > _LONGEST // unit:
        return _LONGEST
    return value * unit


@uncounted
def ntp(source: Any, mask: Any) -> Any:
    """An NTP timestamp as Unix nanoseconds; era 1 (2036 and after) where the top bit is clear."""
    seconds = load_u32(source)
    fraction = load_u32(source + 4) & mask
    if seconds == 0 and fraction == 0:
        return 0
    if seconds < _NTP_UNIX:
        seconds += _NTP_ERA
    return (seconds - _NTP_UNIX) * 1_000_000_000 + (fraction * 1_000_000_000 >> 32)


@uncounted
def since_boot(value: Any, export_ns: Any, anchor: Any) -> Any:
    """sysUpTime to Unix time through the sysUpTime at export.

    The difference is taken modulo 2^32 and as signed, so that flows on both sides of a wrap (each
    49.7 days) come out right.
    """
    ahead = (value - anchor) & 0xFFFFFFFF
    ahead -= (ahead & 0x80000000) << 1
    return export_ns + ahead * 1_000_000


@uncounted
def time_value(kind: Any, source: Any, width: Any, export_ns: Any, anchor: Any) -> Any:
    """A time element as Unix nanoseconds, 0 where it says nothing; a duration as nanoseconds."""
    if kind in (_NTP_NANOSECONDS, _NTP_MICROSECONDS):
        return ntp(source, 0xFFFFFFFF if kind == _NTP_NANOSECONDS else _MICROSECOND_BITS)
    value = load_unsigned(source, width)
    if kind == _UPTIME:
        return since_boot(value, export_ns, anchor)
    if kind in (_MILLISECONDS, _DURATION_MS):
        return scaled(value, 1_000_000)
    if kind == _SECONDS:
        return scaled(value, 1_000_000_000)
    microseconds = scaled(value, 1_000)
    return microseconds if kind == _DURATION_US else max(export_ns - microseconds, 0)


@uncounted
def put_ipv4(source: Any, target: Any, sparing: Any) -> None:
    word = native_u32(source)
    if sparing and word == 0 and (native_u64(target) != 0 or native_u64(target + 8) != 0):
        return
    store_u64(target, 0)
    store_u64(target + 8, _MAPPED | word << 32)


@uncounted
def put_ipv6(source: Any, target: Any, sparing: Any) -> None:
    if sparing and native_u64(source) == 0 and native_u64(source + 8) == 0:
        return
    store_u64(target, native_u64(source))
    store_u64(target + 8, native_u64(source + 8))


@uncounted
def put_small(
    kind: Any, source: Any, width: Any, target: Any, size: Any, row: Any, codes: Any
) -> None:
    """The rare kinds that are a few bits of an integer, or leave what was there if it is zero."""
    value = load_unsigned(source, width)
    if kind == _LABEL:
        value >>= 8 * width - 20
    elif kind == _IP_VERSION:
        value = 0x0800 if value == 4 else 0x86DD if value == 6 else 0
    elif kind in (_TYPE_AND_CODE, _TYPE_AND_CODE_IF_SET):
        if kind == _TYPE_AND_CODE or value != 0:
            store_u8(target + row, value >> 8)
            store_u8(codes + row, value & 0xFF)
        return
    elif value == 0:
        return
    store(target + size * row, size, value)


@uncounted
def clear(target: Any, size: Any) -> None:
    if size == 16:
        store_u64(target, 0)
        store_u64(target + 8, 0)
    else:
        store(target, size, 0)


@uncounted
def usable(kind: Any, width: Any) -> Any:
    """Whether a value of so many bytes can be of a kind."""
    if kind in (_IPV4, _IPV4_IF_SET):
        return width == 4
    if kind in (_IPV6, _IPV6_IF_SET):
        return width == 16
    if kind in (_TYPE_AND_CODE, _TYPE_AND_CODE_IF_SET):
        return width == 2
    if kind == _LABEL:
        return 3 <= width <= 4
    if kind in (_NTP_MICROSECONDS, _NTP_NANOSECONDS):
        return width == 8
    return 1 <= width <= 8
