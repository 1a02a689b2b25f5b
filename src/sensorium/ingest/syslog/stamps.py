"""Times as only some senders write them, and the zones after a time, as kernels.

Citrix ADC (``11/23/2026:10:00:00 GMT``), Sophos UTM (``2026:11:23-10:00:00``), dates with slashes
(``2026/11/23 10:00:00``) and a weekday before the month, as date(1) has it. The usual forms are
in :mod:`instants`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog.instants import (
    DAY,
    NOT_A_TIME,
    SECOND,
    clock_at,
    days_from_civil,
    ends_stamp,
    fraction_at,
    is_digit,
    iso_local,
    may_end,
    month_length,
    two_digits,
    zone_offset,
)
from sensorium.ingest.syslog.memory import byte, word
from sensorium.ingest.syslog.months import day_first, month_at, rfc3164, year_first
from sensorium.ingest.syslog.octets import COLON, COMMA, DASH, PERCENT, PLUS, POINT, SLASH, SPACE
from sensorium.ingest.syslog.search import short_word

_LONGEST_ZONE: Final = 5
_LONGEST_NAME: Final = 8
_CAPITALS: Final = 0xDFDFDFDFDF
_ABOUT: Final = 2 * DAY * SECOND
_LAST_SECOND: Final = 9_214_646_399  # of the year 2261

# Hours east of UTC. The American ones are those of RFC 5322 section 4.3; names with several
# meanings in use (IST, BST, AST...) are not here: their times are read as local.
_ZONES: Final[dict[str, int]] = {
    **{"UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3},
    **{"MSK": 3, "JST": 9, "KST": 9, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7},
    **{"MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "SAST": 2, "PKT": 5},
    **{"WIB": 7, "HKT": 8, "SGT": 8, "AWST": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13},
}
_ZONE_WORDS: Final = np.array([int.from_bytes(n.encode(), "little") for n in _ZONES], np.int64)
_ZONE_SECONDS: Final = np.array([hours * 3600 for hours in _ZONES.values()], np.int64)
_BETWEEN: Final = (SPACE, 84, 116)
"""What parts a day from a clock: a space, ``T`` or ``t``."""
_UTC: Final = int.from_bytes(b"UTC", "little")
_GMT: Final = int.from_bytes(b"GMT", "little")
_WEEKDAYS: Final = np.array(
    [int.from_bytes(n, "little") for n in (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")],
    np.int64,
)


@inner
def _upper_end(data: int, at: int, end: int) -> int:
    i = at
    while i < end and i <= at + _LONGEST_ZONE and 65 <= byte(data, i) <= 90:
        i += 1
    return i


@inner
def _letters_end(data: int, at: int, end: int) -> int:
    i = at
    while i < end and i <= at + _LONGEST_NAME and 65 <= (byte(data, i) & 0xDF) <= 90:
        i += 1
    return i


@inner
def offset_of_utc(data: int, at: int, end: int) -> tuple[int, int]:
    """Seconds east of UTC of ``+1``, ``-05``, ``+1:00`` or ``+01:00`` at ``at``, as they follow
    ``UTC`` or ``GMT``, and where it ends; NOT_A_TIME where there is none.
    """
    if end - at < 2 or byte(data, at) not in (PLUS, DASH):
        return NOT_A_TIME, at
    hours, i = 0, at + 1
    while i < end and i < at + 3 and is_digit(byte(data, i)):
        hours = hours * 10 + byte(data, i) - 48
        i += 1
    if i == at + 1 or hours > 23:
        return NOT_A_TIME, at
    minutes = 0
    if end - i >= 3 and byte(data, i) == COLON and is_digit(byte(data, i + 1)):
        minutes = two_digits(data, i + 1)
        i += 3
    if not 0 <= minutes <= 59:
        return NOT_A_TIME, at
    seconds = hours * 3600 + minutes * 60
    return (seconds if byte(data, at) == PLUS else -seconds), i


@inner
def zone_named(data: int, start: int, end: int) -> int:
    """Seconds east of UTC of the zone whose name is exactly ``data[start:end]``; NOT_A_TIME."""
    if 3 <= end - start <= _LONGEST_ZONE:
        return _zone_of(short_word(data, start, end))
    return NOT_A_TIME


@inner
def _zone_of(name: int) -> int:
    for k in range(len(_ZONE_WORDS)):
        if _ZONE_WORDS[k] == name:
            return int(_ZONE_SECONDS[k])
    return NOT_A_TIME


@inner
def _own_zone(data: int, start: int, end: int) -> tuple[int, int]:
    """Seconds east of a zone at ``start`` that a colon and a Cisco tag follow, NOT_A_TIME where
    its name is not known, and where it ends; ``start`` if there is none.

    Whoever sets such a clock calls its zone as he likes.
    """
    i = _letters_end(data, start, end)
    if not 3 <= i - start <= _LONGEST_NAME or end - i < 3 or byte(data, i) != COLON:
        return NOT_A_TIME, start
    if byte(data, i + 1) != SPACE or byte(data, i + 2) != PERCENT:
        return NOT_A_TIME, start
    if i - start > _LONGEST_ZONE:
        return NOT_A_TIME, i
    return _zone_of(short_word(data, start, i) & _CAPITALS), i


@inner
def zone_after(data: int, at: int, end: int) -> tuple[int, int, bool]:
    """A zone that stands at ``at`` or a space after: seconds east, its end, whether known.

    NOT_A_TIME where none stands there, and where its name is not known: that is one only before a
    colon and a ``%``, as Cisco has it.
    """
    start = at + (at < end and byte(data, at) == SPACE)
    offset, i = zone_offset(data, start, end)
    if offset == NOT_A_TIME and start > at:
        i = _upper_end(data, start, end)
        if i == start + 3 and short_word(data, start, i) in (_UTC, _GMT):
            offset, after = offset_of_utc(data, i, end)
            i = after if offset != NOT_A_TIME else i
        if offset == NOT_A_TIME:
            offset = zone_named(data, start, i)
        if offset == NOT_A_TIME or not ends_stamp(data, i, end):
            offset, i = _own_zone(data, start, end)
            if i == start:
                return NOT_A_TIME, at, False
            return offset, i, offset != NOT_A_TIME
    return (NOT_A_TIME, at, False) if offset == NOT_A_TIME else (offset, i, True)


@inner
def _after_weekday(data: int, at: int, end: int) -> int:
    """The position after a weekday and a space before a month at ``at``; ``at`` without."""
    if end - at >= 12 and byte(data, at + 3) == SPACE and month_at(data, at + 4, end) > 0:
        day = word(data, at) & 0xFFFFFF
        for k in range(len(_WEEKDAYS)):
            if _WEEKDAYS[k] == day:
                return at + 4
    return at


@inner
def of_year(data: int, at: int, end: int, stated: int) -> int:
    """The local time of a date at ``at`` whose year is stated elsewhere; NOT_A_TIME."""
    return rfc3164(data, _after_weekday(data, at, end), end, 0, stated, stated)[0]


@inner
def any_stamp(data: int, at: int, end: int, arrival_ns: int, year: int) -> tuple[int, int, int]:
    """The time at ``at`` in any form: the time, where it ends, 1 if local; NOT_A_TIME if none."""
    if at < end and is_digit(byte(data, at)):
        time_ns, i, local = iso_local(data, at, end)
        if time_ns != NOT_A_TIME:
            return time_ns, i, local
        time_ns, i = year_first(data, at, end, arrival_ns)
        if time_ns == NOT_A_TIME:
            time_ns, i = _in_digits(data, at, end, arrival_ns)
        if time_ns == NOT_A_TIME:
            time_ns, i = day_first(data, at, end, arrival_ns, year)
        return time_ns, i, 1
    first = _after_weekday(data, at, end)
    time_ns, i = rfc3164(data, first, end, arrival_ns, year, 0)
    return time_ns, (at if time_ns == NOT_A_TIME else i), 1


@inner
def _in_digits(data: int, at: int, end: int, arrival_ns: int) -> tuple[int, int]:
    """A date of digits with slashes or colons and a clock at ``at``, local, and where it ends.

    Where it does not say which of two numbers is the month, it is the first, as Citrix ADC has it
    unless it is told; but not where only the other makes it a time of about the arrival.
    """
    if end - at < 19 or byte(data, at + 10) not in (SPACE, COLON, DASH):
        return NOT_A_TIME, at
    fourth, third = byte(data, at + 4), byte(data, at + 2)
    one, two, three = two_digits(data, at), two_digits(data, at + 2), 0
    if fourth in (SLASH, COLON) and byte(data, at + 7) == fourth:
        year, month, day = one * 100 + two, two_digits(data, at + 5), two_digits(data, at + 8)
        swapped = False
    elif third == SLASH and byte(data, at + 5) == SLASH:
        month, day = one, two_digits(data, at + 3)
        two, three = two_digits(data, at + 6), two_digits(data, at + 8)
        year, swapped = two * 100 + three, True
    else:
        return NOT_A_TIME, at
    seconds = clock_at(data, at + 11, end)
    if min(one, two, three, month, day, seconds) < 0 or not 1970 <= year <= 2261:
        return NOT_A_TIME, at
    best = _moment(year, month, day, seconds)
    if swapped:
        other = _moment(year, day, month, seconds)
        fits = abs(best - arrival_ns) > _ABOUT and abs(other - arrival_ns) <= _ABOUT
        if best == NOT_A_TIME or (other != NOT_A_TIME and fits):
            best = other
    nanoseconds, i = fraction_at(data, at + 19, end)
    if best == NOT_A_TIME or not may_end(data, i, end):
        return NOT_A_TIME, at
    return best + nanoseconds, i


@inner
def _moment(year: int, month: int, day: int, seconds: int) -> int:
    if not 1 <= month <= 12 or not 1 <= day <= month_length(year, month):
        return NOT_A_TIME
    return (days_from_civil(year, month, day) * DAY + seconds) * SECOND


@inner
def unix_seconds(data: int, at: int) -> int:
    """Unix seconds of the ten digits at ``at``; -1 where they are none, or of too late a year."""
    seconds = 0
    for k in range(10):
        digit = byte(data, at + k) - 48
        if not 0 <= digit <= 9:
            return -1
        seconds = seconds * 10 + digit
    return seconds if seconds <= _LAST_SECOND else -1


@inner
def epoch_at(data: int, at: int, end: int) -> tuple[int, int]:
    """Unix seconds of ten digits with a fraction at ``at``, and the space after; NOT_A_TIME."""
    if end - at < 13 or byte(data, at + 10) != POINT:
        return NOT_A_TIME, at
    seconds = unix_seconds(data, at)
    nanoseconds, i = fraction_at(data, at + 10, end)
    if seconds < 0 or i == at + 10 or i >= end or byte(data, i) != SPACE:
        return NOT_A_TIME, at
    return seconds * SECOND + nanoseconds, i


@inner
def _digits_end(data: int, at: int, end: int, most: int) -> int:
    """Where the digits at ``at``, ``most`` at most, end."""
    i = at
    while i < end and i < at + most and is_digit(byte(data, i)):
        i += 1
    return i


@inner
def _shift_end(data: int, at: int, end: int) -> int:
    """Where what has the form of ``Z``, ``+hh:mm`` or ``+hhmm`` ends; ``at`` where nothing has."""
    if at < end and byte(data, at) & 0xDF == 90:
        return at + 1
    if (
        at >= end
        or byte(data, at) not in (PLUS, DASH)
        or _digits_end(data, at + 1, end, 2) < at + 3
    ):
        return at
    i = at + 3 + (at + 3 < end and byte(data, at + 3) == COLON)
    return i + 2 if _digits_end(data, i, end, 2) == i + 2 else at


@inner
def impossible_end(data: int, at: int, end: int) -> int:
    """Where a text ends that has the form of a time and says none, such as the 30th of February:
    ``Mmm dd [yyyy] hh:mm:ss`` or ISO 8601; ``at`` where there is none.
    """
    month = month_at(data, at, end)
    if month > 0:
        i = at + 4 + (byte(data, at + 4) == SPACE)
        day = _digits_end(data, i, end, 2)
        if day == i or day >= end or byte(data, day) != SPACE:
            return at
        i = _digits_end(data, day + 1, end, 4)
        i = i + 1 if i == day + 5 and i < end and byte(data, i) == SPACE else day + 1
    elif end - at >= 19 and byte(data, at + 4) == DASH and byte(data, at + 7) == DASH:
        i = at + 11
        digits = _digits_end(data, at, end, 4) == at + 4 and two_digits(data, at + 5) >= 0
        if not digits or two_digits(data, at + 8) < 0 or byte(data, at + 10) not in _BETWEEN:
            return at
    else:
        return at
    if end - i < 8 or byte(data, i + 2) != COLON or byte(data, i + 5) != COLON:
        return at
    if min(two_digits(data, i), two_digits(data, i + 3), two_digits(data, i + 6)) < 0:
        return at
    i += 8
    if i < end and byte(data, i) in (POINT, COMMA):
        i = _digits_end(data, i + 1, end, end)
    i = _shift_end(data, i, end)
    return i if ends_stamp(data, i, end) else at
