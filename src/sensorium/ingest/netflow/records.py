"""Record boundaries inside one data set, where records vary in length or have two directions."""

from __future__ import annotations

from typing import Any

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.wire import lane, load_u8, load_u16, load_u64, set_lane

_P_KIND = at.P_KIND
_P_LENGTH = at.P_LENGTH
_P_SEGMENTS = at.P_SEGMENTS
_P_SEGMENTS_END = at.P_SEGMENTS_END
_P_PACKETS_SEGMENT = at.P_PACKETS_SEGMENT
_P_BYTES_SEGMENT = at.P_BYTES_SEGMENT
_P_BOOT = at.P_BOOT
_LANES = at.LANES
_FIXED = at.FIXED
_WALKED = at.WALKED

ENDS = 1
"""A set is shorter than its only record."""
OVERRUN = 2
"""A value of variable length is longer than its set."""


@uncounted
def uptime_of(program: Any, start: Any, export_ns: Any, otherwise: Any) -> Any:
    """sysUpTime at export by the boot time that a record states itself, else ``otherwise``."""
    if program[_P_BOOT] < 0:
        return otherwise
    boot_ms = load_u64(start + program[_P_BOOT])
    return (export_ns // 1_000_000 - boot_ms) & 0xFFFFFFFF if boot_ms > 0 else otherwise


@uncounted
def next_record(
    program: Any, segments: Any, start: Any, end: Any, base: Any, lengths: Any, place: Any
) -> Any:
    """Find a record's segments; the address after it, -1 if the set ends first.

    ``base`` and ``lengths`` are addresses of lanes: segment ``s`` of the record at ``place``
    starts at ``base[s][place]``; the variable-length field before it has that many bytes in
    ``lengths``. A variable length is one byte, or 255 and two bytes (RFC 7011
    section 7).
    """
    first = program[_P_SEGMENTS]
    set_lane(base, place, start)
    start += segments[first]
    for index in range(first + 1, program[_P_SEGMENTS_END]):
        if start + 1 > end:
            return -1
        length = load_u8(start)
        start += 1
        if length == 255:
            if start + 2 > end:
                return -1
            length = load_u16(start)
            start += 2
        start += length
        set_lane(base, _LANES * (index - first) + place, start)
        set_lane(lengths, _LANES * (index - first) + place, length)
        start += segments[index]
    return start if start <= end else -1


@uncounted
def _any_byte(program: Any, counter: Any, base: Any, place: Any) -> Any:
    first = lane(base, _LANES * program[counter] + place) + program[counter + 1]
    bits = 0
    for address in range(first, first + program[counter + 2]):
        bits |= load_u8(address)
    return bits != 0


@uncounted
def reverse_set(program: Any, base: Any, place: Any) -> Any:
    """Whether the record in a lane counts anything in its reverse direction."""
    return _any_byte(program, _P_PACKETS_SEGMENT, base, place) or _any_byte(
        program, _P_BYTES_SEGMENT, base, place
    )


@uncounted
def count_records(
    program: Any, segments: Any, start: Any, end: Any, base: Any, lengths: Any
) -> Any:
    """Records in a set, rows they make, and whether the set ends inside a record: ENDS or OVERRUN.

    What is left after the last record is padding if it is shorter than any record.
    """
    least = program[_P_LENGTH]
    one_segment = program[_P_SEGMENTS_END] - program[_P_SEGMENTS] == 1
    if program[_P_KIND] == _FIXED or (program[_P_KIND] != _WALKED and one_segment):
        records = (end - start) // least
        return records, records, ENDS if records == 0 and end - start > 3 else 0
    records = 0
    rows = 0
    while end - start >= least:
        after = next_record(program, segments, start, end, base, lengths, 0)
        if after < 0:
            return records, rows, OVERRUN
        records += 1
        rows += 2 if reverse_set(program, base, 0) else 1
        start = after
    return records, rows, ENDS if records == 0 and end - start > 3 else 0
