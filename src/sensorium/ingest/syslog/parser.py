"""Where each part of each message stands: RFC 5424 section 6, RFC 3164 section 4, as kernels.

Nothing is copied here and nothing is lost: what does not fit the grammar stays in the body.
``data`` is the slab's address, ``row`` that of a message's row of positions.
"""

from __future__ import annotations

from typing import Final

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.dialects import (
    any_stamp,
    cisco_tag,
    forget,
    fortios,
    is_repetition,
    lead_in,
    repeated,
    topics,
    uptime,
    zone_after,
)
from sensorium.ingest.syslog.instants import (
    DAY,
    NOT_A_TIME,
    SECOND,
    days_from_civil,
    ends_stamp,
    is_digit,
    rfc3164,
    rfc3339,
    year_of,
)
from sensorium.ingest.syslog.layout import Bytes, Flags, Ints, Positions
from sensorium.ingest.syslog.marks import count, extra, field
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

PERCENT: Final = 37
STAR: Final = 42
POINT: Final = 46

# How a row's time is to be understood.
UTC_TIME: Final = 0
LOCAL_TIME: Final = 1
# What was found of a header: nothing, a time with a host and a tag after it, or all there is.
NOTHING: Final = 0
STAMPED: Final = 1
BARE: Final = 2


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

    It is one when the number stands alone, or a timestamp, the nil value or a PRI follows: that
    is the next message, where a frame was counted too short or a sender was cut off.
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
    nil = byte(data, i + 1) == DASH and (i + 2 == end or byte(data, i + 2) == SPACE)
    if nil or priority_at(data, i + 1, end)[0] >= 0:
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
            field(row, layout.DATA, at, after)
            count(totals, layout.ENTRIES, entries)
            count(totals, layout.KEY_BYTES, keys)
            body = after
    if body == at:
        count(totals, layout.STRUCTURED_DATA, 1)
    elif body < end:
        body += 1
    field(row, layout.BODY, _skip_bom(data, body, end), end)


@inner
def parse_5424(data: int, at: int, after: int, end: int, row: int, totals: int) -> int:
    """An RFC 5424 message whose VERSION is ``data[at:after]``; its time or NOT_A_TIME."""
    time_ns = NOT_A_TIME
    field(row, layout.VERSION, at, after)
    i = after
    for column in (layout.STAMP, layout.HOST, layout.APP, layout.PROC, layout.MSGID):
        if i >= end:
            count(totals, layout.INCOMPLETE_HEADER, 1)
            return time_ns
        start = i + 1
        i = token_end(data, start, end)
        if _nil(data, start, i):
            continue
        if column == layout.STAMP:
            time_ns = rfc3339(data, start, i)
            if time_ns != NOT_A_TIME:
                continue
            count(totals, layout.BAD_TIMESTAMP, 1)
        field(row, column, start, i)
    if i + 1 >= end:
        count(totals, layout.INCOMPLETE_HEADER, 1)
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
    field(row, layout.APP, at, name)
    if process_end > process:
        field(row, layout.PROC, process, process_end)
    return i + 1 if i < end and byte(data, i) == SPACE else i


@inner
def _odd_header(
    data: int, at: int, end: int, arrival_ns: int, year: int, row: int, extras: int, totals: int
) -> tuple[int, int, int, int]:
    """A header that does not begin with the usual time: time, position after, meaning, form.

    The form is NOTHING where it is none, with ``at`` as position.
    """
    time_ns, i, local = any_stamp(data, at, end, arrival_ns, year)
    if time_ns != NOT_A_TIME:
        return time_ns, i, local, STAMPED
    time_ns, local = fortios(data, at, end, row)
    if time_ns != NOT_A_TIME:
        return time_ns, at, local, BARE
    start, led = lead_in(data, at, end, row, extras, totals)
    if led:
        time_ns, i, local = any_stamp(data, start, end, arrival_ns, year)
        if time_ns != NOT_A_TIME:
            return time_ns, i, local, STAMPED
    i = uptime(data, start, end, row, extras, totals)
    if i > start:
        return NOT_A_TIME, i, LOCAL_TIME, STAMPED
    if start < end and byte(data, start) == PERCENT:
        after, text = cisco_tag(data, start, end, row, extras, totals)
        if text > start:
            field(row, layout.APP, start, after)
            return NOT_A_TIME, text, LOCAL_TIME, BARE
    forget(row)
    return NOT_A_TIME, at, LOCAL_TIME, NOTHING


@inner
def _host(data: int, at: int, end: int, row: int) -> int:
    """Read what may stand between the time that ended at ``at`` and the tag; where that begins."""
    start = at
    if at < end and byte(data, at) != COLON:
        start = at + 1
        while start < end and byte(data, start) == SPACE:
            start += 1
    if start >= end:
        return start
    if byte(data, start) == COLON and ends_stamp(data, start, end):
        return min(start + 2, end)
    named = position(row, layout.HOST + 1) > 0
    if named or byte(data, start) == PERCENT or is_repetition(data, start, end):
        return start
    i = token_end(data, start, end)
    # A sender that leaves its name out puts the tag here; the transport knows its address.
    if i == start or byte(data, i - 1) == COLON or byte(data, i - 1) == CLOSE:
        return start
    field(row, layout.HOST, start, i)
    i = min(i + 1, end)
    if i < end and byte(data, i) == COLON and ends_stamp(data, i, end):
        i = min(i + 2, end)
    return i


@inner
def _relayed(
    data: int, at: int, end: int, arrival_ns: int, year: int, row: int, extras: int, totals: int
) -> int:
    """Read a Cisco header that a relay put its own before; where the text begins, or ``at``.

    The relay's time stands: it has a year, and a clock that is set.
    """
    first = byte(data, at)
    if not (is_digit(first) or first in (STAR, POINT)) or position(row, layout.ODD) > 0:
        return at
    host, host_end = position(row, layout.HOST), position(row, layout.HOST + 1)
    i, led = lead_in(data, at, end, row, extras, totals)
    if led:
        time_ns, stamp, _ = any_stamp(data, i, end, arrival_ns, year)
        if time_ns != NOT_A_TIME:
            i = zone_after(data, stamp, end)[1]
        else:
            i = uptime(data, i, end, row, extras, totals)
        if end - i > 2 and byte(data, i) == COLON:
            i += 2
        after, text = cisco_tag(data, i, end, row, extras, totals)
        if text > i:
            field(row, layout.APP, i, after)
            return text
    forget(row)
    field(row, layout.HOST, host, host_end)
    return at


@inner
def _text(
    data: int, at: int, end: int, arrival_ns: int, year: int, row: int, extras: int, totals: int
) -> int:
    """Read the tag at ``at`` and what some dialects put after it; where the body begins."""
    if at >= end:
        return at
    if byte(data, at) == PERCENT:
        after, text = cisco_tag(data, at, end, row, extras, totals)
        if text > at:
            field(row, layout.APP, at, after)
            return text
    i = _relayed(data, at, end, arrival_ns, year, row, extras, totals)
    if i > at:
        return i
    i = _tag(data, at, end, row)
    if i > at:
        if i < end and byte(data, i) == PERCENT:
            i = cisco_tag(data, i, end, row, extras, totals)[1]
    else:
        i = topics(data, at, end, row, extras, totals)
    if i < end and (byte(data, i) == 108 or byte(data, i) == 109):
        repeated(data, i, end, row, extras, totals)
    return i


@inner
def parse_3164(
    data: int, at: int, end: int, arrival_ns: int, year: int, row: int, extras: int, totals: int
) -> tuple[int, int, bool]:
    """A message without VERSION; its time or NOT_A_TIME, whether that is local time (LOCAL_TIME),
    and whether it has a header: without one all of it is text.
    """
    form, meaning, i = STAMPED, UTC_TIME, at
    time_ns = NOT_A_TIME
    if at < end and is_digit(byte(data, at)):
        i = token_end(data, at, min(end, at + 40))
        time_ns = rfc3339(data, at, i)
    else:
        meaning = LOCAL_TIME
        time_ns, i = rfc3164(data, at, end, arrival_ns, year, 0)
    if time_ns == NOT_A_TIME:
        time_ns, i, meaning, form = _odd_header(
            data, at, end, arrival_ns, year, row, extras, totals
        )
    if time_ns == NOT_A_TIME:
        count(totals, layout.NO_TIMESTAMP, 1)
    elif meaning == LOCAL_TIME and form == STAMPED:
        offset, zone, known = zone_after(data, i, end)
        if known:
            time_ns -= offset * SECOND
            meaning = UTC_TIME
        elif zone > i:
            extra(row, extras, layout.ZONE, i + 1, zone, totals)
        i = zone
    if form == STAMPED:
        i = _host(data, i, end, row)
    if form != BARE:
        i = _text(data, i, end, arrival_ns, year, row, extras, totals)
    field(row, layout.BODY, i, end)
    return time_ns, meaning, form != NOTHING


@inner
def _length(row: int, column: int) -> int:
    return position(row, column + 1) - position(row, column)


@inner
def _start_of(data: int, start: int, end: int) -> tuple[int, int]:
    """The priority of a message, -1 without, and where its header begins.

    An octet count (RFC 6587) that a sender puts into a datagram is passed over.
    """
    priority, at = priority_at(data, start, end)
    if priority < 0 and end - start > 5 and 49 <= byte(data, start) <= 57:
        i = start
        while i < end and i < start + 7 and is_digit(byte(data, i)):
            i += 1
        if i < end and byte(data, i) == SPACE:
            priority, after = priority_at(data, i + 1, end)
            if priority >= 0:
                at = after
    return priority, at


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
    start = _skip_bom(data, start, end)
    priority, at = _start_of(data, start, end)
    put_position(row, layout.PRIORITY, priority)
    time_ns, meaning = NOT_A_TIME, UTC_TIME
    after = at if priority < 0 else version_end(data, at, end)
    if after > at:
        return parse_5424(data, at, after, end, row, totals), UTC_TIME
    headed = priority >= 0 or _may_lack_priority(data, start, end)
    stamps = total(totals, layout.NO_TIMESTAMP)
    if headed:
        time_ns, meaning, headed = parse_3164(data, at, end, arrival, year, row, extras, totals)
    if priority < 0:
        count(totals, layout.NO_PRIORITY, 1)
        # Of a message without a priority nobody expects a time.
        put_total(totals, layout.NO_TIMESTAMP, stamps)
        if not headed:
            _whole(row, start, end)
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
