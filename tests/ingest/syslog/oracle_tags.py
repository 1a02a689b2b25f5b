"""Tags of syslog messages and what some senders put before them, slowly and obviously."""

from __future__ import annotations

import re
from typing import Any

from tests.ingest.syslog.oracle_values import FACILITIES, NUMBERS, SEVERITIES

TAG = re.compile(
    r"([^\x00-\x20:\[{\"<'=][^\x00-\x20:\[]*)"
    r"(?:\[([^\x00-\x20\]]*)\](?::| :(?= |\Z)|(?=[ \t]|\Z))|:(?=[ \t]|\Z))"
)
CLOSE_TAG = re.compile(
    r"([A-Za-z][A-Za-z0-9_./-]+):(?=[^\x00-\x1f\d:/\\])(?!(?!CEF:|LEEF:)[^\x00-\x20:\[]*:)",
    re.ASCII,
)
LEVEL = re.compile(r"(?:([A-Za-z0-9]{1,8})\.)?([a-z]{3,8}) ", re.ASCII)
EVENT = re.compile(r"(\d{5}) ", re.ASCII)


def severe(row: dict[str, Any], severity: int) -> None:
    """Say how severe a message is that has no priority."""
    if not row["severity_text"]:
        row["severity_text"], row["severity_number"] = SEVERITIES[severity], NUMBERS[severity]


def app(row: dict[str, Any], rest: str) -> str | None:
    """Read the tag at the beginning; the text after it, None where there is none."""
    name = TAG.match(rest)
    if name:
        row["app"], row["proc_id"] = name[1], name[2] or row["proc_id"]
        return rest[name.end() :].removeprefix(" ")
    close = CLOSE_TAG.match(rest)
    if close:
        row["app"] = close[1]
        return rest[close.end() :]
    return None


def levelled(row: dict[str, Any], rest: str, extras: dict[str, str]) -> str | None:
    """A level, or a facility and a level, before a tag."""
    level = LEVEL.match(rest)
    if level is None or level[2] not in SEVERITIES or (level[1] and level[1] not in FACILITIES):
        return None
    after = app(row, rest[level.end() :])
    if after is not None:
        extras["level"] = level[0][:-1]
        if level[1] and not row["severity_text"]:
            extras["facility"] = level[1]
        severe(row, SEVERITIES.index(level[2]))
    return after


def event(row: dict[str, Any], rest: str, extras: dict[str, str]) -> str | None:
    """An event number before a tag."""
    number = EVENT.match(rest)
    after = app(row, rest[number.end() :]) if number else None
    if number and after is not None:
        extras["msgid"] = number[1]
    return after
