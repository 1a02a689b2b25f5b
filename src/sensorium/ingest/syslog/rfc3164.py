"""A message without a VERSION: RFC 3164 section 4 and what senders make of it, as kernels.

``data`` is the slab's address, ``row`` that of a message's row of positions.
"""

from __future__ import annotations

from typing import Final

from sensorium.ingest.compiled import inner
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
    NOT_A_TIME,
    SECOND,
    ends_stamp,
    is_digit,
    rfc3164,
    rfc3339,
)
from sensorium.ingest.syslog.marks import count, extra, field
from sensorium.ingest.syslog.memory import byte, position
from sensorium.ingest.syslog.octets import CLOSE, COLON, OPEN, PERCENT, POINT, SPACE, STAR
from sensorium.ingest.syslog.search import tag_end, token_end

# How a row's time is to be understood.
UTC_TIME: Final = 0
LOCAL_TIME: Final = 1
# What was found of a header: nothing, a time with a host and a tag after it, or all there is.
NOTHING: Final = 0
STAMPED: Final = 1
BARE: Final = 2


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
