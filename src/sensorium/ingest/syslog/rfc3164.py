"""A message without a VERSION: RFC 3164 section 4 and what senders make of it, as kernels.

``data`` is the slab's address, ``row`` that of a message's row of positions.
"""

from __future__ import annotations

from typing import Final

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.cisco_header import (
    forget,
    lead_in,
    may_be_dated,
    node_end,
    origin_is_dated,
    uptime,
)
from sensorium.ingest.syslog.cisco_tag import (
    cisco_tag,
    numbered_tag,
    tag_follows,
    tag_parts,
    virtual_device,
)
from sensorium.ingest.syslog.hosts import firebox, host_after
from sensorium.ingest.syslog.instants import (
    NOT_A_TIME,
    SECOND,
    ends_stamp,
    is_digit,
    rfc3339,
)
from sensorium.ingest.syslog.keyvalue import key_values
from sensorium.ingest.syslog.marks import count, extra, field
from sensorium.ingest.syslog.memory import byte, position, put_position
from sensorium.ingest.syslog.months import rfc3164, year_at
from sensorium.ingest.syslog.octets import (
    CLOSE,
    COLON,
    HASH,
    LOWER_L,
    LOWER_M,
    OPEN,
    PERCENT,
    SPACE,
    TAB,
)
from sensorium.ingest.syslog.repetition import repeated
from sensorium.ingest.syslog.rfc5424 import priority_at
from sensorium.ingest.syslog.search import skip_bom, spaces_end, token_end
from sensorium.ingest.syslog.stamps import any_stamp, epoch_at, impossible_end, of_year, zone_after
from sensorium.ingest.syslog.tags import module_tag, preceded_tag, stacked, tag, topics

# How a row's time is to be understood.
UTC_TIME: Final = 0
LOCAL_TIME: Final = 1
# What was found of a header: nothing, a time with a host and a tag after it, or all there is; a
# time with what Cisco puts before it, which therefore is Cisco's own and no relay's.
NOTHING: Final = 0
STAMPED: Final = 1
BARE: Final = 2
LED: Final = 3
_LONGEST_BRACKET: Final = 80


@inner
def own_time(data: int, at: int, end: int, arrival_ns: int, year: int) -> tuple[int, int]:
    """The time that a program's own line begins with at ``at``, and whether it is LOCAL_TIME;
    NOT_A_TIME.
    """
    time_ns, i, local = any_stamp(data, at, end, arrival_ns, year)
    if time_ns == NOT_A_TIME or not local:
        return time_ns, UTC_TIME
    offset, _, known = zone_after(data, i, end)
    return (time_ns - offset * SECOND, UTC_TIME) if known else (time_ns, LOCAL_TIME)


@inner
def _bracketed(data: int, at: int, end: int, arrival_ns: int, year: int) -> tuple[int, int]:
    """The time that a text begins with in brackets, and whether it is LOCAL_TIME; NOT_A_TIME.

    Programs write their own lines so, as ``[2026-12-02 16:31:03,5: Avi-Controller: INFO: ] text``.
    """
    if end - at < 17 or byte(data, at) != OPEN:
        return NOT_A_TIME, LOCAL_TIME
    i, last = at + 1, min(end, at + _LONGEST_BRACKET)
    while i < last and byte(data, i) != CLOSE:
        i += 1
    if i == last:
        return NOT_A_TIME, LOCAL_TIME
    return own_time(data, at + 1, i, arrival_ns, year)


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
    time_ns, local = _bracketed(data, at, end, arrival_ns, year)
    if time_ns == NOT_A_TIME:
        time_ns, local = key_values(data, at, end, row)
    if time_ns != NOT_A_TIME:
        return time_ns, at, local, BARE
    for unnumbered in (False, True):
        start, led = lead_in(data, at, end, unnumbered, row, extras, totals)
        if led:
            time_ns, i, local = any_stamp(data, start, end, arrival_ns, year)
            if time_ns != NOT_A_TIME and (not unnumbered or tag_follows(data, i, end, row)):
                return time_ns, i, local, LED
        i = uptime(data, start, end, row, extras, totals)
        if i > start and (not unnumbered or tag_follows(data, i, end, row)):
            return NOT_A_TIME, i, LOCAL_TIME, STAMPED
        if not unnumbered:
            after, text = cisco_tag(data, start, end, row, extras, totals)
            if text > start:
                field(row, layout.APP, start, after)
                return NOT_A_TIME, text, LOCAL_TIME, BARE
        forget(row)
    return NOT_A_TIME, at, LOCAL_TIME, NOTHING


@inner
def meraki(data: int, at: int, end: int, row: int) -> int:
    """The time of ``1 1794686400.25 device type text``, as Meraki sends it; its parts become
    host, app and body. NOT_A_TIME where this is not that.
    """
    if end - at < 20 or byte(data, at) != 49 or byte(data, at + 1) != SPACE:
        return NOT_A_TIME
    time_ns, i = epoch_at(data, at + 2, end)
    if time_ns == NOT_A_TIME:
        return NOT_A_TIME
    host = token_end(data, i + 1, end)
    app = token_end(data, host + 1, end) if host + 1 < end else host
    if host == i + 1 or app <= host + 1:
        return NOT_A_TIME
    field(row, layout.HOST, i + 1, host)
    field(row, layout.APP, host + 1, app)
    field(row, layout.BODY, min(app + 1, end), end)
    return time_ns


@inner
def _after_relayed(
    data: int, at: int, end: int, sure: bool, row: int, extras: int, totals: int
) -> int:
    """Read what follows the time of a Cisco header that was relayed and ended before ``at``;
    where the text begins, or ``at`` where it is none.

    ``sure`` says that this is one without a Cisco tag too, since a number or a node stood before
    its time.
    """
    i = at
    marked = end - i > 2 and byte(data, i) == COLON
    i += 2 if marked else 0
    after, text = cisco_tag(data, i, end, row, extras, totals)
    if text > i:
        field(row, layout.APP, i, after)
        return text
    if not marked:
        return at
    if repeated(data, i, end, row, extras, totals):
        return i
    if not sure:
        return at
    text = tag(data, i, end, row)
    return numbered_tag(data, text, end, row, extras, totals) if text > i else i


@inner
def _relayed(
    data: int, at: int, end: int, arrival_ns: int, year: int, row: int, extras: int, totals: int
) -> int:
    """Read a Cisco header that a relay put its own before; where the text begins, or ``at``.

    The relay's time stands: it has a year, and a clock that is set.
    """
    if position(row, layout.ODD) > 0:
        return at
    host, host_stop = position(row, layout.HOST), position(row, layout.HOST + 1)
    task, task_stop = position(row, layout.PROC), position(row, layout.PROC + 1)
    for unnumbered in (False, True):
        node = not unnumbered and node_end(data, at, end) > at
        dated = origin_is_dated(data, at, end) if unnumbered else may_be_dated(data, at, end)
        if not (dated or node):
            continue
        i, led = lead_in(data, at, end, unnumbered, row, extras, totals)
        time_ns, stamp, _ = any_stamp(data, i, end, arrival_ns, year)
        if time_ns != NOT_A_TIME:
            i = zone_after(data, stamp, end)[1]
        elif led and not unnumbered:
            i = uptime(data, i, end, row, extras, totals)
        if time_ns != NOT_A_TIME or (led and not unnumbered):
            numbered = led and not unnumbered and is_digit(byte(data, at))
            sure = time_ns != NOT_A_TIME and (node or numbered)
            text = _after_relayed(data, i, end, sure, row, extras, totals)
            if text > i:
                return text
        forget(row)
        field(row, layout.HOST, host, host_stop)
        field(row, layout.PROC, task, task_stop)
    return at


@inner
def _text(
    data: int, at: int, end: int, arrival_ns: int, year: int, row: int, extras: int, totals: int
) -> int:
    """Read the tag at ``at`` and what some dialects put after it; where the body begins."""
    if at >= end or position(row, layout.APP + 1) > 0:
        return at
    at = stacked(data, at, end, row, extras, totals)
    if byte(data, at) in (PERCENT, HASH):
        at = virtual_device(data, at, end, row, extras, totals)
        after, text = cisco_tag(data, at, end, row, extras, totals)
        if text > at:
            field(row, layout.APP, at, after)
            return text
        text = module_tag(data, at, end, row, extras, totals)
        if text > at:
            return text
    elif meraki(data, at, end, row) != NOT_A_TIME:
        return position(row, layout.BODY)
    i = _relayed(data, at, end, arrival_ns, year, row, extras, totals)
    if i > at:
        return i
    i = tag(data, at, end, row)
    if i > at:
        i = numbered_tag(data, i, end, row, extras, totals)
    else:
        i = preceded_tag(data, at, end, row, extras, totals)
        if i == at:
            i = topics(data, at, end, row, extras, totals)
    if i < end and byte(data, i) in (LOWER_L, LOWER_M):
        repeated(data, i, end, row, extras, totals)
    return i


@inner
def _second_priority(data: int, at: int, end: int, row: int) -> int:
    """Believe a priority that stands after a header: a relay put that before the whole message.
    Where the message begins.
    """
    priority, i = priority_at(data, at, end)
    if priority < 0:
        return at
    put_position(row, layout.PRIORITY, priority)
    return spaces_end(data, i, end)


@inner
def _year_after_zone(data: int, at: int, end: int) -> int:
    """A year that stands after a space at ``at``, as date(1) has it; 0 if there is none."""
    if end - at < 5 or byte(data, at) != SPACE or not is_digit(byte(data, at + 1)):
        return 0
    year = year_at(data, at + 1, end)
    return year if 1970 <= year <= 2261 and ends_stamp(data, at + 5, end) else 0


@inner
def _names_zone(data: int, start: int, end: int) -> bool:
    """Whether a word of letters, which a colon and a Cisco tag follow, has no small ones.

    Where nothing stands before the time, another is the host's name, as ACE and FWSM have it.
    """
    i = start
    while i < end and not byte(data, i) & 32:
        i += 1
    return i == end


@inner
def _zoned(
    data: int,
    at: int,
    i: int,
    end: int,
    time_ns: int,
    form: int,
    row: int,
    extras: int,
    totals: int,
) -> tuple[int, int, int]:
    """A local time that began at ``at`` and ended before ``i``, with the zone and the year that
    follow it: the time, where they end, and its meaning.
    """
    offset, zone, known = zone_after(data, i, end)
    if known:
        stated = _year_after_zone(data, zone, end)
        if stated > 0:
            dated = of_year(data, at, end, stated)
            time_ns, zone = (dated, zone + 5) if dated != NOT_A_TIME else (time_ns, zone)
        return time_ns - offset * SECOND, zone, UTC_TIME
    if zone > i and form != LED and not _names_zone(data, i + 1, zone):
        return time_ns, i, LOCAL_TIME
    if zone > i:
        extra(row, extras, layout.ZONE, i + 1, zone, totals)
    return time_ns, zone, LOCAL_TIME


@inner
def _impossible(data: int, at: int, end: int, row: int, totals: int) -> int:
    """Note a time at ``at`` that cannot be, or that there is none; where it ends, or ``at``."""
    # A text without a priority may begin with anything.
    i = impossible_end(data, at, end) if position(row, layout.PRIORITY) >= 0 else at
    if i == at:
        count(totals, layout.NO_TIMESTAMP, 1)
        return at
    field(row, layout.STAMP, at, i)
    count(totals, layout.BAD_TIMESTAMP, 1)
    return zone_after(data, i, end)[1]


@inner
def _timeless_origin(data: int, at: int, end: int, row: int) -> int:
    """Read ``host : `` before a Cisco tag, as an ASA has it that states no times, which it does not
    unless it is told to. Where the tag begins, or ``at``.
    """
    i = token_end(data, at, end)
    if i == at or end - i < 3 or position(row, layout.PRIORITY) < 0:
        return at
    if byte(data, i + 1) != COLON or byte(data, i + 2) != SPACE:
        return at
    if tag_parts(data, i + 3, end, row)[2] == i + 3:
        return at
    field(row, layout.HOST, at, i)
    return i + 3


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
    if form == NOTHING:
        i = _impossible(data, at, end, row, totals)
        form = STAMPED if i > at else NOTHING
        i = _timeless_origin(data, at, end, row) if i == at else i
    elif time_ns == NOT_A_TIME:
        count(totals, layout.NO_TIMESTAMP, 1)
    elif meaning == LOCAL_TIME and form != BARE:
        time_ns, i, meaning = _zoned(data, at, i, end, time_ns, form, row, extras, totals)
    if form == STAMPED and i < end and byte(data, i) == TAB:
        # A table's line: its next cell may be anything.
        i, form = at, BARE
    if form in (STAMPED, LED):
        i = host_after(data, i, end, row, extras, totals)
        i = _second_priority(data, i, end, row)
        moment, text = firebox(data, i, end, row, extras, totals)
        if text > i:
            time_ns, meaning, i = moment, UTC_TIME, text
    if form != BARE:
        i = _text(data, i, end, arrival_ns, year, row, extras, totals)
    field(row, layout.BODY, skip_bom(data, i, end), end)
    return time_ns, meaning, form != NOTHING
