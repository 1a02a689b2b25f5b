"""One element of many records into one column: the loops that decoding spends its time in."""

from __future__ import annotations

from typing import Any

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.netflow.elements import Kind
from sensorium.ingest.netflow.values import (
    clear,
    load_unsigned,
    put_ipv4,
    put_ipv6,
    put_small,
    scaled,
    since_boot,
    store,
    time_value,
    usable,
)
from sensorium.ingest.netflow.wire import (
    lane,
    load_u8,
    load_u16,
    load_u32,
    load_u64,
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
_IPV6_IF_SET = int(Kind.IPV6_IF_SET)
_TYPE_AND_CODE = int(Kind.TYPE_AND_CODE)
_TYPE_AND_CODE_IF_SET = int(Kind.TYPE_AND_CODE_IF_SET)
_UPTIME = int(Kind.UPTIME)
_MILLISECONDS = int(Kind.MILLISECONDS)
_DURATION_US = int(Kind.DURATION_US)
_CLEAR = int(Kind.CLEAR)


@uncounted
def _to_u64(base: Any, offset: Any, width: Any, target: Any, row: Any, n: Any) -> None:
    if width == 4:
        for i in range(n):
            store_u64(target + 8 * lane(row, i), load_u32(lane(base, i) + offset))
    elif width == 8:
        for i in range(n):
            store_u64(target + 8 * lane(row, i), load_u64(lane(base, i) + offset))
    else:
        for i in range(n):
            store_u64(target + 8 * lane(row, i), load_unsigned(lane(base, i) + offset, width))


@uncounted
def _to_u32(base: Any, offset: Any, width: Any, target: Any, row: Any, n: Any) -> None:
    if width == 4:
        for i in range(n):
            store_u32(target + 4 * lane(row, i), load_u32(lane(base, i) + offset))
    elif width == 2:
        for i in range(n):
            store_u32(target + 4 * lane(row, i), load_u16(lane(base, i) + offset))
    else:
        for i in range(n):
            store_u32(target + 4 * lane(row, i), load_unsigned(lane(base, i) + offset, width))


@uncounted
def _to_u16(base: Any, offset: Any, width: Any, target: Any, row: Any, n: Any) -> None:
    if width == 2:
        for i in range(n):
            store_u16(target + 2 * lane(row, i), load_u16(lane(base, i) + offset))
    elif width == 1:
        for i in range(n):
            store_u16(target + 2 * lane(row, i), load_u8(lane(base, i) + offset))
    else:
        for i in range(n):
            store_u16(target + 2 * lane(row, i), load_unsigned(lane(base, i) + offset, width))


@uncounted
def _to_u8(base: Any, offset: Any, width: Any, target: Any, row: Any, n: Any) -> None:
    # The last byte of a wider field: only it can matter to an 8-bit column.
    offset += width - 1
    for i in range(n):
        store_u8(target + lane(row, i), load_u8(lane(base, i) + offset))


@uncounted
def _unsigned(base: Any, offset: Any, width: Any, target: Any, size: Any, row: Any, n: Any) -> None:
    """The common widths have loops of their own, with nothing to decide inside."""
    if size == 8:
        _to_u64(base, offset, width, target, row, n)
    elif size == 4:
        _to_u32(base, offset, width, target, row, n)
    elif size == 2:
        _to_u16(base, offset, width, target, row, n)
    else:
        _to_u8(base, offset, width, target, row, n)


@uncounted
def _times(
    kind: Any,
    base: Any,
    offset: Any,
    width: Any,
    target: Any,
    row: Any,
    n: Any,
    export_ns: Any,
    anchor: Any,
) -> None:
    if kind == _UPTIME and width == 4:
        for i in range(n):
            uptime = load_u32(lane(base, i) + offset)
            store_u64(
                target + 8 * lane(row, i), since_boot(uptime, lane(export_ns, i), lane(anchor, i))
            )
    elif kind == _MILLISECONDS and width == 8:
        for i in range(n):
            store_u64(
                target + 8 * lane(row, i), scaled(load_u64(lane(base, i) + offset), 1_000_000)
            )
    else:
        for i in range(n):
            value = time_value(
                kind, lane(base, i) + offset, width, lane(export_ns, i), lane(anchor, i)
            )
            store_u64(target + 8 * lane(row, i), value)


@uncounted
def _addresses(kind: Any, base: Any, offset: Any, target: Any, row: Any, n: Any) -> None:
    if kind == _IPV4:
        for i in range(n):
            put_ipv4(lane(base, i) + offset, target + 16 * lane(row, i), False)
    elif kind == _IPV6:
        for i in range(n):
            put_ipv6(lane(base, i) + offset, target + 16 * lane(row, i), False)
    elif kind == _IPV6_IF_SET:
        for i in range(n):
            put_ipv6(lane(base, i) + offset, target + 16 * lane(row, i), True)
    else:
        for i in range(n):
            put_ipv4(lane(base, i) + offset, target + 16 * lane(row, i), True)


@uncounted
def _is_sparing(kind: Any) -> Any:
    """Whether a value that says nothing leaves what another element wrote."""
    return kind in (_IPV4_IF_SET, _IPV6_IF_SET, _UNSIGNED_IF_SET, _TYPE_AND_CODE_IF_SET)


@uncounted
def run_varying(
    kind: Any,
    base: Any,
    lengths: Any,
    target: Any,
    size: Any,
    row: Any,
    n: Any,
    export_ns: Any,
    anchor: Any,
    codes: Any,
) -> None:
    """Write a variable-length element: value ``i`` is the ``lengths[i]`` bytes before ``base[i]``.

    Lengths that the kind cannot have leave zero.
    """
    for i in range(n):
        width = lane(lengths, i)
        source = lane(base, i) - width
        place = target + size * lane(row, i)
        if not usable(kind, width):
            if not _is_sparing(kind):
                clear(place, size)
            if kind == _TYPE_AND_CODE:
                store_u8(codes + lane(row, i), 0)
        elif kind == _UNSIGNED:
            store(place, size, load_unsigned(source, width))
        elif kind in (_IPV4, _IPV4_IF_SET):
            put_ipv4(source, place, kind == _IPV4_IF_SET)
        elif kind in (_IPV6, _IPV6_IF_SET):
            put_ipv6(source, place, kind == _IPV6_IF_SET)
        elif _UPTIME <= kind <= _DURATION_US:
            store_u64(place, time_value(kind, source, width, lane(export_ns, i), lane(anchor, i)))
        else:
            put_small(kind, source, width, target, size, lane(row, i), codes)


@uncounted
def run_operation(
    kind: Any,
    base: Any,
    offset: Any,
    width: Any,
    target: Any,
    size: Any,
    row: Any,
    n: Any,
    export_ns: Any,
    anchor: Any,
    codes: Any,
) -> None:
    """Write one element of ``n`` records to the column whose first value is at ``target``.

    ``base``, ``row``, ``export_ns`` and ``anchor`` are addresses of lanes, an int64 apiece: record
    ``i``'s element is at ``base[i] + offset`` and goes to row ``row[i]``; the others are its
    datagram's export time and sysUpTime then. ``codes`` is the ICMP code column.
    """
    if kind == _UNSIGNED:
        _unsigned(base, offset, width, target, size, row, n)
    elif kind in (_IPV4, _IPV4_IF_SET, _IPV6, _IPV6_IF_SET):
        _addresses(kind, base, offset, target, row, n)
    elif _UPTIME <= kind <= _DURATION_US:
        _times(kind, base, offset, width, target, row, n, export_ns, anchor)
    elif kind == _CLEAR:
        for i in range(n):
            clear(target + size * lane(row, i), size)
    else:
        for i in range(n):
            put_small(kind, lane(base, i) + offset, width, target, size, lane(row, i), codes)
