"""Messages in the two regular headers, which are nearly all: one short kernel finds their parts.

RFC 5424 section 6 with a timestamp that can be read, and RFC 3164 section 4 with a two-digit day,
a host and a tag. Whatever might be anything else is left to :mod:`parser`, which gives the same
for these: here are only the questions whose answers rule everything else out. ``data`` is the
slab's address, ``row`` that of a message's row of positions, ``memo`` that of what was last read.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.cisco_header import may_be_dated
from sensorium.ingest.syslog.instants import (
    DAY,
    NOT_A_TIME,
    SECOND,
    clock_at,
    date_at,
    days_from_civil,
    fraction_at,
    is_digit,
    month_length,
    offset_at,
    year_of,
)
from sensorium.ingest.syslog.layout import Bytes, Flags, Ints, Positions
from sensorium.ingest.syslog.marks import count
from sensorium.ingest.syslog.memory import byte, lowest_byte, put_total, put_word, total, word
from sensorium.ingest.syslog.months import AHEAD, month_at
from sensorium.ingest.syslog.octets import (
    BRACE,
    CLOSE,
    COLON,
    DASH,
    LESS,
    LOWER_L,
    LOWER_Z,
    MARK,
    OPEN,
    PERCENT,
    PLUS,
    POINT,
    QUOTE,
    SPACE,
    STAR,
    UPPER_A,
    UPPER_F,
    UPPER_G,
    UPPER_M,
    UPPER_P,
    UPPER_T,
    UPPER_U,
    UPPER_Z,
)
from sensorium.ingest.syslog.search import bracket_end, tag_end, token_end, word_end, zeros
from sensorium.ingest.syslog.structured import measure
from sensorium.ingest.syslog.tags import begins_name

_GREATERS: Final = 62 * 0x0101010101010101
_ZEROS: Final = 48 * 0x0101010101010101
_ABOVE_NINE: Final = 0x7676767676767676
_HIGHS: Final = -0x7F7F7F7F7F7F7F80
_LOW_7: Final = (1 << 56) - 1
_LOW_6: Final = (1 << 48) - 1
_LOW_5: Final = (1 << 40) - 1
_MESSAGE: Final = int.from_bytes(b"message ", "little")
_LAST: Final = int.from_bytes(b"last ", "little")
_POWERS: Final = np.array([10**n for n in range(10)], np.int64)

# Bytes from where a timestamp begins that a message has at least: all loads lie in them.
_LEAST_5424: Final = 38
_LEAST_3164: Final = 24
# A date of this year that is no older than this and no farther ahead than AHEAD is of no other.
_RECENT: Final = 330 * DAY * SECOND

# What was last read, as lines that follow each other share it: the words, and what they mean.
_DATE: Final = 0
_DATE_REST: Final = 1
_DATE_NS: Final = 2
_OFFSET: Final = 3
_OFFSET_NS: Final = 4
_MONTH_DAY: Final = 5
_MONTH_DAY_NS: Final = 6
_YEAR: Final = 7
_MEMO: Final = 8


@inner
def _put(row: int, column: int, start: int, end: int) -> None:
    """Say where a field stands, both ends at once."""
    put_word(row, 4 * column, start | end << 32)


@inner
def _put_unless_nil(data: int, row: int, column: int, start: int, end: int) -> int:
    """As :func:`_put`, of a field that is nothing where it is ``-``; its length."""
    nil = (end == start) | ((end == start + 1) & (byte(data, start) == DASH))
    _put(row, column, 0 if nil else start, 0 if nil else end)
    return 0 if nil else end - start


@inner
def _priority(data: int, at: int) -> tuple[int, int]:
    """The PRI in the eight bytes at ``at`` and the position after it; -1 where there is none."""
    eight = word(data, at)
    length = lowest_byte(zeros(eight ^ _GREATERS) | _HIGHS & ~_LOW_7)
    if eight & 255 != LESS or length < 2 or length > 4:
        return -1, at
    # The digits moved to the top, with zeros before them.
    digits = (eight ^ _ZEROS) >> 8
    shift = 8 * (4 - length)
    three = (digits & ((1 << 8 * (length - 1)) - 1)) << shift
    if ((three + 0x767676) | three) & 0x808080 != 0:
        return -1, at
    value = (three & 255) * 100 + (three >> 8 & 255) * 10 + (three >> 16)
    return (value if value <= 191 else -1), at + length + 1


@inner
def _fraction(data: int, at: int, end: int) -> tuple[int, int]:
    """Nanoseconds of the digits after the point at ``at``, and the position after them.

    ``at`` where there is no digit. Nine bytes are there.
    """
    digits = word(data, at + 1) ^ _ZEROS
    others = ((digits + _ABOVE_NINE) | digits) & _HIGHS
    if others == 0:
        return fraction_at(data, at, end)
    length = lowest_byte(others)
    if length == 0:
        return 0, at
    # Digits to the top, zeros before them; then pairs, fours and all eight in one word each.
    value = digits << 8 * (8 - length)
    value = (value * 2561 >> 8) & 0x00FF00FF00FF00FF
    value = (value * 6553601 >> 16) & 0x0000FFFF0000FFFF
    value = (value * 42949672960001 >> 32) & 0xFFFFFFFF
    return value * _POWERS[9 - length], at + 1 + length


@inner
def _time_5424(data: int, at: int, end: int, memo: int) -> tuple[int, int]:
    """The time at ``at`` and where the space after it stands; NOT_A_TIME where it is unusual."""
    date, rest = word(data, at), word(data, at + 3)
    if date != total(memo, _DATE) or rest != total(memo, _DATE_REST):
        days = date_at(data, at)
        if days < 0 or byte(data, at + 10) != UPPER_T:
            return NOT_A_TIME, at
        put_total(memo, _DATE, date)
        put_total(memo, _DATE_REST, rest)
        put_total(memo, _DATE_NS, days * DAY * SECOND)
    seconds = clock_at(data, at + 11, end)
    if seconds < 0:
        return NOT_A_TIME, at
    i, nanoseconds = at + 19, 0
    if byte(data, i) == POINT:
        nanoseconds, i = _fraction(data, i, end)
    offset = 0
    if byte(data, i) == UPPER_Z:
        i += 1
    else:
        zone = word(data, i) & _LOW_6
        if zone != total(memo, _OFFSET):
            east = offset_at(data, i, i + 6)
            if east == NOT_A_TIME:
                return NOT_A_TIME, at
            put_total(memo, _OFFSET, zone)
            put_total(memo, _OFFSET_NS, east * SECOND)
        offset = total(memo, _OFFSET_NS)
        i += 6
    if byte(data, i) != SPACE:
        return NOT_A_TIME, at
    return total(memo, _DATE_NS) + seconds * SECOND - offset + nanoseconds, i


@inner
def _message_5424(data: int, at: int, end: int, row: int, totals: int, memo: int) -> int:
    """An RFC 5424 message whose VERSION is the byte at ``at``; its time or NOT_A_TIME."""
    if end - at < _LEAST_5424 + 2:
        return NOT_A_TIME
    time_ns, stamp = _time_5424(data, at + 2, end, memo)
    if time_ns == NOT_A_TIME:
        return NOT_A_TIME
    host = token_end(data, stamp + 1, end)
    app = token_end(data, host + 1, end)
    process = token_end(data, app + 1, end)
    msgid = token_end(data, process + 1, end)
    # Where one ended with the message, those after it stand beyond its end.
    i = msgid + 1
    if i >= end:
        return NOT_A_TIME
    body = structured = entries = keys = 0
    if byte(data, i) == DASH and (i + 1 == end or byte(data, i + 1) == SPACE):
        body = i + 1
    elif byte(data, i) == OPEN:
        structured, entries, keys = measure(data, i, end)
        body = structured
    if body <= 0:
        return NOT_A_TIME
    body += body < end
    if end - body >= 3 and byte(data, body) == MARK:
        body += 3 * (byte(data, body + 1) == 0xBB and byte(data, body + 2) == 0xBF)
    if body < end and byte(data, body) in (PERCENT, COLON):
        return NOT_A_TIME  # perhaps Cisco's tag
    _put(row, layout.VERSION, at, at + 1)
    _put(row, layout.STAMP, 0, 0)
    _put(row, layout.DATA, i if structured else 0, structured)
    _put(row, layout.BODY, body, end)
    values = 1 + _put_unless_nil(data, row, layout.MSGID, process + 1, msgid)
    values += structured - i if structured else 0
    named = _put_unless_nil(data, row, layout.HOST, stamp + 1, host)
    count(totals, layout.HOST_BYTES, named)
    count(totals, layout.NAMELESS, named == 0)
    count(totals, layout.APP_BYTES, _put_unless_nil(data, row, layout.APP, host + 1, app))
    count(totals, layout.PROC_BYTES, _put_unless_nil(data, row, layout.PROC, app + 1, process))
    count(totals, layout.BODY_BYTES, end - body)
    count(totals, layout.VALUE_BYTES, values)
    count(totals, layout.ENTRIES, entries)
    count(totals, layout.KEY_BYTES, keys)
    return time_ns


@inner
def _time_3164(data: int, at: int, end: int, arrival: int, memo: int) -> int:
    """The local time of ``Mmm dd hh:mm:ss`` and a space at ``at``; NOT_A_TIME if it is unusual."""
    key = word(data, at) & _LOW_7
    if key != total(memo, _MONTH_DAY):
        month, tens, ones = month_at(data, at, end), byte(data, at + 4), byte(data, at + 5) - 48
        tens = 0 if tens == SPACE else tens - 48
        day, year = 10 * tens + ones, total(memo, _YEAR)
        if month == 0 or not 0 <= tens <= 3 or not 0 <= ones <= 9 or byte(data, at + 6) != SPACE:
            return NOT_A_TIME
        if not 1 <= day <= month_length(year, month):
            return NOT_A_TIME
        put_total(memo, _MONTH_DAY, key)
        put_total(memo, _MONTH_DAY_NS, days_from_civil(year, month, day) * DAY * SECOND)
    seconds = clock_at(data, at + 7, end)
    time_ns = total(memo, _MONTH_DAY_NS) + seconds * SECOND
    ahead = time_ns - arrival
    if seconds < 0 or byte(data, at + 15) != SPACE or not -_RECENT < ahead <= AHEAD:
        return NOT_A_TIME
    return time_ns


@inner
def _may_be_none(data: int, at: int, end: int, first: int, last: int) -> bool:
    """Whether the word ``data[at:end]`` may be a zone, AM, PM, ``last`` or AIX's ``From``."""
    length = end - at
    if first in (UPPER_G, UPPER_U) and byte(data, at + 3) in (PLUS, DASH):
        return True
    if first in (UPPER_A, UPPER_P) and byte(data, at + 1) == UPPER_M:
        return byte(data, at + 2) in (SPACE, POINT, COLON)
    if length > 6:
        return False
    zone = first in (PLUS, DASH, UPPER_Z, LOWER_Z) or (65 <= first <= 90 and 65 <= last <= 90)
    return zone or (length == 4 and first in (LOWER_L, UPPER_F))


@inner
def _host_3164(data: int, at: int, end: int) -> int:
    """Where a host ends that begins at ``at`` and has a tag after it; ``at`` if it may be none.

    What may stand there instead is a year, a zone, a colon, a Cisco tag, a tag, and the words that
    say how often the last message came again.
    """
    first = byte(data, at)
    i = word_end(data, at, end)
    if first <= SPACE or first in (PERCENT, COLON, BRACE, LESS, QUOTE) or i + 1 >= end:
        return at
    last, following = byte(data, i - 1), byte(data, i + 1)
    none = byte(data, i) != SPACE or last in (COLON, CLOSE) or is_digit(following)
    if none or following in (COLON, PERCENT, STAR, POINT):
        return at
    if is_digit(first):
        return at if byte(data, at + 4) in (SPACE, COLON) else i
    return at if _may_be_none(data, at, i, first, last) else i


@inner
def _tag_3164(data: int, at: int, end: int) -> tuple[int, int, int, int]:
    """Where the name of the tag at ``at`` ends (``at`` if there is no regular one), where its
    process id begins and ends, and where the text after it begins.
    """
    app = tag_end(data, at, end)
    if app >= end or byte(data, app) <= SPACE or not begins_name(byte(data, at)):
        return at, 0, 0, at
    i, process, process_end = app, 0, 0
    if byte(data, i) == OPEN:
        closed = bracket_end(data, i + 1, end)
        if closed >= end or byte(data, closed) != CLOSE:
            return at, 0, 0, at
        if closed > i + 1:
            process, process_end = i + 1, closed
        i = closed + 1
        if i < end and byte(data, i) == SPACE:
            return at, 0, 0, at
    i += i < end and byte(data, i) == COLON
    if i < end and byte(data, i) == SPACE:
        i += 1
    elif i < end and byte(data, i) != 9:
        return at, 0, 0, at
    return app, process, process_end, i


@inner
def _is_more(data: int, at: int, end: int) -> bool:
    """Whether the text at ``at`` may begin with what is an attribute: a Cisco tag, repetitions, a
    byte order mark, the time or the task of a message that was relayed.
    """
    if end - at < 8:
        return at < end and byte(data, at) in (PERCENT, MARK)
    eight = word(data, at)
    said = eight & 255 in (PERCENT, MARK) or eight == _MESSAGE or eight & _LOW_5 == _LAST
    return said or may_be_dated(data, at, end)


@inner
def _message_3164(
    data: int, at: int, end: int, arrival: int, row: int, totals: int, memo: int
) -> int:
    """An RFC 3164 message whose timestamp begins at ``at``; its local time or NOT_A_TIME."""
    if end - at < _LEAST_3164:
        return NOT_A_TIME
    time_ns = _time_3164(data, at, end, arrival, memo)
    if time_ns == NOT_A_TIME:
        return NOT_A_TIME
    host = _host_3164(data, at + 16, end)
    if host == at + 16:
        return NOT_A_TIME
    app, process, process_end, i = _tag_3164(data, host + 1, end)
    if app == host + 1 or _is_more(data, i, end):
        return NOT_A_TIME
    _put(row, layout.HOST, at + 16, host)
    _put(row, layout.APP, host + 1, app)
    _put(row, layout.PROC, process, process_end)
    _put(row, layout.BODY, i, end)
    for column in (layout.VERSION, layout.MSGID, layout.STAMP, layout.DATA):
        _put(row, column, 0, 0)
    count(totals, layout.HOST_BYTES, host - at - 16)
    count(totals, layout.APP_BYTES, app - host - 1)
    count(totals, layout.PROC_BYTES, process_end - process)
    count(totals, layout.BODY_BYTES, end - i)
    return time_ns


@kernel
def parse_regular(
    bytes_: Bytes,
    starts: Ints,
    ends: Ints,
    arrivals: Ints,
    rows: Positions,
    times: Ints,
    local: Flags,
    counts: Ints,
    others: Ints,
) -> int:
    """Fill ``rows`` (n * WIDTH), ``times`` and ``local`` (n,) of regular messages.

    Their sizes are added to ``counts`` (TOTALS,); the numbers of the rest are written to
    ``others`` (n,), and how many they are is returned.
    """
    memory = np.zeros(_MEMO, np.int64)
    data, totals, first_row = bytes_.ctypes.data, counts.ctypes.data, rows.ctypes.data
    memo = memory.ctypes.data
    rest, year_start, year_end = 0, 0, 0
    for m in range(len(starts)):
        row = first_row + m * layout.WIDTH * 4
        start, end, arrival = starts[m], ends[m], arrivals[m]
        if not year_start <= arrival < year_end:
            memory[_YEAR] = year_of(max(arrival, 0))
            memory[_MONTH_DAY] = 0
            year_start = days_from_civil(memory[_YEAR], 1, 1) * DAY * SECOND
            year_end = year_start + 365 * DAY * SECOND
        time_ns, legacy = NOT_A_TIME, False
        if end - start >= _LEAST_3164:
            priority, at = _priority(data, start)
            if priority >= 0:
                legacy = not is_digit(byte(data, at))
                if legacy:
                    time_ns = _message_3164(data, at, end, arrival, row, totals, memo)
                elif byte(data, at) != 48 and byte(data, at + 1) == SPACE:
                    time_ns = _message_5424(data, at, end, row, totals, memo)
                _put(row, layout.PRIORITY, priority, 0)
        if time_ns == NOT_A_TIME:
            others[rest] = m
            rest += 1
        times[m], local[m] = time_ns, legacy
    return rest
