"""A message with a VERSION: RFC 5424 section 6, as kernels.

``data`` is the slab's address, ``row`` that of a message's row of positions.
"""

from __future__ import annotations

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.cisco_tag import cisco_tag
from sensorium.ingest.syslog.instants import NOT_A_TIME, is_digit, iso_local, rfc3339
from sensorium.ingest.syslog.marks import count, field
from sensorium.ingest.syslog.memory import byte
from sensorium.ingest.syslog.octets import COLON, DASH, GREATER, LESS, OPEN, PERCENT, SPACE
from sensorium.ingest.syslog.search import skip_bom, token_end
from sensorium.ingest.syslog.structured import measure


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
def dated_version_end(data: int, at: int, end: int) -> int:
    """As :func:`version_end`, where no PRI stands before: only a 1 and a time are one."""
    if end - at < 22 or byte(data, at) != 49 or byte(data, at + 1) != SPACE:
        return at
    dated = rfc3339(data, at + 2, token_end(data, at + 2, end))
    return at + 1 if dated != NOT_A_TIME else at


@inner
def _nil(data: int, start: int, end: int) -> bool:
    return end == start or (end == start + 1 and byte(data, start) == DASH)


@inner
def _body_5424(data: int, at: int, end: int, row: int, extras: int, totals: int) -> None:
    """Structured data and message, ``at`` being where structured data must stand.

    Of a message that begins with Cisco's tag its parts are noted; the message stays as it is.
    """
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
    body = skip_bom(data, body, end)
    field(row, layout.BODY, body, end)
    if end - body > 2 and byte(data, body) == COLON and byte(data, body + 1) == SPACE:
        body += 2
    if body < end and byte(data, body) == PERCENT:
        cisco_tag(data, body, end, row, extras, totals)


@inner
def parse_5424(
    data: int, at: int, after: int, end: int, row: int, extras: int, totals: int
) -> tuple[int, int]:
    """An RFC 5424 message whose VERSION is ``data[at:after]``; its time or NOT_A_TIME, and 1
    where that is local, for want of a zone.
    """
    time_ns, local = NOT_A_TIME, 0
    field(row, layout.VERSION, at, after)
    i = after
    for column in (layout.STAMP, layout.HOST, layout.APP, layout.PROC, layout.MSGID):
        if i >= end:
            count(totals, layout.INCOMPLETE_HEADER, 1)
            return time_ns, local
        start = i + 1
        i = token_end(data, start, end)
        if _nil(data, start, i):
            continue
        if column == layout.STAMP:
            time_ns = rfc3339(data, start, i)
            if time_ns != NOT_A_TIME:
                continue
            time_ns, stop, local = iso_local(data, start, end)
            if time_ns != NOT_A_TIME and (stop == end or byte(data, stop) == SPACE):
                i = stop
                continue
            time_ns, local = NOT_A_TIME, 0
            count(totals, layout.BAD_TIMESTAMP, 1)
        field(row, column, start, i)
    if i + 1 >= end:
        count(totals, layout.INCOMPLETE_HEADER, 1)
        return time_ns, local
    _body_5424(data, i + 1, end, row, extras, totals)
    return time_ns, local
