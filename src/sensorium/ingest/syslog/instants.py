"""Timestamps of syslog messages in digits, as kernels over the slab's bytes.

RFC 5424 section 6.2.3 (RFC 3339 with at most nine digits of fraction read) and ISO 8601 with a
space, a comma or without a zone; calendar and clock, of which other forms are made. :mod:`months`
has those of RFC 3164, :mod:`stamps` what only some senders write. Times are Unix nanoseconds;
years from 1970 to 2261 fit. ``data`` is the slab's address.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog.memory import byte, word

SECOND: Final = 1_000_000_000
DAY: Final = 86_400
NOT_A_TIME: Final = -(1 << 62)

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
def may_end(data: int, at: int, end: int) -> bool:
    """Whether a timestamp may end at ``at``, or a zone stands directly after it."""
    return ends_stamp(data, at, end) or zone_offset(data, at, end)[0] != NOT_A_TIME


@inner
def ends_stamp(data: int, at: int, end: int) -> bool:
    """Whether a timestamp may end at ``at``: before a space, a tab, ``end``, or a colon before a
    space or ``end``.
    """
    if at >= end or byte(data, at) == 32 or byte(data, at) == 9:
        return True
    return byte(data, at) == 58 and (at + 1 == end or byte(data, at + 1) == 32)


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
