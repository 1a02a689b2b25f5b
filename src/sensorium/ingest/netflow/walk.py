"""The walk over a slab: every datagram's head, and every set inside it, without looking inside."""

from __future__ import annotations

from typing import Any

from sensorium.ingest.compiled import uncounted, uncounted_kernel
from sensorium.ingest.netflow import reasons
from sensorium.ingest.netflow.layout import (
    AGGREGATIONS,
    C_DROPS,
    FIRST_DATA_SET,
    H_ADDRESS_HIGH,
    H_ADDRESS_LOW,
    H_ARRIVAL_NS,
    H_DOMAIN,
    H_EXPORT_NS,
    H_LENGTH,
    H_PORT,
    H_PROTOCOL,
    H_SAMPLING,
    H_SEQUENCE,
    H_SESSION,
    H_SOURCE,
    H_UNREAD,
    H_UPTIME_MS,
    HEADER_BYTES,
    IPFIX,
    MOST_RECORDS,
    RECORD_BYTES,
    RECORD_SET,
    S_END,
    S_HEAD,
    S_ID,
    S_START,
    UNKNOWN,
    V1,
    V5,
    V7,
    V8,
    V9,
    WITHOUT_TEMPLATES,
)
from sensorium.ingest.netflow.sources import SESSION_SHIFT, intern_source
from sensorium.ingest.netflow.wire import load_u8, load_u16, load_u32

_SHORT_HEADER = reasons.SHORT_HEADER
_UNKNOWN_VERSION = reasons.UNKNOWN_VERSION
_BAD_RECORD_COUNT = reasons.BAD_RECORD_COUNT
_RECORDS_CUT = reasons.RECORDS_CUT
_MESSAGE_CUT = reasons.MESSAGE_CUT
_BAD_MESSAGE_LENGTH = reasons.BAD_MESSAGE_LENGTH
_BAD_SET_LENGTH = reasons.BAD_SET_LENGTH
_RESERVED_SET = reasons.RESERVED_SET

_SECOND = 1_000_000_000

# Why the walk stopped.
DONE = 0
NO_SETS = 1
NO_SOURCE = 2


@uncounted
def _protocol_of(version: Any) -> Any:
    """Which protocol has a version word: newer ones first, for they are the usual ones."""
    if version == 10:
        return IPFIX
    if version == 9:
        return V9
    if version == 5:
        return V5
    if version == 8:
        return V8
    return V7 if version == 7 else V1 if version == 1 else UNKNOWN


@uncounted
def _form_of(protocol: Any, start: Any) -> Any:
    """The form of a datagram's records; that of NetFlow v8 is the aggregation that it says."""
    return protocol if protocol != V8 else V8 + load_u8(start + 22) - 1


@uncounted
def _has_header(head: Any, start: Any, length: Any) -> Any:
    """Whether a datagram has a whole header of a version, and an aggregation, that is known."""
    head[H_PROTOCOL] = UNKNOWN
    head[H_SOURCE] = -1
    if length < 2:
        return False
    protocol = _protocol_of(load_u16(start))
    if protocol == UNKNOWN or length < HEADER_BYTES[protocol]:
        return False
    return protocol != V8 or 0 <= load_u8(start + 22) - 1 < AGGREGATIONS


@uncounted
def _count_headless(start: Any, length: Any, drops: Any) -> None:
    if length < 2:
        drops[UNKNOWN, _SHORT_HEADER] += 1
        return
    protocol = _protocol_of(load_u16(start))
    short = protocol != UNKNOWN and length < HEADER_BYTES[protocol]
    drops[protocol, _SHORT_HEADER if short else _UNKNOWN_VERSION] += 1


@uncounted
def _read_head(head: Any, start: Any, length: Any) -> Any:
    """Fill a head's protocol fields; the address after the header."""
    protocol = _protocol_of(load_u16(start))
    head[H_PROTOCOL] = protocol
    head[H_SAMPLING] = 0
    head[H_UNREAD] = 0
    head[H_LENGTH] = length
    header = HEADER_BYTES[protocol]
    if protocol == IPFIX:
        head[H_EXPORT_NS] = load_u32(start + 4) * _SECOND
        head[H_SEQUENCE] = load_u32(start + 8)
        head[H_DOMAIN] = load_u32(start + 12)
        head[H_UPTIME_MS] = -1
        return start + header
    head[H_UPTIME_MS] = load_u32(start + 4)
    head[H_EXPORT_NS] = load_u32(start + 8) * _SECOND
    if protocol == V9:
        head[H_SEQUENCE] = load_u32(start + 12)
        head[H_DOMAIN] = load_u32(start + 16)
        return start + header
    if head[H_EXPORT_NS] != 0:
        head[H_EXPORT_NS] += load_u32(start + 12)
    head[H_SEQUENCE] = 0 if protocol == V1 else load_u32(start + 16)
    head[H_DOMAIN] = 0
    if protocol == V5:
        head[H_DOMAIN] = load_u16(start + 20)
        head[H_SAMPLING] = load_u16(start + 22) & 0x3FFF
    elif protocol == V8:
        # Each aggregation of an engine has its own cache, and so its own sequence.
        head[H_DOMAIN] = load_u8(start + 22) << 16 | load_u16(start + 20)
    return start + header


@uncounted
def drop(head: Any, reason: Any, count: Any, drops: Any, counts: Any) -> None:
    """Count what of a datagram is not used, for its protocol and its source."""
    drops[head[H_PROTOCOL], reason] += count
    counts[head[H_SOURCE], C_DROPS + reason] += count


@uncounted
def _records_end(head: Any, start: Any, end: Any, drops: Any, counts: Any) -> Any:
    """Where the last whole record of a datagram without templates ends."""
    protocol = head[H_PROTOCOL]
    form = _form_of(protocol, start)
    announced = load_u16(start + 2)
    first = start + HEADER_BYTES[protocol]
    room = (end - first) // RECORD_BYTES[form]
    if announced > room:
        if announced > MOST_RECORDS[form]:
            drop(head, _BAD_RECORD_COUNT, 1, drops, counts)
            return first
        head[H_UNREAD] = announced - room
        drop(head, _RECORDS_CUT, head[H_UNREAD], drops, counts)
        announced = room
    return first + announced * RECORD_BYTES[form]


@uncounted
def _only_zeros(start: Any, end: Any) -> Any:
    bits = 0
    for address in range(start, end):
        bits |= load_u8(address)
    return bits == 0


@uncounted
def _walk_sets(
    head: Any,
    start: Any,
    end: Any,
    limit: Any,
    datagram: Any,
    sets: Any,
    k: Any,
    drops: Any,
    counts: Any,
) -> Any:
    """Append the sets that begin before ``end`` from row ``k`` on; the next free row.

    A set may reach up to ``limit``: some exporters state an IPFIX length that is too small, and the
    datagram's own says what was meant. Of an IPFIX message with a set of an impossible length
    nothing is used (RFC 7011 section 9.1).
    """
    first = k
    base = 2 if head[H_PROTOCOL] == IPFIX else 0
    while end - start >= 4:
        set_id = load_u16(start)
        length = load_u16(start + 2)
        if length < 4 or start + length > limit:
            # Some exporters send datagrams of one size and fill the rest with zeros.
            if set_id != 0 or length != 0 or not _only_zeros(start, end):
                drop(head, _BAD_SET_LENGTH, 1, drops, counts)
                head[H_UNREAD] = 1
                k = first if head[H_PROTOCOL] == IPFIX else k
            break
        kind = set_id if set_id >= FIRST_DATA_SET else set_id - base
        if set_id >= FIRST_DATA_SET or 0 <= kind <= 1:
            sets[k, S_HEAD] = datagram
            sets[k, S_ID] = kind
            sets[k, S_START] = start + 4
            sets[k, S_END] = start + length
            k += 1
        else:
            drop(head, _RESERVED_SET, 1, drops, counts)
            head[H_UNREAD] = 1
        start += length
    return k


@uncounted
def _message_end(head: Any, start: Any, end: Any, drops: Any, counts: Any) -> Any:
    """Where sets stop beginning: an IPFIX message says how long it is; one that is cut has none."""
    if head[H_PROTOCOL] != IPFIX:
        return end
    length = load_u16(start + 2)
    if length < HEADER_BYTES[IPFIX]:
        drop(head, _BAD_MESSAGE_LENGTH, 1, drops, counts)
        head[H_UNREAD] = 1
        return start
    if start + length > end:
        drop(head, _MESSAGE_CUT, 1, drops, counts)
        head[H_UNREAD] = 1
        return start
    return start + length


@uncounted_kernel
def walk(
    data: Any,
    offsets: Any,
    arrival: Any,
    address: Any,
    sender: Any,
    first: Any,
    keys: Any,
    ids: Any,
    free: Any,
    tallies: Any,
    heads: Any,
    sets: Any,
    drops: Any,
    counts: Any,
) -> Any:
    """Fill ``heads`` and ``sets``; why it stopped, as above.

    It goes on at datagram ``first[0]`` and row ``first[1]`` of the sets, and leaves there where it
    stopped: at the end, or before a datagram whose sets may not fit in or whose source has no room.
    ``data`` is the address of the slab's first byte, ``offsets`` int64 (n + 1,), ``address`` int64
    (n, 2), ``sender`` int64 (n,) a session above the 16 bits of a port. It counts into both last.
    """
    k = first[1]
    for i in range(first[0], arrival.shape[0]):
        first[0] = i
        first[1] = k
        head = heads[i]
        start = data + offsets[i]
        end = data + offsets[i + 1]
        if sets.shape[0] - k <= (end - start) // 4:
            return NO_SETS
        head[H_ARRIVAL_NS] = arrival[i]
        head[H_ADDRESS_HIGH] = address[i, 0]
        head[H_ADDRESS_LOW] = address[i, 1]
        head[H_PORT] = sender[i] & 0xFFFF
        head[H_SESSION] = sender[i] >> 16
        if not _has_header(head, start, end - start):
            _count_headless(start, end - start, drops)
            continue
        body = _read_head(head, start, end - start)
        head[H_EXPORT_NS] = head[H_EXPORT_NS] or arrival[i]
        tag = head[H_SESSION] << SESSION_SHIFT | head[H_PROTOCOL] << 32 | head[H_DOMAIN]
        head[H_SOURCE] = intern_source(
            keys, ids, free, tallies, head[H_ADDRESS_HIGH], head[H_ADDRESS_LOW], tag
        )
        if head[H_SOURCE] < 0:
            return NO_SOURCE
        if head[H_PROTOCOL] < WITHOUT_TEMPLATES:
            sets[k, S_HEAD] = i
            sets[k, S_ID] = RECORD_SET + _form_of(head[H_PROTOCOL], start)
            sets[k, S_START] = body
            sets[k, S_END] = _records_end(head, start, end, drops, counts)
            k += 1
        else:
            stated = _message_end(head, start, end, drops, counts)
            k = _walk_sets(head, body, stated, end, i, sets, k, drops, counts)
    first[0] = arrival.shape[0]
    first[1] = k
    return DONE


def capacity(datagrams: int, data_bytes: int) -> int:
    """Rows of ``sets`` that are enough for most slabs; no set is shorter than 4 bytes."""
    return min(datagrams * 8 + 512, full_capacity(datagrams, data_bytes))


def full_capacity(datagrams: int, data_bytes: int) -> int:
    """Rows of ``sets`` that are enough for any slab."""
    return data_bytes // 4 + datagrams + 1


__all__ = ["DONE", "NO_SETS", "NO_SOURCE", "capacity", "drop", "full_capacity", "walk"]
