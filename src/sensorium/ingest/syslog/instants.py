"""Timestamps of syslog messages, as kernels over the slab's bytes.

RFC 5424 section 6.2.3 (RFC 3339 with at most nine digits of fraction read), and RFC 3164
section 4.1.2 with what exists beside it: a year before the month, after the day or after the
time, fractions, hours and days of one digit, AM and PM, months in capitals or in full, ISO 8601
with a space, a comma or without a zone. :mod:`stamps` has the forms that are none of these.
Times are Unix nanoseconds; years from 1970 to 2261 fit. ``data`` is the slab's address.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog.memory import byte, word

SECOND: Final = 1_000_000_000
DAY: Final = 86_400
NOT_A_TIME: Final = -(1 << 62)

_NAMES: Final = (
    *(b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun"),
    *(b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"),
)
# A month's four bytes, space included, modulo 34 are its own: a table answers in one step.
_MONTH_MODULUS: Final = 34
_MONTH_WORDS = np.zeros(_MONTH_MODULUS, np.int64)
_MONTH_NUMBERS = np.zeros(_MONTH_MODULUS, np.int64)
for _number, _name in enumerate(_NAMES, 1):
    _word = int.from_bytes(_name + b" ", "little")
    _MONTH_WORDS[_word % _MONTH_MODULUS] = _word
    _MONTH_NUMBERS[_word % _MONTH_MODULUS] = _number
# What of a month's name follows its abbreviation, as a word, and how long that is.
_RESTS: Final = (
    *(b"uary", b"ruary", b"ch", b"il", b"", b"e", b"y", b"ust", b"tember", b"ober"),
    *(b"ember", b"ember"),
)
_REST_WORDS = np.array([int.from_bytes(rest, "little") for rest in _RESTS], np.int64)
_REST_LENGTHS = np.array([len(rest) for rest in _RESTS], np.int64)
_MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)

# "hh:mm:ss" and "YYYY-MM-" as words: which bits are fixed, and their values.
_CLOCK_MASK: Final = 0xF0F0FFF0F0FFF0F0 - (1 << 64)
_CLOCK_FORM: Final = int.from_bytes(b"00:00:00", "little")
_DATE_MASK: Final = 0xFFF0F0FFF0F0F0F0 - (1 << 64)
_DATE_FORM: Final = int.from_bytes(b"0000-00-", "little")
_SIXES: Final = 0x0606060606060606
_DIGIT_LIMIT_CLOCK: Final = 0xF0F000F0F000F0F0 - (1 << 64)
_DIGIT_LIMIT_DATE: Final = 0x00F0F000F0F0F0F0


@inner
def is_digit(byte: int) -> bool:
    """Whether a byte is an ASCII digit."""
    return 48 <= byte <= 57


@inner
def _pair(eight: int, at: int) -> int:
    """The number of the two checked digits at byte ``at`` of a word."""
    return ((eight >> (8 * at)) & 15) * 10 + ((eight >> (8 * at + 8)) & 15)


@inner
def two_digits(data: int, at: int) -> int:
    """The number of two digits at ``at``; -1 if they are not digits."""
    tens, ones = byte(data, at) - 48, byte(data, at + 1) - 48
    if 0 <= tens <= 9 and 0 <= ones <= 9:
        return tens * 10 + ones
    return -1


@inner
def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 of a Gregorian date from year 1 on (Hinnant's algorithm)."""
    y = year - 1 if month <= 2 else year
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@inner
def month_length(year: int, month: int) -> int:
    """How many days a month has."""
    if month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):
        return 29
    return int(_MONTH_DAYS[month - 1])


@inner
def year_of(time_ns: int) -> int:
    """The year, UTC, of a time from 1970 on."""
    days = time_ns // (DAY * SECOND)
    year = 1970 + days // 366
    while days_from_civil(year + 1, 1, 1) <= days:
        year += 1
    return year


@inner
def clock_at(data: int, at: int, end: int) -> int:
    """Seconds into the day of ``hh:mm:ss``, which may be a leap second; -1 if it is not that."""
    if end - at < 8:
        return -1
    eight = word(data, at)
    if (eight & _CLOCK_MASK) != _CLOCK_FORM:
        return -1
    # A digit plus six carries into the high half exactly when it is above nine.
    if ((eight + _SIXES) & _DIGIT_LIMIT_CLOCK) != (_CLOCK_FORM & _DIGIT_LIMIT_CLOCK):
        return -1
    hours, minutes, seconds = _pair(eight, 0), _pair(eight, 3), _pair(eight, 6)
    if hours > 23 or minutes > 59 or seconds > 60:
        return -1
    return hours * 3600 + minutes * 60 + seconds


@inner
def fraction_at(data: int, at: int, end: int) -> tuple[int, int]:
    """Nanoseconds of a ``.123`` that may stand at ``at``, and the position after it.

    A point without a digit is no fraction; digits after the ninth are read and dropped.
    """
    if at + 1 >= end or byte(data, at) != 46:
        return 0, at
    return digits_after(data, at, end)


@inner
def digits_after(data: int, at: int, end: int) -> tuple[int, int]:
    """As :func:`fraction_at`, whatever the mark at ``at`` is; 0 and ``at`` without a digit."""
    if at + 1 >= end or not is_digit(byte(data, at + 1)):
        return 0, at
    value, weight, i = 0, SECOND // 10, at + 1
    while i < end and is_digit(byte(data, i)):
        value += (byte(data, i) - 48) * weight
        weight //= 10
        i += 1
    return value, i


@inner
def offset_at(data: int, at: int, end: int) -> int:
    """Seconds east of UTC of ``Z`` or ``+hh:mm`` at ``at``, ended by ``end``; else NOT_A_TIME."""
    if end - at == 1 and (byte(data, at) == 90 or byte(data, at) == 122):
        return 0
    if end - at != 6 or byte(data, at + 3) != 58:
        return NOT_A_TIME
    hours, minutes = two_digits(data, at + 1), two_digits(data, at + 4)
    if not (0 <= hours <= 23 and 0 <= minutes <= 59):
        return NOT_A_TIME
    if byte(data, at) == 43:
        return hours * 3600 + minutes * 60
    if byte(data, at) == 45:
        return -(hours * 3600 + minutes * 60)
    return NOT_A_TIME


@inner
def date_at(data: int, at: int) -> int:
    """Days since 1970-01-01 of the ten bytes ``YYYY-MM-DD``; -1 if they are not a day we keep."""
    eight = word(data, at)
    if (eight & _DATE_MASK) != _DATE_FORM:
        return -1
    if ((eight + _SIXES) & _DIGIT_LIMIT_DATE) != (_DATE_FORM & _DIGIT_LIMIT_DATE):
        return -1
    year, month, day = _pair(eight, 0) * 100 + _pair(eight, 2), _pair(eight, 5), 0
    day = two_digits(data, at + 8)
    if not (1970 <= year <= 2261 and 1 <= month <= 12):
        return -1
    return days_from_civil(year, month, day) if 1 <= day <= month_length(year, month) else -1


@inner
def rfc3339(data: int, at: int, end: int) -> int:
    """The instant that exactly ``data[at:end]`` names, or NOT_A_TIME."""
    if end - at < 20 or (byte(data, at + 10) != 84 and byte(data, at + 10) != 116):
        return NOT_A_TIME
    days, seconds = date_at(data, at), clock_at(data, at + 11, end)
    if days < 0 or seconds < 0:
        return NOT_A_TIME
    nanoseconds, i = fraction_at(data, at + 19, end)
    offset = offset_at(data, i, end)
    if offset == NOT_A_TIME:
        return NOT_A_TIME
    return (days * DAY + seconds - offset) * SECOND + nanoseconds


@inner
def month_at(data: int, at: int, end: int) -> int:
    """The month, 1 to 12, whose English abbreviation and a space stand at ``at``; 0 if none.

    Capitals or not: some switches write ``NOV``.
    """
    if end - at < 8:
        return 0
    four = (word(data, at) & 0xFFFFFFDF) | 0x00202000
    slot = four % _MONTH_MODULUS
    return _MONTH_NUMBERS[slot] if _MONTH_WORDS[slot] == four else 0


@inner
def _month(data: int, at: int, end: int) -> tuple[int, int]:
    """The month at ``at``, abbreviated or in full, and where what follows its space begins."""
    month = month_at(data, at, end)
    if month > 0 or end - at < 12:
        return month, at + 4
    three = (word(data, at) & 0x00FFFFDF) | 0x20202000
    slot = three % _MONTH_MODULUS
    if _MONTH_WORDS[slot] != three:
        return 0, at
    month = _MONTH_NUMBERS[slot]
    rest, length = 0, _REST_LENGTHS[month - 1]
    for k in range(length):
        rest |= (byte(data, at + 3 + k) | 32) << (8 * k)
    if rest != _REST_WORDS[month - 1] or byte(data, at + 3 + length) != 32:
        return 0, at
    return month, at + 4 + length


@inner
def _loose_clock(data: int, at: int, end: int) -> tuple[int, int, int]:
    """Seconds into the day, -1 if there is no time at ``at``; nanoseconds; where it ends.

    The hour may have one digit, AM or PM may follow. A fraction may be parted by a comma, and one
    of three digits by a colon (Comware); a point may have none.
    """
    seconds, i = clock_at(data, at, end), at + 8
    if seconds < 0:
        if end - at < 7 or not is_digit(byte(data, at)) or byte(data, at + 1) != 58:
            return -1, 0, at
        minutes, rest = two_digits(data, at + 2), two_digits(data, at + 5)
        if not (0 <= minutes <= 59 and 0 <= rest <= 60) or byte(data, at + 4) != 58:
            return -1, 0, at
        seconds, i = (byte(data, at) - 48) * 3600 + minutes * 60 + rest, at + 7
    nanoseconds, i = _loose_fraction(data, i, end)
    half = byte(data, i + 1) if end - i >= 3 and byte(data, i) == 32 else 0
    if half in (65, 80) and byte(data, i + 2) == 77 and 3600 <= seconds < 13 * 3600:
        after = i + 3
        if after == end or byte(data, after) in (32, 46, 58):
            seconds = seconds % (12 * 3600) + (12 * 3600 if half == 80 else 0)
            if nanoseconds == 0:
                nanoseconds, after = _loose_fraction(data, after, end)
            i = after
    return seconds, nanoseconds, i


@inner
def _loose_fraction(data: int, at: int, end: int) -> tuple[int, int]:
    if at >= end:
        return 0, at
    mark = byte(data, at)
    if mark == 46 and ends_stamp(data, at + 1, end):
        return 0, at + 1
    if mark in (44, 46):
        return digits_after(data, at, end)
    if mark == 58 and end - at >= 4:
        nanoseconds, i = digits_after(data, at, end)
        if i == at + 4 and may_end(data, i, end):
            return nanoseconds, i
    return 0, at


@inner
def may_end(data: int, at: int, end: int) -> bool:
    """Whether a timestamp may end at ``at``, or a zone stands directly after it."""
    return ends_stamp(data, at, end) or zone_offset(data, at, end)[0] != NOT_A_TIME


@inner
def nearest_year(month: int, day: int, seconds: int, arrival_ns: int, year: int) -> int:
    """The instant of a date without a year that is nearest to ``arrival_ns``, whose year is
    ``year``; of two as near, this year's, then the earlier. NOT_A_TIME if no year near has it.
    """
    best, best_distance = NOT_A_TIME, 1 << 62
    for candidate in (year, year - 1, year + 1):
        if not 1970 <= candidate <= 2261 or day > month_length(candidate, month):
            continue
        time_ns = (days_from_civil(candidate, month, day) * DAY + seconds) * SECOND
        distance = abs(time_ns - arrival_ns)
        if distance < best_distance:
            best, best_distance = time_ns, distance
        # Within half a year nothing else can be nearer.
        if best_distance < 182 * DAY * SECOND:
            break
    return best


@inner
def year_at(data: int, at: int, end: int) -> int:
    """The year of four digits at ``at``, ended by a space, a colon or ``end``; 0 if none."""
    if end - at < 4 or (end - at > 4 and byte(data, at + 4) != 32 and byte(data, at + 4) != 58):
        return 0
    century, of_century = two_digits(data, at), two_digits(data, at + 2)
    if century < 0 or of_century < 0:
        return 0
    return century * 100 + of_century


@inner
def ends_stamp(data: int, at: int, end: int) -> bool:
    """Whether a timestamp may end at ``at``: before a space, ``end``, or a colon before those."""
    if at >= end or byte(data, at) == 32:
        return True
    return byte(data, at) == 58 and (at + 1 == end or byte(data, at + 1) == 32)


@inner
def _day_at(data: int, at: int, end: int) -> tuple[int, int]:
    """The day of one or two digits and a space at ``at``, and where the next begins; 0 if none."""
    i = at
    if byte(data, i) == 32:
        i += 1
    day, first = 0, i
    while i < end and i < first + 2 and is_digit(byte(data, i)):
        day = day * 10 + byte(data, i) - 48
        i += 1
    if i >= end or byte(data, i) != 32 or not 1 <= day <= 31:
        return 0, at
    return day, i + 1


@inner
def rfc3164(
    data: int, at: int, end: int, arrival_ns: int, year: int, stated: int
) -> tuple[int, int]:
    """The local time at ``at``, read as if it were UTC, and the position after it.

    NOT_A_TIME and ``at`` where there is none. It must be followed by what :func:`ends_stamp`
    says, or by an offset. ``stated`` is a year that stood before it, or 0.
    """
    month, i = _month(data, at, end)
    if month == 0:
        return NOT_A_TIME, at
    day, i = _day_at(data, i, end)
    if day == 0:
        return NOT_A_TIME, at
    if end - i >= 5 and byte(data, i + 4) == 32:
        before = year_at(data, i, end)
        if before > 0:
            stated = before
            i += 5
    seconds, nanoseconds, i = _loose_clock(data, i, end)
    if seconds < 0 or not may_end(data, i, end):
        return NOT_A_TIME, at
    if stated == 0 and end - i >= 5 and is_digit(byte(data, i + 1)) and byte(data, i) == 32:
        after = year_at(data, i + 1, end)
        if 1970 <= after <= 2261 and ends_stamp(data, i + 5, end):
            stated = after
            i += 5
    if stated == 0:
        time_ns = nearest_year(month, day, seconds, arrival_ns, year)
    elif 1970 <= stated <= 2261 and day <= month_length(stated, month):
        time_ns = (days_from_civil(stated, month, day) * DAY + seconds) * SECOND
    else:
        time_ns = NOT_A_TIME
    if time_ns == NOT_A_TIME:
        return NOT_A_TIME, at
    return time_ns + nanoseconds, i


@inner
def year_first(data: int, at: int, end: int, arrival_ns: int) -> tuple[int, int]:
    """As :func:`rfc3164`, of ``yyyy Mmm dd hh:mm:ss``."""
    if end - at < 5 or byte(data, at + 4) != 32:
        return NOT_A_TIME, at
    stated = year_at(data, at, end)
    if not 1970 <= stated <= 2261:
        return NOT_A_TIME, at
    time_ns, i = rfc3164(data, at + 5, end, arrival_ns, stated, stated)
    return (NOT_A_TIME, at) if time_ns == NOT_A_TIME else (time_ns, i)


@inner
def iso_local(data: int, at: int, end: int) -> tuple[int, int, int]:
    """``YYYY-MM-DD hh:mm:ss``, ``T`` or a space between, a comma or point before the fraction,
    and perhaps ``Z``, ``+hh:mm`` or ``+hhmm`` directly after it.

    The instant, the position after it and 1 where it is local time, 0 where a zone was stated.
    NOT_A_TIME where there is none.
    """
    if end - at < 19 or (byte(data, at + 10) & 0xDF != 84 and byte(data, at + 10) != 32):
        return NOT_A_TIME, at, 1
    if not is_digit(byte(data, at)):
        return NOT_A_TIME, at, 1
    days, seconds = date_at(data, at), clock_at(data, at + 11, end)
    if days < 0 or seconds < 0:
        return NOT_A_TIME, at, 1
    i = at + 19
    nanoseconds = 0
    if i < end and byte(data, i) == 44:
        nanoseconds, i = digits_after(data, i, end)
    else:
        nanoseconds, i = fraction_at(data, i, end)
    local = 1
    offset, after = zone_offset(data, i, end)
    if offset != NOT_A_TIME:
        local, i = 0, after
    else:
        offset = 0
    if not ends_stamp(data, i, end):
        return NOT_A_TIME, at, 1
    return (days * DAY + seconds - offset) * SECOND + nanoseconds, i, local


@inner
def zone_offset(data: int, at: int, end: int) -> tuple[int, int]:
    """Seconds east of UTC of a ``Z``, ``+hh:mm`` or ``+hhmm`` at ``at``, and where it ends.

    NOT_A_TIME where there is none that a timestamp may end with.
    """
    if at >= end:
        return NOT_A_TIME, at
    if byte(data, at) == 90 or byte(data, at) == 122:
        return (0, at + 1) if ends_stamp(data, at + 1, end) else (NOT_A_TIME, at)
    if end - at < 5 or (byte(data, at) != 43 and byte(data, at) != 45):
        return NOT_A_TIME, at
    i = at + 4 if byte(data, at + 3) == 58 else at + 3
    if i + 2 > end or not ends_stamp(data, i + 2, end):
        return NOT_A_TIME, at
    hours, minutes = two_digits(data, at + 1), two_digits(data, i)
    if not (0 <= hours <= 23 and 0 <= minutes <= 59):
        return NOT_A_TIME, at
    seconds = hours * 3600 + minutes * 60
    return (seconds if byte(data, at) == 43 else -seconds), i + 2
