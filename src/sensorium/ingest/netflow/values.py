"""How the bytes of one element become one column's values, for a run of records at once."""

from __future__ import annotations

from typing import Any

from numba import njit

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

_UNSIGNED = int(Kind.UNSIGNED)
_UNSIGNED_IF_SET = int(Kind.UNSIGNED_IF_SET)
_IPV4 = int(Kind.IPV4)
_IPV4_IF_SET = int(Kind.IPV4_IF_SET)
_IPV6 = int(Kind.IPV6)
_TYPE_AND_CODE = int(Kind.TYPE_AND_CODE)
_TYPE_AND_CODE_IF_SET = int(Kind.TYPE_AND_CODE_IF_SET)
_LABEL = int(Kind.LABEL)
_IP_VERSION = int(Kind.IP_VERSION)
_UPTIME = int(Kind.UPTIME)
_SECONDS = int(Kind.SECONDS)
_MILLISECONDS = int(Kind.MILLISECONDS)
_NTP_MICROSECONDS = int(Kind.NTP_MICROSECONDS)
_NTP_NANOSECONDS = int(Kind.NTP_NANOSECONDS)
_BEFORE_EXPORT = int(Kind.BEFORE_EXPORT)
_DURATION_MS = int(Kind.DURATION_MS)
_DURATION_US = int(Kind.DURATION_US)

_LONGEST = 0x7FFFFFFFFFFFFFFF
_MAPPED = 0xFFFF0000
"""``00 00 ff ff`` of an IPv4-mapped address, as the machine's (little-endian) word."""
_NTP_UNIX = 2_208_988_800
_NTP_ERA = 1 << 32
_MICROSECOND_BITS = 0xFFFFF800


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _store(target: Any, size: Any, value: Any) -> None:
    if size == 8:
        store_u64(target, value)
    elif size == 4:
        store_u32(target, value)
    elif size == 2:
        store_u16(target, value)
    else:
        store_u8(target, value)


@njit(cache=True, nogil=True)
def _unsigned(source: Any, stride: Any, width: Any, target: Any, size: Any, rows: Any) -> None:
    """The common widths have loops of their own, which the compiler unrolls."""
    if width == 4 and size == 8:
        for i in range(rows):
            store_u64(target + 8 * i, load_u32(source + stride * i))
    elif width == 4 and size == 4:
        for i in range(rows):
            store_u32(target + 4 * i, load_u32(source + stride * i))
    elif width == 8 and size == 8:
        for i in range(rows):
            store_u64(target + 8 * i, load_u64(source + stride * i))
    elif width == 2 and size == 2:
        for i in range(rows):
            store_u16(target + 2 * i, load_u16(source + stride * i))
    elif width == 2 and size == 4:
        for i in range(rows):
            store_u32(target + 4 * i, load_u16(source + stride * i))
    elif width == 1 and size == 1:
        for i in range(rows):
            store_u8(target + i, load_u8(source + stride * i))
    elif width == 1 and size == 2:
        for i in range(rows):
            store_u16(target + 2 * i, load_u8(source + stride * i))
    else:
        for i in range(rows):
            _store(target + size * i, size, load_unsigned(source + stride * i, width))


@njit(cache=True, nogil=True)
def _scaled(value: Any, unit: Any) -> Any:
    """``value * unit``, the greatest int64 where that is too much (or ``value`` was)."""
    if value < 0 or value > _LONGEST // unit:
        return _LONGEST
    return value * unit


@njit(cache=True, nogil=True)
def _ntp(source: Any, mask: Any) -> Any:
    """An NTP timestamp as Unix nanoseconds; era 1 (2036 and after) where the top bit is clear."""
    seconds = load_u32(source)
    fraction = load_u32(source + 4) & mask
    if seconds == 0 and fraction == 0:
        return 0
    if seconds < _NTP_UNIX:
        seconds += _NTP_ERA
    return (seconds - _NTP_UNIX) * 1_000_000_000 + (fraction * 1_000_000_000 >> 32)


@njit(cache=True, nogil=True)
def _time(kind: Any, source: Any, width: Any, export_ns: Any) -> Any:
    """A time element as Unix nanoseconds, 0 where it says nothing."""
    if kind == _NTP_NANOSECONDS:
        return _ntp(source, 0xFFFFFFFF) if width == 8 else 0
    if kind == _NTP_MICROSECONDS:
        return _ntp(source, _MICROSECOND_BITS) if width == 8 else 0
    value = load_unsigned(source, width)
    if kind == _SECONDS:
        return _scaled(value, 1_000_000_000)
    if kind in (_MILLISECONDS, _DURATION_MS):
        return _scaled(value, 1_000_000)
    if kind == _DURATION_US:
        return _scaled(value, 1_000)
    return max(export_ns - _scaled(value, 1_000), 0)


@njit(cache=True, nogil=True)
def _uptime(
    source: Any, stride: Any, width: Any, target: Any, rows: Any, export_ns: Any, anchor: Any
) -> None:
    """sysUpTime to Unix time through the sysUpTime at export.

    The difference is taken modulo 2^32 and as signed, so that flows on both sides of a wrap (each
    49.7 days) come out right.
    """
    for i in range(rows):
        ahead = (load_unsigned(source + stride * i, width) - anchor) & 0xFFFFFFFF
        ahead -= (ahead & 0x80000000) << 1
        store_u64(target + 8 * i, export_ns + ahead * 1_000_000)


@njit(cache=True, nogil=True)
def _ipv4(source: Any, stride: Any, target: Any, rows: Any, sparing: Any) -> None:
    """Mapped addresses; with ``sparing``, 0.0.0.0 leaves an address that is there already."""
    for i in range(rows):
        word = native_u32(source + stride * i)
        place = target + 16 * i
        if sparing and word == 0 and (native_u64(place) != 0 or native_u64(place + 8) != 0):
            continue
        store_u64(place, 0)
        store_u64(place + 8, _MAPPED | word << 32)


@njit(cache=True, nogil=True)
def _ipv6(source: Any, stride: Any, target: Any, rows: Any) -> None:
    for i in range(rows):
        store_u64(target + 16 * i, native_u64(source + stride * i))
        store_u64(target + 16 * i + 8, native_u64(source + stride * i + 8))


@njit(cache=True, nogil=True)
def _small(
    kind: Any, source: Any, stride: Any, width: Any, target: Any, size: Any, rows: Any
) -> None:
    """The rare kinds that are a few bits of an integer."""
    for i in range(rows):
        value = load_unsigned(source + stride * i, width)
        if kind == _LABEL:
            value >>= 8 * width - 20
        elif kind == _IP_VERSION:
            value = 0x0800 if value == 4 else 0x86DD if value == 6 else 0
        elif value == 0:
            continue
        _store(target + size * i, size, value)


@njit(cache=True, nogil=True)
def _type_and_code(
    source: Any, stride: Any, types: Any, codes: Any, rows: Any, sparing: Any
) -> None:
    for i in range(rows):
        value = load_u16(source + stride * i)
        if sparing and value == 0:
            continue
        store_u8(types + i, value >> 8)
        store_u8(codes + i, value & 0xFF)


@njit(cache=True, nogil=True)
def usable_width(kind: Any, width: Any) -> Any:
    """Whether a value of so many bytes can be of a kind; lengths may vary by record."""
    if kind in (_IPV4, _IPV4_IF_SET):
        return width == 4
    if kind == _IPV6:
        return width == 16
    if kind in (_TYPE_AND_CODE, _TYPE_AND_CODE_IF_SET):
        return width == 2
    if kind == _LABEL:
        return 3 <= width <= 4
    return 1 <= width <= 8


@njit(cache=True, nogil=True)
def run_operation(
    kind: Any,
    source: Any,
    stride: Any,
    width: Any,
    target: Any,
    size: Any,
    rows: Any,
    export_ns: Any,
    anchor: Any,
    codes: Any,
) -> None:
    """Write one element of ``rows`` records, ``stride`` bytes apart, to the column at ``target``.

    ``anchor`` is sysUpTime at export, ``codes`` where the ICMP code column stands.
    """
    if kind == _UNSIGNED:
        _unsigned(source, stride, width, target, size, rows)
    elif kind in (_IPV4, _IPV4_IF_SET):
        _ipv4(source, stride, target, rows, kind == _IPV4_IF_SET)
    elif kind == _UPTIME:
        _uptime(source, stride, width, target, rows, export_ns, anchor)
    elif kind == _IPV6:
        _ipv6(source, stride, target, rows)
    elif kind in (_TYPE_AND_CODE, _TYPE_AND_CODE_IF_SET):
        _type_and_code(source, stride, target, codes, rows, kind == _TYPE_AND_CODE_IF_SET)
    elif kind in (_UNSIGNED_IF_SET, _LABEL, _IP_VERSION):
        _small(kind, source, stride, width, target, size, rows)
    else:
        for i in range(rows):
            store_u64(target + 8 * i, _time(kind, source + stride * i, width, export_ns))
