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
STAMP_END = r"(?= |\Z|:(?= |\Z))"
CLOCK = r"(\d\d):(\d\d):(\d\d)"
LEGACY = re.compile(
    rf"({'|'.join(MONTHS)})  ?(\d{{1,2}}) (?:(\d{{4}}) )?{CLOCK}(?:\.(\d+))?{STAMP_END}",
    re.ASCII,
)
YEAR_AFTER = re.compile(rf" (\d{{4}}){STAMP_END}", re.ASCII)
ISO = re.compile(
    rf"(\d{{4}})-(\d\d)-(\d\d)[Tt ]{CLOCK}(?:[.,](\d+))?"
    rf"([Zz]|[+-]\d\d:?\d\d)?{STAMP_END}",
    re.ASCII,
)
OFFSET = re.compile(rf" (Z|z|[+-]\d\d:?\d\d){STAMP_END}", re.ASCII)
ZONE = re.compile(rf" ([A-Z]{{3,5}}){STAMP_END}", re.ASCII)
ZONES = {
    **{"UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3},
    **{"MSK": 3, "JST": 9, "KST": 9, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7},
    **{"MDT": -6, "PST": -8, "PDT": -7},
}
MNEMONIC = re.compile(
    r"%([^\x00-\x20:]+?)-([0-7])-([^\x00-\x20:]+) ?:(?: |\Z)",
)
UPTIME = re.compile(r"(?:(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)|(?:\d{1,4}[ywdh]){2,}?)(?=: )",
                    re.ASCII)  # fmt: skip
NUMBER = re.compile(r"(\d{1,10}): +", re.ASCII)
ORIGIN = re.compile(r"([^\x00-\x20:\[%*.][^\x00-\x20:\[]*): +")
NODE = re.compile(rf"([^\x00-\x20:]*/[^\x00-\x20:]*):(?=(?:{'|'.join(MONTHS)}) .{{4}})", re.DOTALL)
REPETITION = re.compile(r"(?:last )?message repeated (\d{1,10}) times", re.ASCII)
TOPICS = re.compile(r"([a-z0-9!-]+)(?:,[a-z0-9!-]+)+(?= )", re.ASCII)
LEVELS = {"info", "error", "debug", "warning", "critical"}
FORTIOS = re.compile(rf"date=(\d{{4}})-(\d\d)-(\d\d) time={CLOCK}(?= |\Z)", re.ASCII)
TAG = re.compile(r"([^\x00-\x20:\[]+)(?:\[([^\x00-\x20\]]*)\]:?|:)(?=[ \t]|\Z)")
VERSION = re.compile(
    r"([1-9]\d{0,2})(?=\Z| -(?: |\Z)| \d{4}-| <(?:\d{1,2}|1[0-8]\d|19[01]|0\d\d)>)", re.ASCII
)
COUNT = re.compile(r"[1-9]\d{0,6} (?=<\d{1,3}>)", re.ASCII)
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
    if not (pri and int(pri[1]) <= 191) and (counted := COUNT.match(text)):
        after = PRI.match(text, counted.end())
        assert after
        if int(after[1]) <= 191:
            pri = after
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
    elif not (len(text.encode()) > 10 and text[0] in "0123456789" and text.encode()[10] == 32):
        headed = dict(row)
        if legacy(headed, text, arrival_ns):
            row = headed
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


ORDER = ["sequence", "clock", "uptime", "zone", "node", "cisco.facility", "cisco.severity",
         "cisco.mnemonic", "repeated", "topics"]  # fmt: skip


def legacy(row: dict[str, Any], rest: str, arrival_ns: int) -> bool:
    """RFC 3164 and what is called that: ``rest`` is what follows PRI. Whether it has a header."""
    extras: dict[str, str] = {}
    facility = row["attributes"]
    headed = header(row, rest, arrival_ns, extras)
    row["attributes"] = facility + [(name, extras[name]) for name in ORDER if name in extras]
    return headed


def header(row: dict[str, Any], rest: str, arrival_ns: int, extras: dict[str, str]) -> bool:
    """What stands before the text, in the order in which it is looked for."""
    stamp = usual_stamp(rest, arrival_ns) or any_stamp(rest, arrival_ns)
    if stamp is None and (forti := fortios(row, rest)):
        return forti
    if stamp is None:
        led = lead_in(row, rest, extras)
        if led < len(rest) or led:
            found = any_stamp(rest[led:], arrival_ns) if led else None
            if found:
                stamp = found[0], led + found[1], found[2]
        if stamp is None:
            up = UPTIME.match(rest[led:])
            if up:
                extras["uptime"] = up[0]
                text(row, rest[host(row, rest, led + up.end()) :], arrival_ns, extras)
                return True
            tag = MNEMONIC.match(rest[led:])
            if tag:
                mnemonic(row, tag, extras)
                row["app"], row["body"] = (
                    tag[0].rstrip(" ")[:-1].rstrip(" "),
                    rest[led:][tag.end() :],
                )
                return True
            extras.clear()
            row["host"] = ""
            text(row, rest, arrival_ns, extras)
            return False
    row["time_ns"], end, local = stamp
    if local:
        offset, length, name = zone(rest[end:])
        row["time_ns"] -= offset * 10**9
        if name:
            extras["zone"] = name
        end += length
    text(row, rest[host(row, rest, end) :], arrival_ns, extras)
    return True


def usual_stamp(rest: str, arrival_ns: int) -> tuple[int, int, bool] | None:
    """A whole RFC 3339 token, or ``Mmm dd hh:mm:ss``: time, length, whether local."""
    token = rest.split(" ", 1)[0]
    if len(token.encode()) < 40 and (time_ns := rfc3339(token)) is not None:
        return time_ns, len(token), False
    return month_stamp(rest, arrival_ns, None)


def month_stamp(rest: str, arrival_ns: int, year: int | None) -> tuple[int, int, bool] | None:
    """``Mmm dd [yyyy] hh:mm:ss[.fraction] [yyyy]``."""
    match = LEGACY.match(rest)
    if match is None:
        return None
    end = match.end()
    stated = match[3] if match[3] and int(match[3]) else year
    if not stated and (after := YEAR_AFTER.match(rest, end)) and 1970 <= int(after[1]) <= 2261:
        stated, end = after[1], after.end()
    time_ns = bsd(match, arrival_ns, int(stated) if stated else None)
    return None if time_ns is None else (time_ns, end, True)


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
    return month_stamp(rest, arrival_ns, None)


def seconds_east(text: str) -> int | None:
    """Of ``Z``, ``+hh:mm`` or ``+hhmm``."""
    if text in "Zz":
        return 0
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (60 if text[0] == "+" else -60)


def zone(rest: str) -> tuple[int, int, str]:
    """A zone after the time: its offset in seconds, its length, and its name if that is unknown."""
    match = OFFSET.match(rest)
    if match and (shift := seconds_east(match[1])) is not None:
        return shift, match.end(), ""
    match = ZONE.match(rest)
    if match and match[1] in ZONES:
        return ZONES[match[1]] * 3600, match.end(), ""
    if match and rest[match.end() : match.end() + 3] == ": %":
        return 0, match.end(), match[1]
    return 0, 0, ""


def fortios(row: dict[str, Any], rest: str) -> bool:
    """FortiOS: all of it stays text."""
    match = FORTIOS.match(rest)
    if match is None:
        return False
    clock = f"{match[4]}:{match[5]}:{match[6]}"
    time_ns = moment(int(match[1]), int(match[2]), int(match[3]), clock, None)
    if time_ns is None:
        return False
    name = re.match(r' devname=(?:"([^"]*)|([^" ][^ ]*))', rest[match.end() :])
    row["host"] = (name[1] or name[2] or "") if name else ""
    shift = re.search(r' tz="([+-]\d{4})"', rest[match.end() :], re.ASCII)
    row["time_ns"] = time_ns - (seconds_east(shift[1]) or 0) * 10**9 if shift else time_ns
    row["body"] = rest
    return True


def lead_in(row: dict[str, Any], rest: str, extras: dict[str, str]) -> int:
    """Cisco's numbers, origin, node and clock mark; how long they are."""
    end = re.match(":? *", rest).end() if rest.startswith(":") else 0  # type: ignore[union-attr]
    first, origin = end, False
    for _ in range(4):
        if number := NUMBER.match(rest, end):
            extras["sequence"] = number[1]
            end = number.end()
            continue
        name = ORIGIN.match(rest, end)
        if origin or end == first or UPTIME.match(rest, end) or name is None:
            break
        row["host"], origin, end = name[1], True, name.end()
    node = NODE.match(rest, end)
    if node is None and not origin and (word := re.compile("[^ ]* ").match(rest, end)):
        node = NODE.match(rest, word.end())
        if node:
            row["host"] = word[0][:-1]
    if node:
        extras["node"], end = node[1], node.end()
    if rest[end : end + 1] in ("*", "."):
        extras["clock"] = rest[end]
        end += 1
    return end


def host(row: dict[str, Any], rest: str, end: int) -> int:
    """Where the tag begins after a time that ended at ``end``."""
    if rest[end : end + 1] != ":":
        end += 1
        while rest[end : end + 1] == " ":
            end += 1
    if re.compile(r":(?= |\Z)").match(rest, end):
        return min(end + 2, len(rest))
    token = rest[end:].split(" ", 1)[0]
    repetition = REPETITION.match(rest, end)
    if row["host"] or token.startswith("%") or (repetition and rest[end] == "l"):
        return end
    if not token or token[-1] in ":]":
        return end
    row["host"] = token
    end = min(end + len(token) + 1, len(rest))
    return min(end + 2, len(rest)) if re.compile(r":(?= |\Z)").match(rest, end) else end


def mnemonic(row: dict[str, Any], tag: re.Match[str], extras: dict[str, str]) -> None:
    """The parts of ``%FAC-SEV-MNEM``."""
    extras["cisco.facility"], extras["cisco.severity"], extras["cisco.mnemonic"] = tag.groups()
    if not row["severity_text"]:
        row["severity_text"] = SEVERITIES[int(tag[2])]
        row["severity_number"] = NUMBERS[int(tag[2])]


def relayed(row: dict[str, Any], rest: str, arrival_ns: int, extras: dict[str, str]) -> bool:
    """A Cisco header behind a relay's."""
    if not rest or rest[0] not in "0123456789*." or extras:
        return False
    own, found = dict(row), dict[str, str]()
    end = lead_in(own, rest, found)
    if not end:
        return False
    stamp = any_stamp(rest[end:], arrival_ns)
    if stamp:
        end += stamp[1]
        length, _name = zone(rest[end:])[1:]
        end += length
    elif up := UPTIME.match(rest, end):
        found["uptime"], end = up[0], up.end()
    if rest[end : end + 1] == ":" and len(rest.encode()) - len(rest[:end].encode()) > 2:
        end += 2
    tag = MNEMONIC.match(rest, end)
    if tag is None:
        return False
    row["host"] = own["host"]
    mnemonic(row, tag, found)
    extras.update(found)
    row["app"], row["body"] = tag[0].rstrip(" ")[:-1].rstrip(" "), rest[tag.end() :]
    return True


def text(row: dict[str, Any], rest: str, arrival_ns: int, extras: dict[str, str]) -> None:
    """The tag and what follows it."""
    tag = MNEMONIC.match(rest)
    if tag:
        mnemonic(row, tag, extras)
        row["app"], row["body"] = tag[0].rstrip(" ")[:-1].rstrip(" "), rest[tag.end() :]
        return
    if relayed(row, rest, arrival_ns, extras):
        return
    name = TAG.match(rest)
    topics = TOPICS.match(rest)
    if name:
        row["app"], row["proc_id"] = name[1], name[2] or ""
        rest = rest[name.end() :].removeprefix(" ")
        inner = MNEMONIC.match(rest)
        if inner:
            mnemonic(row, inner, extras)
            rest = rest[inner.end() :]
    elif topics and LEVELS & set(topics[0].split(",")):
        row["app"], extras["topics"] = topics[1], topics[0]
        rest = rest[topics.end() + 1 :]
    repetition = REPETITION.match(rest)
    if repetition:
        extras["repeated"] = repetition[1]
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


def bsd(match: re.Match[str], arrival_ns: int, stated: int | None) -> int | None:
    """The instant of a ``Mmm dd hh:mm:ss``: of the years around the arrival, the nearest one."""
    month, day = MONTHS.index(match[1]) + 1, int(match[2])
    clock = f"{match[4]}:{match[5]}:{match[6]}"
    fraction = int((match[7] or "0")[:9].ljust(9, "0"))
    if stated:
        years = [stated]
    else:
        year = (EPOCH + timedelta(microseconds=max(arrival_ns, 0) // 1000)).year
        years = [year, year - 1, year + 1]
    times = [t for y in years if (t := moment(y, month, day, clock, None)) is not None]
    if not times:
        return None
    return min(times, key=lambda t: abs(t - arrival_ns)) + fraction
