"""Facilities and severities, and messages of keys and values, slowly and obviously."""

from __future__ import annotations

import re
from typing import Any

from tests.ingest.syslog.oracle_times import CLOCK, instant, iso_day, moment, zone_value

FACILITIES = [
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron"),
    *("authpriv", "ftp", "ntp", "security", "console", "solaris-cron"),
    *("local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"),
]
SEVERITIES = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
NUMBERS = [21, 19, 18, 17, 13, 10, 9, 5]
KEY = re.compile(r"([a-z0-9_]+)=", re.ASCII)


def values_of(rest: str) -> list[tuple[str, str]]:
    """The keys and values of ``a=b,c="d e" f``, in their order."""
    found, at = [], 0
    while at < len(rest):
        key = KEY.match(rest, at)
        at = key.end() if key else at
        quoted = rest[at : at + 1] == '"'
        match = re.compile(r'"[^"]*' if quoted else "[^ ,]*").match(rest, at)
        assert match
        if key:
            found.append((key[1], match[0][1:] if quoted else match[0]))
        at = match.end() + 1
    return found


def is_address(value: str) -> bool:
    """Hexadecimal digits with two points or colons at least."""
    return bool(re.fullmatch("[0-9A-Fa-f]*([.:][0-9A-Fa-f]*){2,}", value))


BARRED = re.compile(r"time=(\d{10})\|(?:hostname=([^|]*))?", re.ASCII)


def key_values(row: dict[str, Any], rest: str) -> bool:
    """FortiOS and other firewalls: all of it stays text."""
    if (barred := BARRED.match(rest)) and int(barred[1]) <= 9_214_646_399:
        row["time_ns"] = int(barred[1]) * 10**9
        row["host"], row["body"] = barred[2] or "", rest
        return True
    if not KEY.match(rest):
        return False
    values: dict[str, str] = {}
    whole: tuple[int, bool] | None = None
    days = clock = shift = None
    for key, value in values_of(rest):
        if key == "date" and len(value.encode()) == 10:
            days = iso_day(value)
        elif key == "time" and len(value.encode()) < 19:
            match = re.fullmatch(rf"{CLOCK}(?:\.(\d+))?", value, re.ASCII)
            clock = match and moment(1970, 1, 1, value[:8], match[4])
        elif key == "time" or (key == "timestamp" and whole is None):
            whole = instant(value)
        elif key in ("tz", "timezone"):
            shift = zone_value(value)
        elif value and (
            key == "devname"
            or (key == "device_name" and not values)
            or (key == "fw" and not values and not is_address(value))
        ):
            values[key] = value
    if days is not None and clock is not None:
        whole = days + clock, True
    if whole is None:
        return False
    row["host"] = values.get("devname") or next(iter(values.values()), "")
    row["time_ns"] = whole[0] - (shift or 0) * 10**9 * whole[1]
    row["body"] = rest
    return True
