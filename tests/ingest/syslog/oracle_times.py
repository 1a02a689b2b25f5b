"""Times of syslog messages, slowly and obviously: regular expressions and the standard library."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
STAMP_END = r"(?=[ \t]|\Z|:(?= |\Z))"
SHIFT = rf"(?:[Zz]|[+-]\d\d:?\d\d){STAMP_END}"
MAY_END = rf"(?:{STAMP_END}|(?={SHIFT}))"
CLOCK = r"(\d\d):(\d\d):(\d\d)"
FULL_MONTHS = [
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
]
MONTH = re.compile(rf"({'|'.join(FULL_MONTHS)}|{'|'.join(MONTHS)}) ", re.ASCII | re.IGNORECASE)
DAY_YEAR = re.compile(r" ?(\d{1,2}) (?:(\d{4}) )?", re.ASCII)
DAY_CLOCK = re.compile(r"(\d{1,2}):(\d\d):(\d\d)", re.ASCII)
FRACTION = re.compile(rf"\.{STAMP_END}|[.,](\d+)|:(\d{{3}})(?!\d){MAY_END}", re.ASCII)
HALF = re.compile(r" ([AP])M(?=[\t .:]|\Z)", re.ASCII)
WEEKDAY = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ")
YEAR_AFTER = re.compile(rf" (\d{{4}}){STAMP_END}", re.ASCII)
ISO = re.compile(
    rf"(\d{{4}})-(\d\d)-(\d\d)[Tt ]{CLOCK}(?:[.,](\d+))?"
    rf"([Zz]|[+-]\d\d:?\d\d)?{STAMP_END}",
    re.ASCII,
)
DIGITS = re.compile(
    rf"(?:(\d{{4}})([/:])(\d\d)\2(\d\d)|(\d\d)/(\d\d)/(\d{{4}}))[ :-]{CLOCK}"
    rf"(?:\.(\d+))?{MAY_END}",
    re.ASCII,
)
FIRST_DAY = re.compile(
    rf"(\d{{1,2}}) ({'|'.join(FULL_MONTHS)}|{'|'.join(MONTHS)}) ", re.ASCII | re.IGNORECASE
)
IMPOSSIBLE = re.compile(
    rf"(?:(?:{'|'.join(MONTHS)})  ?\d{{1,2}} (?:\d{{4}} )?|\d{{4}}-\d\d-\d\d[ Tt]){CLOCK}"
    rf"(?:[.,]\d*)?(?:[Zz]|[+-]\d\d:?\d\d)?{STAMP_END}",
    re.ASCII | re.IGNORECASE,
)
OFFSET = re.compile(rf" ?([Zz]|[+-]\d\d:?\d\d){STAMP_END}", re.ASCII)
NAMED_OFFSET = re.compile(rf" (?:UTC|GMT)([+-])(\d{{1,2}})(?::(\d\d))?{STAMP_END}", re.ASCII)
ZONE = re.compile(rf" ([A-Z]{{3,5}}){STAMP_END}", re.ASCII)
ZONES = {
    **{"UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3},
    **{"MSK": 3, "JST": 9, "KST": 9, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7},
    **{"MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "SAST": 2, "PKT": 5},
    **{"WIB": 7, "HKT": 8, "SGT": 8, "AWST": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13},
}
OWN_ZONE = re.compile(r" ([A-Za-z]{3,8})(?=: %)", re.ASCII)
UTC_OFFSET = re.compile(r"UTC([+-])(\d{1,2})(?::(\d\d))?", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_NS = 86_400 * 10**9
MONTH_NS = 31 * DAY_NS


def moment(year: int, month: int, day: int, clock: str, fraction: str | None) -> int | None:
    """Unix nanoseconds of a UTC date and ``hh:mm:ss``; None where there is no such time."""
    hours, minutes, seconds = map(int, clock.split(":"))
    if not (1970 <= year <= 2261 and hours < 24 and minutes < 60 and seconds <= 60):
        return None
    try:
        start = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    whole = (start - EPOCH) // timedelta(seconds=1) + hours * 3600 + minutes * 60 + seconds
    return whole * 10**9 + int((fraction or "0")[:9].ljust(9, "0"))


def rfc3339(text: str) -> int | None:
    """The instant a whole RFC 3339 text names."""
    match = RFC3339.fullmatch(text)
    if match is None:
        return None
    time_ns = moment(
        int(match[1]), int(match[2]), int(match[3]), f"{match[4]}:{match[5]}:{match[6]}", match[7]
    )
    zone = match[8]
    if time_ns is None or zone in "Zz":
        return time_ns
    if int(zone[1:3]) > 23 or int(zone[4:]) > 59:
        return None
    offset = (int(zone[1:3]) * 60 + int(zone[4:])) * 60 * 10**9
    return time_ns + (-offset if zone[0] == "+" else offset)


def bsd(name: str, day: int, seconds: int, arrival_ns: int, stated: int | None) -> int | None:
    """The instant of a day and seconds: of the years around the arrival, the latest one that is
    not more than 31 days after it.
    """
    month = MONTHS.index(name.capitalize()) + 1
    if stated:
        years = [stated]
    else:
        year = (EPOCH + timedelta(microseconds=max(arrival_ns, 0) // 1000)).year
        years = [year - 1, year, year + 1]
    starts = [t for y in years if (t := moment(y, month, day, "00:00:00", None)) is not None]
    times = [start + seconds * 10**9 for start in starts]
    return max((t for t in times if t <= arrival_ns + MONTH_NS), default=min(times, default=None))


def month_of(rest: str) -> int:
    """The number of the month whose abbreviation ``rest`` begins with; 0 if none."""
    if len(rest.encode()) < 8 or rest[3:4] != " " or rest[:3].capitalize() not in MONTHS:
        return 0
    return MONTHS.index(rest[:3].capitalize()) + 1 if rest[:3].isascii() else 0


def usual_stamp(rest: str, arrival_ns: int) -> tuple[int, int, bool] | None:
    """A whole RFC 3339 token, or ``Mmm dd hh:mm:ss``: time, length, whether local."""
    token = rest.split(" ", 1)[0]
    if len(token.encode()) < 40 and (time_ns := rfc3339(token)) is not None:
        return time_ns, len(token), False
    return month_stamp(rest, arrival_ns, None)


def clock_of(rest: str, end: int) -> tuple[int, int, int] | None:
    """Seconds into the day, nanoseconds and where they end, of ``hh:mm:ss`` as some write it."""
    match = DAY_CLOCK.match(rest, end)
    if match is None:
        return None
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3])
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    total, end = hours * 3600 + minutes * 60 + seconds, match.end()
    fraction, digits = FRACTION.match(rest, end), ""
    if fraction:
        digits, end = fraction[1] or fraction[2] or "", fraction.end()
    half = HALF.match(rest, end)
    if half and 3600 <= total < 13 * 3600:
        total, end = total % (12 * 3600) + 12 * 3600 * (half[1] == "P"), half.end()
        if int((digits or "0")[:9]) == 0 and (fraction := FRACTION.match(rest, end)):
            digits, end = fraction[1] or fraction[2] or "", fraction.end()
    return total, int((digits or "0")[:9].ljust(9, "0")), end


def month_stamp(rest: str, arrival_ns: int, year: int | None) -> tuple[int, int, bool] | None:
    """``Mmm dd [yyyy] hh:mm:ss[.fraction] [yyyy]``."""
    name = MONTH.match(rest)
    short = name is not None and len(name[1]) == 3
    if name is None or len(rest.encode()) < (8 if short else 12):
        return None
    day = DAY_YEAR.match(rest, name.end())
    if day is None or not 1 <= int(day[1]) <= 31:
        return None
    clock = clock_of(rest, day.end())
    if clock is None:
        return None
    seconds, nanoseconds, end = clock
    if not re.compile(MAY_END).match(rest, end):
        return None
    if re.compile(SHIFT).match(rest, end) and seconds_east(rest[end:]) is None:
        return None
    stated = day[2] if day[2] and int(day[2]) else year
    if not stated and (after := YEAR_AFTER.match(rest, end)) and 1970 <= int(after[1]) <= 2261:
        stated, end = after[1], after.end()
    time_ns = bsd(name[1][:3], int(day[1]), seconds, arrival_ns, int(stated) if stated else None)
    return None if time_ns is None else (time_ns + nanoseconds, end, True)


def any_stamp(rest: str, arrival_ns: int) -> tuple[int, int, bool] | None:
    """Any form of time that is read."""
    match = ISO.match(rest)
    if match:
        clock = f"{match[4]}:{match[5]}:{match[6]}"
        time_ns = moment(int(match[1]), int(match[2]), int(match[3]), clock, match[7])
        shift = seconds_east(match[8] or "Z")
        if time_ns is not None and shift is not None:
            return time_ns - shift * 10**9, match.end(), not match[8]
    year = re.match(r"(\d{4}) ", rest, re.ASCII)
    if year and 1970 <= int(year[1]) <= 2261:
        stamp = month_stamp(rest[5:], arrival_ns, int(year[1]))
        if stamp:
            return stamp[0], stamp[1] + 5, True
    if digits := digit_stamp(rest, arrival_ns):
        return digits
    if day := FIRST_DAY.match(rest):
        swapped = f"{day[2]} {day[1]} {rest[day.end() :]}"
        stamp = month_stamp(swapped, arrival_ns, None) if len(rest.encode()) >= 14 else None
        return (stamp[0], stamp[1], True) if stamp else None
    if WEEKDAY.match(rest) and len(rest.encode()) >= 12 and month_of(rest[4:]):
        stamp = month_stamp(rest[4:], arrival_ns, None)
        return (stamp[0], stamp[1] + 4, True) if stamp else None
    return month_stamp(rest, arrival_ns, None)


def digit_stamp(rest: str, arrival_ns: int) -> tuple[int, int, bool] | None:
    """``2026/11/23 10:00:00``, ``2026:11:23-10:00:00``, ``11/23/2026:10:00:00``."""
    match = DIGITS.match(rest)
    if match is None:
        return None
    if re.compile(SHIFT).match(rest, match.end()) and seconds_east(rest[match.end() :]) is None:
        return None
    clock = f"{match[8]}:{match[9]}:{match[10]}"
    if match[1]:
        dates = [(int(match[1]), int(match[3]), int(match[4]))]
    else:
        year, first, second = int(match[7]), int(match[5]), int(match[6])
        dates = [(year, first, second), (year, second, first)]
    times = [t for date in dates if (t := moment(*date, clock, None)) is not None]
    if not times:
        return None
    nanoseconds = int((match[11] or "0")[:9].ljust(9, "0"))
    near = [t for t in times if abs(t - arrival_ns) <= 2 * DAY_NS]
    return (near or times)[0] + nanoseconds, match.end(), True


def seconds_east(text: str) -> int | None:
    """Of ``Z``, ``+hh:mm`` or ``+hhmm`` that ``text`` begins with."""
    if text[0] in "Zz":
        return 0
    hours, minutes = int(text[1:3]), int(text[4:6] if text[3] == ":" else text[3:5])
    if hours > 23 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (60 if text[0] == "+" else -60)


def named_seconds(match: re.Match[str]) -> int | None:
    """Of the sign, hours and minutes that follow ``UTC``."""
    hours, minutes = int(match[2]), int(match[3] or 0)
    if hours > 23 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (60 if match[1] == "+" else -60)


def zone(rest: str) -> tuple[int | None, int, str]:
    """A zone after the time: its offset in seconds, its length, and its name if that is unknown.

    The offset is None where there is none that is known.
    """
    match = OFFSET.match(rest)
    if match and (shift := seconds_east(match[1])) is not None:
        return shift, match.end(), ""
    match = NAMED_OFFSET.match(rest)
    if match and (shift := named_seconds(match)) is not None:
        return shift, match.end(), ""
    match = ZONE.match(rest)
    if match and match[1] in ZONES:
        return ZONES[match[1]] * 3600, match.end(), ""
    if match := OWN_ZONE.match(rest):
        if match[1].upper() in ZONES:
            return ZONES[match[1].upper()] * 3600, match.end(), ""
        return None, match.end(), match[1]
    return None, 0, ""


def zone_value(value: str) -> int | None:
    """Seconds east of UTC of ``+0100``, ``UTC+1:00`` or a name."""
    if match := UTC_OFFSET.fullmatch(value):
        return named_seconds(match)
    if re.fullmatch(r"[Zz]|[+-]\d\d:?\d\d", value, re.ASCII):
        return seconds_east(value)
    return ZONES[value] * 3600 if value in ZONES else None


def iso_day(value: str) -> int | None:
    """Unix nanoseconds of a day ``yyyy-mm-dd``."""
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", value, re.ASCII)
    return moment(*map(int, match.groups()), "00:00:00", None) if match else None


def instant(value: str) -> tuple[int, bool] | None:
    """A date and a time in one value, and whether that is local."""
    match = ISO.match(value)
    stamp = any_stamp(value, 0) if match else None
    if stamp is None or stamp[1] == len(value):
        return stamp and (stamp[0], stamp[2])
    shift = zone_value(value[stamp[1] + 1 :]) if value[stamp[1]] == " " else None
    return None if shift is None else (stamp[0] - shift * 10**9, False)
