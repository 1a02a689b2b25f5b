"""The walk over a slab: every datagram's head, and every set inside it, without looking inside."""

from __future__ import annotations

from typing import Any

from sensorium.ingest.netflow import reasons
from sensorium.ingest.netflow.compiled import inner, kernel
from sensorium.ingest.netflow.layout import (
    FIRST_DATA_SET,
    H_ADDRESS_HIGH,
    H_ADDRESS_LOW,
    H_ARRIVAL_NS,
    H_DOMAIN,
    H_EXPORT_NS,
    H_PROTOCOL,
    H_SAMPLING,
    H_SEQUENCE,
    H_SOURCE,
    H_UPTIME_MS,
    IPFIX,
    S_END,
    S_HEAD,
    S_ID,
    S_START,
    UNKNOWN,
    V5,
    V5_SET,
    V9,
)
from sensorium.ingest.netflow.sources import intern_source
from sensorium.ingest.netflow.wire import load_u8, load_u16, load_u32

V5_HEADER = 24
V5_RECORD = 48
V5_MOST_RECORDS = 30
V9_HEADER = 20
IPFIX_HEADER = 16

_SHORT_HEADER = reasons.SHORT_HEADER
_UNKNOWN_VERSION = reasons.UNKNOWN_VERSION
_BAD_RECORD_COUNT = reasons.BAD_RECORD_COUNT
_RECORDS_CUT = reasons.RECORDS_CUT
_MESSAGE_CUT = reasons.MESSAGE_CUT
_BAD_MESSAGE_LENGTH = reasons.BAD_MESSAGE_LENGTH
_BAD_SET_LENGTH = reasons.BAD_SET_LENGTH
_RESERVED_SET = reasons.RESERVED_SET
_TOO_MANY_SOURCES = reasons.TOO_MANY_SOURCES

_SECOND = 1_000_000_000


@inner
def _read_head(head: Any, start: Any, length: Any, drops: Any) -> Any:
    """Fill a head's protocol fields; the address after the header, or -1 if nothing follows."""
    head[H_PROTOCOL] = UNKNOWN
    head[H_SOURCE] = -1
    if length < 2:
        drops[UNKNOWN, _SHORT_HEADER] += 1
        return -1
    version = load_u16(start)
    if version not in (5, 9, 10):
        drops[UNKNOWN, _UNKNOWN_VERSION] += 1
        return -1
    protocol = V5 if version == 5 else V9 if version == 9 else IPFIX
    header = V5_HEADER if version == 5 else V9_HEADER if version == 9 else IPFIX_HEADER
    if length < header:
        drops[protocol, _SHORT_HEADER] += 1
        return -1
    head[H_PROTOCOL] = protocol
    head[H_SAMPLING] = 0
    if version == 10:
        head[H_EXPORT_NS] = load_u32(start + 4) * _SECOND
        head[H_SEQUENCE] = load_u32(start + 8)
        head[H_DOMAIN] = load_u32(start + 12)
        head[H_UPTIME_MS] = -1
        return start + header
    head[H_UPTIME_MS] = load_u32(start + 4)
    head[H_EXPORT_NS] = load_u32(start + 8) * _SECOND
    if version == 9:
        head[H_SEQUENCE] = load_u32(start + 12)
        head[H_DOMAIN] = load_u32(start + 16)
    else:
        if head[H_EXPORT_NS] != 0:
            head[H_EXPORT_NS] += load_u32(start + 12)
        head[H_SEQUENCE] = load_u32(start + 16)
        head[H_DOMAIN] = load_u16(start + 20)
        head[H_SAMPLING] = load_u16(start + 22) & 0x3FFF
    return start + header


@inner
def _v5_end(start: Any, end: Any, drops: Any) -> Any:
    """Where the last whole record of a NetFlow v5 datagram ends."""
    announced = load_u16(start + 2)
    room = (end - start - V5_HEADER) // V5_RECORD
    if announced > room:
        if announced > V5_MOST_RECORDS:
            drops[V5, _BAD_RECORD_COUNT] += 1
            return start + V5_HEADER
        drops[V5, _RECORDS_CUT] += 1
        announced = room
    return start + V5_HEADER + announced * V5_RECORD


@inner
def _only_zeros(start: Any, end: Any) -> Any:
    bits = 0
    for address in range(start, end):
        bits |= load_u8(address)
    return bits == 0


@inner
def _walk_sets(
    start: Any, end: Any, limit: Any, datagram: Any, protocol: Any, sets: Any, k: Any, drops: Any
) -> Any:
    """Append the sets that begin before ``end`` from row ``k`` on; the next free row, or -1.

    A set may reach up to ``limit``: some exporters state an IPFIX length that is too small.
    """
    base = 2 if protocol == IPFIX else 0
    while end - start >= 4:
        set_id = load_u16(start)
        length = load_u16(start + 2)
        if length < 4 or start + length > limit:
            # Some exporters send datagrams of one size and fill the rest with zeros.
            if set_id != 0 or length != 0 or not _only_zeros(start, end):
                drops[protocol, _BAD_SET_LENGTH] += 1
            break
        kind = set_id if set_id >= FIRST_DATA_SET else set_id - base
        if set_id >= FIRST_DATA_SET or 0 <= kind <= 1:
            if k >= sets.shape[0]:
                return -1
            sets[k, S_HEAD] = datagram
            sets[k, S_ID] = kind
            sets[k, S_START] = start + 4
            sets[k, S_END] = start + length
            k += 1
        else:
            drops[protocol, _RESERVED_SET] += 1
        start += length
    return k


@inner
def _message_end(start: Any, end: Any, protocol: Any, drops: Any) -> Any:
    """Where sets stop beginning: an IPFIX message says how long it is."""
    if protocol != IPFIX:
        return end
    length = load_u16(start + 2)
    if length < IPFIX_HEADER:
        drops[protocol, _BAD_MESSAGE_LENGTH] += 1
        return start
    if start + length > end:
        drops[protocol, _MESSAGE_CUT] += 1
        return end
    return start + length


@kernel
def walk(
    data: Any,
    offsets: Any,
    arrival: Any,
    address: Any,
    keys: Any,
    ids: Any,
    known: Any,
    limit: Any,
    heads: Any,
    sets: Any,
    drops: Any,
) -> Any:
    """Fill ``heads`` and ``sets``; the number of sets, or -1 if ``sets`` has too few rows.

    ``data`` is the address of the slab's first byte, ``offsets`` int64 (n + 1,), ``address``
    int64 (n, 2); ``drops`` int64 (4, reasons) is counted into.
    """
    k = 0
    for i in range(arrival.shape[0]):
        head = heads[i]
        start = data + offsets[i]
        end = data + offsets[i + 1]
        head[H_ARRIVAL_NS] = arrival[i]
        head[H_ADDRESS_HIGH] = address[i, 0]
        head[H_ADDRESS_LOW] = address[i, 1]
        body = _read_head(head, start, end - start, drops)
        if body < 0:
            continue
        if head[H_EXPORT_NS] == 0:
            head[H_EXPORT_NS] = arrival[i]
        protocol = head[H_PROTOCOL]
        tag = protocol << 32 | head[H_DOMAIN]
        head[H_SOURCE] = intern_source(
            keys, ids, known, limit, head[H_ADDRESS_HIGH], head[H_ADDRESS_LOW], tag
        )
        if head[H_SOURCE] < 0:
            drops[protocol, _TOO_MANY_SOURCES] += 1
            continue
        if protocol == V5:
            if k >= sets.shape[0]:
                return -1
            sets[k, S_HEAD] = i
            sets[k, S_ID] = V5_SET
            sets[k, S_START] = body
            sets[k, S_END] = _v5_end(start, end, drops)
            k += 1
            continue
        stated = _message_end(start, end, protocol, drops)
        k = _walk_sets(body, stated, end, i, protocol, sets, k, drops)
        if k < 0:
            return -1
    return k


def capacity(datagrams: int, data_bytes: int) -> int:
    """Rows of ``sets`` that are enough for most slabs; no set is shorter than 4 bytes."""
    return min(datagrams * 8 + 64, data_bytes // 4 + datagrams + 1)


def full_capacity(datagrams: int, data_bytes: int) -> int:
    """Rows of ``sets`` that are enough for any slab."""
    return data_bytes // 4 + datagrams + 1


__all__ = ["capacity", "full_capacity", "walk"]
