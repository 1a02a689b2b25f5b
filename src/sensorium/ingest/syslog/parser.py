"""Where each part of each message stands, as kernels.

Nothing is copied here and nothing is lost: what does not fit the grammar stays in the body.
``data`` is the slab's address, ``row`` that of a message's row of positions.
"""

from __future__ import annotations

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.hosts import ORIGINAL_LENGTH, original_address
from sensorium.ingest.syslog.instants import (
    DAY,
    NOT_A_TIME,
    SECOND,
    days_from_civil,
    is_digit,
    year_of,
)
from sensorium.ingest.syslog.layout import Bytes, Flags, Ints, Positions
from sensorium.ingest.syslog.marks import count, extra, field
from sensorium.ingest.syslog.memory import byte, position, put_position, put_total, total
from sensorium.ingest.syslog.months import month_at
from sensorium.ingest.syslog.octets import SPACE
from sensorium.ingest.syslog.rfc3164 import LOCAL_TIME, UTC_TIME, meraki, own_time, parse_3164
from sensorium.ingest.syslog.rfc5424 import (
    dated_version_end,
    parse_5424,
    priority_at,
    version_end,
)
from sensorium.ingest.syslog.search import skip_bom, spaces_end


@inner
def _length(row: int, column: int) -> int:
    return position(row, column + 1) - position(row, column)


@inner
def _start_of(data: int, start: int, end: int) -> tuple[int, int]:
    """The priority of a message, -1 without, and where its header begins.

    An octet count (RFC 6587) that a sender puts into a datagram is passed over, and so are spaces
    before and after the priority, and a byte order mark after it.
    """
    priority, at = priority_at(data, spaces_end(data, start, end), end)
    if priority < 0 and end - start > 5 and 49 <= byte(data, start) <= 57:
        i = start
        while i < end and i < start + 7 and is_digit(byte(data, i)):
            i += 1
        if i < end and byte(data, i) == SPACE:
            priority, after = priority_at(data, i + 1, end)
            if priority >= 0:
                at = after
    if priority < 0:
        return priority, start
    return priority, spaces_end(data, skip_bom(data, at, end), end)


@inner
def _may_lack_priority(data: int, at: int, end: int) -> bool:
    """Whether a header may be looked for in a message without priority.

    A program's own log line begins with a date and a time; what follows is no host.
    """
    return not (end - at > 10 and is_digit(byte(data, at)) and byte(data, at + 10) == SPACE)


@inner
def _whole(row: int, start: int, end: int) -> None:
    """All of a message is its body."""
    for column in range(0, layout.PRIORITY):
        put_position(row, column, 0)
    put_position(row, layout.PRIORITY, -1)
    put_position(row, layout.ODD, 0)
    field(row, layout.BODY, start, end)


@inner
def _message(
    data: int, start: int, end: int, arrival: int, year: int, row: int, extras: int, totals: int
) -> tuple[int, int]:
    """Fill a message's row; its time or NOT_A_TIME, and whether that is LOCAL_TIME."""
    for column in range(layout.WIDTH):
        put_position(row, column, 0)
    start = skip_bom(data, start, end)
    priority, at = _start_of(data, start, end)
    put_position(row, layout.PRIORITY, priority)
    address, message = original_address(data, at, end) if priority >= 0 else (at, at)
    if message == at:
        return _headed(data, start, at, end, arrival, year, row, extras, totals)
    found = _headed(data, start, message, end, arrival, year, row, extras, totals)
    first = at + ORIGINAL_LENGTH
    extra(row, extras, layout.ORIGINAL, first, address, totals)
    if _length(row, layout.HOST) == 0:
        field(row, layout.HOST, first, address)
    return found


@inner
def _headed(
    data: int,
    start: int,
    at: int,
    end: int,
    arrival: int,
    year: int,
    row: int,
    extras: int,
    totals: int,
) -> tuple[int, int]:
    """As :func:`_message`, of a message whose header begins at ``at`` and whose row says its
    priority.
    """
    priority = position(row, layout.PRIORITY)
    time_ns, meaning = NOT_A_TIME, UTC_TIME
    if priority >= 0:
        after = version_end(data, at, end)
    else:
        after = dated_version_end(data, at, end)
        count(totals, layout.NO_PRIORITY, 1)
    if after > at:
        return parse_5424(data, at, after, end, row, extras, totals)
    if priority >= 0:
        time_ns = meraki(data, at, end, row)
        if time_ns != NOT_A_TIME:
            return time_ns, UTC_TIME
        if end - at > 10 and byte(data, at) == 49 and byte(data, at + 1) == SPACE:
            # A version before what is none of RFC 5424.
            at += 2 if month_at(data, at + 2, end) > 0 else 0
    headed = priority >= 0 or _may_lack_priority(data, start, end)
    stamps = total(totals, layout.NO_TIMESTAMP)
    if headed:
        time_ns, meaning, headed = parse_3164(data, at, end, arrival, year, row, extras, totals)
    if priority < 0:
        # Of a message without a priority nobody expects a time.
        put_total(totals, layout.NO_TIMESTAMP, stamps)
        if not headed:
            _whole(row, start, end)
            if not _may_lack_priority(data, start, end):
                return own_time(data, start, end, arrival, year)
    return time_ns, meaning


@inner
def _add_lengths(row: int, totals: int) -> None:
    """Count the bytes that a row's columns and attributes will have."""
    host = _length(row, layout.HOST)
    count(totals, layout.NAMELESS, host == 0)
    count(totals, layout.HOST_BYTES, host)
    count(totals, layout.APP_BYTES, _length(row, layout.APP))
    count(totals, layout.PROC_BYTES, _length(row, layout.PROC))
    count(totals, layout.BODY_BYTES, _length(row, layout.BODY))
    for column in (layout.VERSION, layout.MSGID, layout.STAMP, layout.DATA):
        count(totals, layout.VALUE_BYTES, _length(row, column))


@kernel
def parse(
    bytes_: Bytes,
    starts: Ints,
    ends: Ints,
    arrivals: Ints,
    numbers: Ints,
    rows: Positions,
    extra_rows: Positions,
    times: Ints,
    local: Flags,
    counts: Ints,
) -> None:
    """Parse the messages with these ``numbers``: fill their ``rows`` (n * WIDTH), ``extra_rows``
    (n * EXTRA_WIDTH, where ODD says so), ``times`` (n,) and ``local`` (n,); add to ``counts``
    (TOTALS,).

    Message ``m`` is ``bytes_[starts[m]:ends[m]]`` and arrived at ``arrivals[m]``. Where it states
    no time, that is its arrival; ``local`` marks times that are civil time in the sender's zone.
    """
    data, totals, first_row = bytes_.ctypes.data, counts.ctypes.data, rows.ctypes.data
    first_extra = extra_rows.ctypes.data
    year, year_start, year_end = 1970, 0, 0
    for m in numbers:
        # Not counted up: numba would make a float of an address that is first unsigned.
        row, extras = first_row + m * layout.WIDTH * 4, first_extra + m * layout.EXTRA_WIDTH * 4
        arrival = arrivals[m]
        if not year_start <= arrival < year_end:
            year = year_of(max(arrival, 0))
            year_start = days_from_civil(year, 1, 1) * DAY * SECOND
            year_end = year_start + 365 * DAY * SECOND
        time_ns, meaning = _message(data, starts[m], ends[m], arrival, year, row, extras, totals)
        times[m] = arrival if time_ns == NOT_A_TIME else time_ns
        local[m] = meaning == LOCAL_TIME and time_ns != NOT_A_TIME
        _add_lengths(row, totals)
