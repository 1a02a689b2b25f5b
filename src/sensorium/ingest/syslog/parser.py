"""Where each part of each message stands: RFC 5424 section 6, RFC 3164 section 4, as kernels.

Nothing is copied here and nothing is lost: what does not fit the grammar stays in the body.
``data`` is the slab's address, ``row`` that of a message's row of positions.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.instants import (
    DAY,
    NOT_A_TIME,
    SECOND,
    days_from_civil,
    is_digit,
    rfc3164,
    rfc3339,
    year_of,
)
from sensorium.ingest.syslog.layout import Bytes, Flags, Ints, Positions
from sensorium.ingest.syslog.memory import byte, position, put_position, put_total, total
from sensorium.ingest.syslog.search import tag_end, token_end
from sensorium.ingest.syslog.structured import measure

SPACE: Final = 32
DASH: Final = 45
COLON: Final = 58
LESS: Final = 60
GREATER: Final = 62
OPEN: Final = 91
CLOSE: Final = 93

# How a row's time is to be understood.
UTC_TIME: Final = 0
LOCAL_TIME: Final = 1


@inner
def priority_at(data: int, at: int, end: int) -> tuple[int, int]:
    """The PRI at ``at`` and the position after it; -1 and ``at`` where there is none lawful."""
    if end - at < 3 or byte(data, at) != LESS:
        return -1, at
    value, i = 0, at + 1
    while i < end and i < at + 4 and is_digit(byte(data, i)):
        value = value * 10 + byte(data, i) - 48
        i += 1
    if i == at + 1 or i >= end or byte(data, i) != GREATER or value > 191:
        return -1, at
    return value, i + 1


@inner
def version_end(data: int, at: int, end: int) -> int:
    """The position after the VERSION of an RFC 5424 header; ``at`` where this is no such header.

    It is one when the number stands alone, or a timestamp or the nil value follows.
    """
    i = at
    while i < end and i < at + 3 and is_digit(byte(data, i)):
        i += 1
    if i == at or byte(data, at) == 48:
        return at
    if i == end:
        return i
    if byte(data, i) != SPACE or i + 1 >= end:
        return at
    if byte(data, i + 1) == DASH and (i + 2 == end or byte(data, i + 2) == SPACE):
        return i
    dated = end - i > 5 and is_digit(byte(data, i + 1)) and is_digit(byte(data, i + 2))
    if (
        dated
        and is_digit(byte(data, i + 3))
        and is_digit(byte(data, i + 4))
        and byte(data, i + 5) == DASH
    ):
        return i
    return at


@inner
def _skip_bom(data: int, at: int, end: int) -> int:
    """The position after a UTF-8 byte order mark, if one stands at ``at``."""
    if (
        end - at >= 3
        and byte(data, at) == 0xEF
        and byte(data, at + 1) == 0xBB
        and byte(data, at + 2) == 0xBF
    ):
        return at + 3
    return at


@inner
def _field(row: int, column: int, start: int, end: int) -> None:
    put_position(row, column, start)
    put_position(row, column + 1, end)


@inner
def _count(totals: int, index: int, more: int) -> None:
    put_total(totals, index, total(totals, index) + more)


@inner
def _nil(data: int, start: int, end: int) -> bool:
    return end == start or (end == start + 1 and byte(data, start) == DASH)


@inner
def _body_5424(data: int, at: int, end: int, row: int, totals: int) -> None:
    """Structured data and message, ``at`` being where structured data must stand."""
    body = at
    if byte(data, at) == DASH and (at + 1 == end or byte(data, at + 1) == SPACE):
        body = at + 1
    elif byte(data, at) == OPEN:
        after, entries, keys = measure(data, at, end)
        if after >= 0:
            _field(row, layout.DATA, at, after)
            _count(totals, layout.ENTRIES, entries)
            _count(totals, layout.KEY_BYTES, keys)
            body = after
    if body == at:
        _count(totals, layout.STRUCTURED_DATA, 1)
    elif body < end:
        body += 1
    _field(row, layout.BODY, _skip_bom(data, body, end), end)


@inner
def parse_5424(data: int, at: int, after: int, end: int, row: int, totals: int) -> int:
    """An RFC 5424 message whose VERSION is ``data[at:after]``; its time or NOT_A_TIME."""
    time_ns = NOT_A_TIME
    _field(row, layout.VERSION, at, after)
    i = after
    for column in (layout.STAMP, layout.HOST, layout.APP, layout.PROC, layout.MSGID):
        if i >= end:
            _count(totals, layout.INCOMPLETE_HEADER, 1)
            return time_ns
        start = i + 1
        i = token_end(data, start, end)
        if _nil(data, start, i):
            continue
        if column == layout.STAMP:
            time_ns = rfc3339(data, start, i)
            if time_ns != NOT_A_TIME:
                continue
            _count(totals, layout.BAD_TIMESTAMP, 1)
        _field(row, column, start, i)
    if i + 1 >= end:
        _count(totals, layout.INCOMPLETE_HEADER, 1)
        return time_ns
    _body_5424(data, i + 1, end, row, totals)
    return time_ns


@inner
def _tag(data: int, at: int, end: int, row: int) -> int:
    """Read ``app:``, ``app[pid]:`` or ``app[pid]`` at ``at``; where the text after it begins.

    It must be followed by white space or the end; anything else is no tag and stays text.
    """
    i = tag_end(data, at, end)
    name, process, process_end = i, 0, 0
    if name == at or i >= end or byte(data, i) <= SPACE:
        return at
    if byte(data, i) == OPEN:
        process = i + 1
        i = process
        while i < end and byte(data, i) > SPACE and byte(data, i) != CLOSE:
            i += 1
        if i >= end or byte(data, i) != CLOSE:
            return at
        process_end = i
        i += 1
    if i < end and byte(data, i) == COLON:
        i += 1
    if i < end and byte(data, i) != SPACE and byte(data, i) != 9:
        return at
    _field(row, layout.APP, at, name)
    if process_end > process:
        _field(row, layout.PROC, process, process_end)
    return i + 1 if i < end and byte(data, i) == SPACE else i


@inner
def parse_3164(
    data: int, at: int, end: int, arrival_ns: int, year: int, row: int, totals: int
) -> tuple[int, int]:
    """A message without VERSION; its time or NOT_A_TIME, and whether that is local time."""
    meaning = UTC_TIME
    i = token_end(data, at, min(end, at + 40)) if end > at and is_digit(byte(data, at)) else at
    time_ns = rfc3339(data, at, i) if i > at else NOT_A_TIME
    if time_ns == NOT_A_TIME:
        meaning = LOCAL_TIME
        time_ns, i = rfc3164(data, at, end, arrival_ns, year)
    if time_ns == NOT_A_TIME:
        _count(totals, layout.NO_TIMESTAMP, 1)
        i = at
    elif i < end:
        start = i + 1
        i = token_end(data, start, end)
        # A sender that leaves its name out puts the tag here; the transport knows its address.
        if i > start and byte(data, i - 1) != COLON and byte(data, i - 1) != CLOSE:
            _field(row, layout.HOST, start, i)
            i = min(i + 1, end)
        else:
            i = start
    _field(row, layout.BODY, _tag(data, i, end, row), end)
    return time_ns, meaning


@inner
def _length(row: int, column: int) -> int:
    return position(row, column + 1) - position(row, column)


@kernel
def parse(
    bytes_: Bytes,
    starts: Ints,
    ends: Ints,
    arrivals: Ints,
    rows: Positions,
    times: Ints,
    local: Flags,
) -> Ints:
    """Fill ``rows`` (n * WIDTH, zeroed), ``times`` (n,) and ``local`` (n,); return the TOTALS.

    Message ``m`` is ``bytes_[starts[m]:ends[m]]`` and arrived at ``arrivals[m]``. Where it states
    no time, that is its arrival; ``local`` marks times that are civil time in the sender's zone.
    """
    counts = np.zeros(layout.TOTALS, np.int64)
    data, totals, first_row = bytes_.ctypes.data, counts.ctypes.data, rows.ctypes.data
    year, year_start, year_end = 1970, 0, 0
    hosts = apps = processes = bodies = values = 0
    for m in range(len(starts)):
        row, end, arrival = first_row + m * layout.WIDTH * 4, ends[m], arrivals[m]
        if not year_start <= arrival < year_end:
            year = year_of(max(arrival, 0))
            year_start = days_from_civil(year, 1, 1) * DAY * SECOND
            year_end = year_start + 365 * DAY * SECOND
        start = _skip_bom(data, starts[m], end)
        priority, at = priority_at(data, start, end)
        put_position(row, layout.PRIORITY, priority)
        time_ns, meaning = NOT_A_TIME, UTC_TIME
        after = version_end(data, at, end)
        if priority < 0:
            counts[layout.NO_PRIORITY] += 1
            _field(row, layout.BODY, start, end)
        elif after > at:
            time_ns = parse_5424(data, at, after, end, row, totals)
        else:
            time_ns, meaning = parse_3164(data, at, end, arrival, year, row, totals)
        times[m] = arrival if time_ns == NOT_A_TIME else time_ns
        local[m] = meaning == LOCAL_TIME and time_ns != NOT_A_TIME
        hosts += _length(row, layout.HOST)
        apps += _length(row, layout.APP)
        processes += _length(row, layout.PROC)
        bodies += _length(row, layout.BODY)
        values += _length(row, layout.VERSION) + _length(row, layout.MSGID)
        values += _length(row, layout.STAMP) + _length(row, layout.DATA)
    counts[layout.HOST_BYTES], counts[layout.APP_BYTES] = hosts, apps
    counts[layout.PROC_BYTES], counts[layout.BODY_BYTES] = processes, bodies
    counts[layout.VALUE_BYTES] = values
    return counts
