"""Timestamps of syslog messages that name their month, as kernels over the slab's bytes.

RFC 3164 section 4.1.2 and what exists beside it: a year before the month, after the day or after
the time, the day before the month, fractions, hours and days of one digit, AM and PM, months in
capitals or in full.
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
    digits_after,
    ends_stamp,
    is_digit,
    may_end,
    month_length,
    two_digits,
)
from sensorium.ingest.syslog.memory import byte, word

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
AHEAD: Final = 31 * DAY * SECOND
"""How far ahead of ours a sender's clock is believed to be."""
# What of a month's name follows its abbreviation, as a word, and how long that is.
_RESTS: Final = (
    *(b"uary", b"ruary", b"ch", b"il", b"", b"e", b"y", b"ust", b"tember", b"ober"),
    *(b"ember", b"ember"),
)
_REST_WORDS = np.array([int.from_bytes(rest, "little") for rest in _RESTS], np.int64)
_REST_LENGTHS = np.array([len(rest) for rest in _RESTS], np.int64)


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
        if after == end or byte(data, after) in (9, 32, 46, 58):
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
def latest_year(month: int, day: int, seconds: int, arrival_ns: int, year: int) -> int:
    """The latest instant of a date without a year that is no more than AHEAD after
    ``arrival_ns``, whose year is ``year``; where there is none, the earliest that there is.

    Clocks are some days wrong and files some months old. NOT_A_TIME if no year near has the date.
    """
    time_ns = NOT_A_TIME
    for candidate in (year + 1, year, year - 1):
        if 1970 <= candidate <= 2261 and day <= month_length(candidate, month):
            time_ns = (days_from_civil(candidate, month, day) * DAY + seconds) * SECOND
            if time_ns <= arrival_ns + AHEAD:
                break
    return time_ns


@inner
def year_at(data: int, at: int, end: int) -> int:
    """The year of four digits at ``at``, ended by white space, a colon or ``end``; 0 if none."""
    if end - at < 4 or (end - at > 4 and byte(data, at + 4) not in (9, 32, 58)):
        return 0
    century, of_century = two_digits(data, at), two_digits(data, at + 2)
    if century < 0 or of_century < 0:
        return 0
    return century * 100 + of_century


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
def _clocked(
    data: int, at: int, end: int, arrival_ns: int, year: int, stated: int, month: int, day: int
) -> tuple[int, int]:
    """The time of a known day whose clock is at ``at``, a year before or after it or none.

    ``stated`` is a year that stood before, or 0. NOT_A_TIME where there is none.
    """
    i = at
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
        time_ns = latest_year(month, day, seconds, arrival_ns, year)
    elif 1970 <= stated <= 2261 and day <= month_length(stated, month):
        time_ns = (days_from_civil(stated, month, day) * DAY + seconds) * SECOND
    else:
        time_ns = NOT_A_TIME
    return (NOT_A_TIME, at) if time_ns == NOT_A_TIME else (time_ns + nanoseconds, i)


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
    time_ns, i = _clocked(data, i, end, arrival_ns, year, stated, month, day)
    return (NOT_A_TIME, at) if time_ns == NOT_A_TIME else (time_ns, i)


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
def day_first(data: int, at: int, end: int, arrival_ns: int, year: int) -> tuple[int, int]:
    """As :func:`rfc3164`, of ``dd Mmm [yyyy] hh:mm:ss``."""
    if end - at < 14:
        return NOT_A_TIME, at
    day, i = _day_at(data, at, end)
    month, i = _month(data, i, end) if day > 0 else (0, at)
    if month == 0:
        return NOT_A_TIME, at
    time_ns, i = _clocked(data, i, end, arrival_ns, year, 0, month, day)
    return (NOT_A_TIME, at) if time_ns == NOT_A_TIME else (time_ns, i)
