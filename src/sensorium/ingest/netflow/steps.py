"""What is computed from columns once a record's own values are in: fallbacks and derivations."""

from __future__ import annotations

from typing import Any

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.wire import (
    load_u8,
    native_u16,
    native_u32,
    native_u64,
    store_u8,
    store_u16,
    store_u64,
)

_START = at.TIME_START
_END = at.TIME_END
_DURATION = at.DURATION
_RATE = at.SAMPLING_RATE
_SPACE = at.SAMPLING_SPACE
_SAMPLER = at.SAMPLER
_IN_IF = at.IN_IF
_SRC_ADDR = at.SRC_ADDR
_DST_ADDR = at.DST_ADDR
_ETYPE = at.ETYPE
_PROTO = at.PROTO
_SRC_PORT = at.SRC_PORT
_DST_PORT = at.DST_PORT
_ICMP_TYPE = at.ICMP_TYPE
_ICMP_CODE = at.ICMP_CODE

_START_UPTIME = at.STEP_START_UPTIME
_END_UPTIME = at.STEP_END_UPTIME
_ICMP_FROM_PORT = at.STEP_ICMP_FROM_PORT
_ETYPE_STEP = at.STEP_ETYPE
_ETYPE_IPV4 = at.STEP_ETYPE_IPV4
_ETYPE_IF_UNSET = at.STEP_ETYPE_IF_UNSET
_SAMPLING = at.STEP_SAMPLING
_HAS_DURATION = at.STEP_DURATION
_HAS_START = at.STEP_HAS_START
_HAS_END = at.STEP_HAS_END
_TIMES_MISSING = at.STEP_TIMES_MAY_MISS
_HAS_SPACE = at.STEP_SPACE
_HAS_SAMPLER = at.STEP_SAMPLER

_LONGEST = 0x7FFFFFFFFFFFFFFF
_CLOCK_SLACK = 60_000_000_000
"""How far ahead of its own export a flow may end: clocks are set, and told in whole seconds."""

UNKNOWN = 0
BY_HEADER = 1
BY_BOOT_TIME = 2
"""What uptimes count from: the header's own, or the time that the exporter says it booted at."""
_IPV4 = 0x0800
_IPV6 = 0x86DD
_MAPPED = 0xFFFF0000

INTERFACE_KEY = 1 << 62
"""Marks an interface's key among the sampler ids of a sampling table."""
SAMPLER_BITS = INTERFACE_KEY - 1
"""Sampler ids are kept to so many bits."""


@uncounted
def _fill_times(columns: Any, row: Any, rows: Any, steps: Any, export_ns: Any) -> None:
    """No end: start plus duration, else export. No start: end less duration, else end."""
    start = columns[_START] + 8 * row
    end = columns[_END] + 8 * row
    duration = columns[_DURATION] + 8 * row
    lasts = steps & _HAS_DURATION != 0
    has_start = steps & _HAS_START != 0
    has_end = steps & _HAS_END != 0
    for i in range(rows):
        first = native_u64(start + 8 * i) if has_start else 0
        last = native_u64(end + 8 * i) if has_end else 0
        length = native_u64(duration + 8 * i) if lasts else 0
        if last == 0:
            last = min(first, _LONGEST - length) + length if lasts and first != 0 else export_ns
            store_u64(end + 8 * i, last)
        if first == 0:
            store_u64(start + 8 * i, max(last - length, 0))


@uncounted
def _without_anchor(columns: Any, row: Any, rows: Any, steps: Any, export_ns: Any) -> None:
    """Uptimes of an exporter whose boot time is unknown.

    They were written as if the exporter's uptime were zero, so only their difference is sure: the
    flow is taken to have ended at export. One uptime alone says nothing.
    """
    start = columns[_START] + 8 * row
    end = columns[_END] + 8 * row
    if steps & _START_UPTIME and steps & _END_UPTIME:
        for i in range(rows):
            length = native_u64(end + 8 * i) - native_u64(start + 8 * i)
            store_u64(start + 8 * i, max(export_ns - length, 0))
            store_u64(end + 8 * i, export_ns)
    elif steps & _START_UPTIME:
        for i in range(rows):
            store_u64(start + 8 * i, 0)
    else:
        for i in range(rows):
            store_u64(end + 8 * i, 0)


@uncounted
def _not_after_export(columns: Any, row: Any, rows: Any, export_ns: Any) -> None:
    """Flows that would have ended after they were exported ended then: their boot time is wrong."""
    start = columns[_START] + 8 * row
    end = columns[_END] + 8 * row
    for i in range(rows):
        ahead = native_u64(end + 8 * i) - export_ns
        if ahead > _CLOCK_SLACK:
            store_u64(start + 8 * i, native_u64(start + 8 * i) - ahead)
            store_u64(end + 8 * i, export_ns)


@uncounted
def _family(column: Any, row: Any) -> Any:
    """The EtherType of an address, 0 if it is unset."""
    if column == 0:
        return 0
    high = native_u64(column + 16 * row)
    low = native_u64(column + 16 * row + 8)
    if high == 0 and low & 0xFFFFFFFF == _MAPPED:
        return _IPV4
    return _IPV6 if high != 0 or low != 0 else 0


@uncounted
def _etypes(columns: Any, row: Any, rows: Any, sparing: Any) -> None:
    """EtherTypes by source or destination; with ``sparing``, where no element gave one."""
    etype = columns[_ETYPE] + 2 * row
    for i in range(rows):
        if sparing and native_u16(etype + 2 * i) != 0:
            continue
        family = _family(columns[_SRC_ADDR], row + i)
        if family == 0:
            family = _family(columns[_DST_ADDR], row + i)
        store_u16(etype + 2 * i, family)


@uncounted
def _icmp_from_port(columns: Any, row: Any, rows: Any) -> None:
    """Type and code as routers have put them since NetFlow v5: in the destination port.

    They leave the source port zero; where it is not, the two are an echo's identifiers, or whatever
    a firewall makes of them.
    """
    proto = columns[_PROTO] + row
    source = columns[_SRC_PORT] + 2 * row
    port = columns[_DST_PORT] + 2 * row
    types = columns[_ICMP_TYPE] + row
    codes = columns[_ICMP_CODE] + row
    for i in range(rows):
        protocol = load_u8(proto + i)
        value = native_u16(port + 2 * i) if protocol in (1, 58) else 0
        if columns[_SRC_PORT] != 0 and native_u16(source + 2 * i) != 0:
            value = 0
        store_u8(types + i, value >> 8)
        store_u8(codes + i, value & 0xFF)


@uncounted
def _rate_of(keys: Any, rates: Any, first: Any, last: Any, key: Any) -> Any:
    """The rate of a sampler or interface by binary search in ``keys[first:last]``, else 0."""
    end = last
    while first < last:
        middle = (first + last) >> 1
        if keys[middle] < key:
            first = middle + 1
        else:
            last = middle
    # What follows are the keys of another source.
    if first < end and keys[first] == key:
        return rates[first]
    return 0


@uncounted
def _announced(entry: Any, wide: Any, keys: Any, rates: Any, key: Any) -> Any:
    """The rate under a key as the source announced it, else as its exporter did."""
    rate = _rate_of(keys, rates, entry[1], entry[2], key)
    return rate if rate != 0 else _rate_of(keys, rates, wide[1], wide[2], key)


@uncounted
def _sampling(
    columns: Any,
    row: Any,
    rows: Any,
    steps: Any,
    default: Any,
    entry: Any,
    wide: Any,
    keys: Any,
    rates: Any,
) -> None:
    """Sampling rate per record: its own, its sampler's, its interface's, the source's."""
    target = columns[_RATE] + 8 * row
    keyed = entry[2] > entry[1] or wide[2] > wide[1]
    for i in range(rows):
        rate = native_u64(target + 8 * i) if steps & _SAMPLING else 0
        if steps & _HAS_SPACE and rate > 0:
            space = native_u64(columns[_SPACE] + 8 * (row + i))
            most = _LONGEST - rate
            rate = (rate + (most if space < 0 else min(space, most))) // rate
        if rate == 0 and keyed:
            if steps & _HAS_SAMPLER:
                sampler = native_u64(columns[_SAMPLER] + 8 * (row + i)) & SAMPLER_BITS
                rate = _announced(entry, wide, keys, rates, sampler)
            if rate == 0:
                interface = native_u32(columns[_IN_IF] + 4 * (row + i)) if columns[_IN_IF] else 0
                rate = _announced(entry, wide, keys, rates, INTERFACE_KEY | interface)
        store_u64(target + 8 * i, rate if rate != 0 else default)


@uncounted
def finish(
    columns: Any,
    row: Any,
    rows: Any,
    steps: Any,
    export_ns: Any,
    anchored: Any,
    default: Any,
    entry: Any,
    wide: Any,
    keys: Any,
    rates: Any,
) -> None:
    """Run the steps of a program on the rows it has just written.

    ``default`` is the source's sampling rate, ``entry`` its row of the sampling table and ``wide``
    that of its whole exporter.
    """
    if steps & (_START_UPTIME | _END_UPTIME) and anchored == UNKNOWN:
        _without_anchor(columns, row, rows, steps, export_ns)
    elif steps & _START_UPTIME and steps & _END_UPTIME and anchored == BY_BOOT_TIME:
        _not_after_export(columns, row, rows, export_ns)
    if steps & _TIMES_MISSING:
        _fill_times(columns, row, rows, steps, export_ns)
    if steps & _ETYPE_IPV4:
        etype = columns[_ETYPE] + 2 * row
        for i in range(rows):
            store_u16(etype + 2 * i, _IPV4)
    elif steps & (_ETYPE_STEP | _ETYPE_IF_UNSET):
        _etypes(columns, row, rows, steps & _ETYPE_IF_UNSET != 0)
    if steps & _ICMP_FROM_PORT:
        _icmp_from_port(columns, row, rows)
    if steps & (_SAMPLING | _HAS_SAMPLER) or entry[2] > entry[1] or wide[2] > wide[1]:
        _sampling(columns, row, rows, steps, default, entry, wide, keys, rates)
    else:
        target = columns[_RATE] + 8 * row
        for i in range(rows):
            store_u64(target + 8 * i, default)
