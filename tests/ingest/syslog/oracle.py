"""The slow, obvious syslog parser: regular expressions over one message at a time.

Written from RFC 5424 section 6 and RFC 3164 section 4, and from the decoder's reference page for
what lies between them. It shares no code with the decoder.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime, timedelta
from typing import Any

FACILITIES = [
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron"),
    *("authpriv", "ftp", "ntp", "security", "console", "solaris-cron"),
    *("local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"),
]
SEVERITIES = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
NUMBERS = [21, 19, 18, 17, 13, 10, 9, 5]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

PRI = re.compile(r"<(\d{1,3})>", re.ASCII)
NAME = r'[^\x00-\x20="\]]{1,64}'
VALUE = r'"((?:\\["\\\]]|[^"\\]|\\(?!["\\\]]))*)"'
PARAMETER = rf" +({NAME})={VALUE}"
ELEMENT = rf"\[({NAME})((?: +{NAME}={VALUE})*) *\]"
DATA = re.compile(rf"(?:\[{NAME}(?: +{NAME}={VALUE})* *\])+(?= |$|\Z)")
RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
LEGACY = re.compile(
    rf"({'|'.join(MONTHS)})  ?(\d{{1,2}}) (?:(\d{{4}}) )?(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?= |\Z)",
    re.ASCII,
)
TAG = re.compile(r"([^\x00-\x20:\[]+)(?:\[([^\x00-\x20\]]*)\]:?|:)(?=[ \t]|\Z)")
VERSION = re.compile(r"([1-9]\d{0,2})(?=\Z| -(?: |\Z)| \d{4}-)", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def split(payload: bytes) -> list[str]:
    """The messages of a datagram."""
    text = payload.decode("utf-8", "replace")
    pieces = []
    start = 0
    for match in re.finditer("\n", text):
        pri = PRI.match(text, match.end())
        if pri and int(pri[1]) <= 191:
            pieces.append(text[start : match.end()])
            start = match.end()
    pieces.append(text[start:])
    return [piece for piece in (p.strip("\r\n\x00") for p in pieces) if piece]


def decode(payload: bytes, arrival_ns: int, source: bytes) -> list[dict[str, Any]]:
    """The rows of a datagram, without the columns that only copy its arguments."""
    address = ipaddress.ip_address(source)
    mapped = getattr(address, "ipv4_mapped", None)
    return [one(message, arrival_ns, str(mapped or address)) for message in split(payload)]


def one(message: str, arrival_ns: int, sender: str) -> dict[str, Any]:
    """One message, already stripped."""
    text = message.removeprefix("\ufeff")
    row: dict[str, Any] = {
        "time_ns": arrival_ns,
        "severity_number": 0,
        "severity_text": "",
        "host": "",
        "app": "",
        "proc_id": "",
        "body": text,
        "attributes": [],
    }
    pri = PRI.match(text)
    if pri and int(pri[1]) <= 191:
        facility, severity = divmod(int(pri[1]), 8)
        row["severity_number"] = NUMBERS[severity]
        row["severity_text"] = SEVERITIES[severity]
        row["attributes"] = [("facility", FACILITIES[facility])]
        rest = text[pri.end() :]
        version = VERSION.match(rest)
        if version:
            modern(row, version[1], rest[version.end() :])
        else:
            legacy(row, rest, arrival_ns)
    row["host"] = row["host"] or sender
    return row


def modern(row: dict[str, Any], version: str, rest: str) -> None:
    """RFC 5424: ``rest`` is what follows VERSION."""
    row["attributes"].append(("version", version))
    row["body"] = ""
    fields = {}
    for name in ("timestamp", "host", "app", "proc_id", "msgid"):
        if not rest:
            break
        match = re.match(r" ([^ ]*)", rest)
        assert match
        fields[name] = "" if match[1] in ("", "-") else match[1]
        rest = rest[match.end() :]
    row.update({k: fields.get(k, "") for k in ("host", "app", "proc_id")})
    if fields.get("msgid"):
        row["attributes"].append(("msgid", fields["msgid"]))
    stamp = fields.get("timestamp", "")
    time_ns = rfc3339(stamp)
    if time_ns is not None:
        row["time_ns"] = time_ns
    elif stamp:
        row["attributes"].append(("timestamp", stamp))
    body(row, rest)


def body(row: dict[str, Any], rest: str) -> None:
    """Structured data and MSG: ``rest`` begins with the space before them."""
    rest = rest[1:]
    match = DATA.match(rest)
    if match:
        for element in re.finditer(ELEMENT, match[0]):
            parameters = list(re.finditer(PARAMETER, element[2]))
            if not parameters:
                row["attributes"].append((element[1], ""))
            for parameter in parameters:
                value = re.sub(r'\\(["\\\]])', r"\1", parameter[2])
                row["attributes"].append((f"{element[1]}.{parameter[1]}", value))
        rest = rest[match.end() + 1 :]
    elif rest == "-" or rest.startswith("- "):
        rest = rest[2:]
    row["body"] = rest.removeprefix("\ufeff")


def legacy(row: dict[str, Any], rest: str, arrival_ns: int) -> None:
    """RFC 3164 and what is called that: ``rest`` is what follows PRI."""
    token = rest.split(" ", 1)[0]
    time_ns, end = rfc3339(token) if len(token) < 40 else None, len(token)
    if time_ns is None:
        match = LEGACY.match(rest)
        if match:
            time_ns, end = bsd(match, arrival_ns), match.end()
    if time_ns is not None:
        row["time_ns"] = time_ns
        rest = rest[end + 1 :]
        token = rest.split(" ", 1)[0]
        if token and token[-1] not in ":]":
            row["host"] = token
            rest = rest[len(token) + 1 :]
    tag = TAG.match(rest)
    if tag:
        row["app"], row["proc_id"] = tag[1], tag[2] or ""
        rest = rest[tag.end() :].removeprefix(" ")
    row["body"] = rest


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


def bsd(match: re.Match[str], arrival_ns: int) -> int | None:
    """The instant of a ``Mmm dd hh:mm:ss``: of the years around the arrival, the nearest one."""
    month, day = MONTHS.index(match[1]) + 1, int(match[2])
    clock = f"{match[4]}:{match[5]}:{match[6]}"
    fraction = int((match[7] or "0")[:9].ljust(9, "0"))
    if match[3]:
        years = [int(match[3])]
    else:
        year = (EPOCH + timedelta(microseconds=max(arrival_ns, 0) // 1000)).year
        years = [year, year - 1, year + 1]
    times = [t for y in years if (t := moment(y, month, day, clock, None)) is not None]
    if not times:
        return None
    return min(times, key=lambda t: abs(t - arrival_ns)) + fraction
