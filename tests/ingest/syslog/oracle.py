"""The slow, obvious syslog parser: regular expressions over one message at a time.

Written from RFC 5424 section 6 and RFC 3164 section 4, and from the decoder's reference page for
what lies between them. It shares no code with the decoder.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from tests.ingest.syslog.oracle_cisco import (
    REPETITION,
    UPTIME,
    lead_in,
    mnemonic,
    mnemonic_at,
    numbered_tag,
    relayed,
    tag_follows,
)
from tests.ingest.syslog.oracle_tags import app, event, levelled, severe
from tests.ingest.syslog.oracle_times import (
    IMPOSSIBLE,
    ISO,
    WEEKDAY,
    YEAR_AFTER,
    any_stamp,
    moment,
    month_of,
    month_stamp,
    rfc3339,
    usual_stamp,
    zone,
)
from tests.ingest.syslog.oracle_values import FACILITIES, NUMBERS, SEVERITIES, key_values

PRI = re.compile(r"<(\d{1,3})>", re.ASCII)
NAME = r'[^\x00-\x20="\]]{1,64}'
VALUE = r'"((?:\\["\\\]]|[^"\\]|\\(?!["\\\]]))*)"'
BARE = r'([^\x00-\x20"\]]+)(?=[ \]]|\Z)'
PARAMETER = rf" +({NAME})=(?: *{VALUE}|{BARE})"
ELEMENT = rf"\[({NAME})((?: +{NAME}=(?: *{VALUE}|{BARE}))*) *\]"
DATA = re.compile(rf"(?:\[{NAME}(?: +{NAME}=(?: *{VALUE}|{BARE}))* *\])+(?= |$|\Z)")
VDC = re.compile(r"%\$ ([^ ]+) %\$ (?=%)|%(?!\$)([^\x00-\x20:\[]+:[^ ]+) (?=%)")
FIREBOX = re.compile(r"([A-Za-z0-9]{1,20}) \((\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)\) ", re.ASCII)
ORIGINAL = re.compile(r"Original Address=([^ ]+) ")
MARKED = re.compile(r"<([A-Za-z0-9]{1,8})\.([a-z]{3,8})> +", re.ASCII)
ISE = re.compile(r"(CISE_[A-Za-z0-9_-]*) ", re.ASCII)
TOPICS = re.compile(r"([a-z0-9!-]+)(?:,[a-z0-9!-]+)+(?= )", re.ASCII)
LEVELS = {"info", "error", "debug", "warning", "critical"}
MODULE = re.compile(
    r"(%%\d\d[A-Za-z0-9_-]+/([0-7])/[A-Za-z0-9_-]+)(?:\(.\))?(?:\[([^\x00-\x20\]]*)\])?: ?",
    re.ASCII | re.DOTALL,
)
BRACKETED = re.compile(rb"\[([^\]]{,78})\]")
FORWARDED = re.compile(r"(?:Message forwarded from|From) ([^\x00-\x20:\[]+): ")
CAPITALS = {"TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRIT", "FATAL"}
COLON = re.compile(r":(?: +(?=%)| |\Z)")
NODE_EVENT = re.compile(r"\[([^\x00-\x20:\[]+):([^\x00-\x20:\[]+):([^\x00-\x20:\[]+)\]:")
ACCESS_POINT = re.compile(r"[^,(][^,]*,(?:[^,]*,)?v[^,]+:|,(?:[^,]*,)?v[^,]+:")
STACK = re.compile(r"\(([A-Za-z0-9_-]+)\) (?=%%)", re.ASCII)
MERAKI = re.compile(r"1 (\d{10})\.(\d+) ([^ ]+) ([^ ]+)(?: |\Z)", re.ASCII)
VERSION = re.compile(
    r"([1-9]\d{0,2})(?=\Z| -(?: |\Z)| \d{4}-| <(?:\d{1,2}|1[0-8]\d|19[01]|0\d\d)>)", re.ASCII
)
COUNT = re.compile(r"[1-9]\d{0,6} (?=<\d{1,3}>)", re.ASCII)
LONGER_FORM = re.compile(
    rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}"
)


def split(payload: bytes) -> list[str]:
    """The messages of a datagram."""
    text = payload.decode("utf-8", "replace")
    if LONGER_FORM.search(payload):
        parts = payload.split("\ufeff".encode())
        text = "\ufeff".join(part.decode("ascii", "replace") for part in parts)
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
    if (indented := PRI.match(text.lstrip(" "))) and int(indented[1]) <= 191:
        text = text.lstrip(" ")
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
        rest = text[pri.end() :].removeprefix("\ufeff").lstrip(" ")
        original = ORIGINAL.match(rest) if len(rest.encode()) >= 20 else None
        headed_by_priority(row, rest[original.end() if original else 0 :], arrival_ns)
        if original:
            row["host"] = row["host"] or original[1]
            added(row, "original_address", original[1])
    elif text.startswith("1 ") and rfc3339(text[2:].split(" ")[0]) is not None:
        modern(row, "1", text[1:])
    elif not (len(text.encode()) > 10 and text[0] in "0123456789" and text.encode()[10] == 32):
        headed = dict(row)
        if legacy(headed, text, arrival_ns):
            row = headed
    else:
        own_time(row, text, arrival_ns)
    row["host"] = row["host"] or sender
    return row


def own_time(row: dict[str, Any], text: str, arrival_ns: int) -> bool:
    """The time that a program's own line begins with, and perhaps a zone."""
    stamp = any_stamp(text, arrival_ns)
    if stamp:
        offset = zone(text[stamp[1] :])[0] if stamp[2] else 0
        row["time_ns"] = stamp[0] - (offset or 0) * 10**9
    return stamp is not None


def bracketed(row: dict[str, Any], rest: str, arrival_ns: int) -> bool:
    """A time in brackets first: all of it stays text."""
    inside = BRACKETED.match(rest.encode()) if len(rest.encode()) >= 17 else None
    row["body"] = rest if inside else row["body"]
    return bool(inside and own_time(row, inside[1].decode(), arrival_ns))


def headed_by_priority(row: dict[str, Any], rest: str, arrival_ns: int) -> None:
    """What follows a priority."""
    version = VERSION.match(rest)
    if version:
        modern(row, version[1], rest[version.end() :])
    elif not meraki(row, rest, timed=True):
        if len(rest.encode()) > 10 and rest.startswith("1 ") and month_of(rest[2:]):
            rest = rest[2:]
        legacy(row, rest, arrival_ns)


def added(row: dict[str, Any], name: str, value: str) -> None:
    """Add an attribute before those of structured data."""
    first = {"facility", "version", "msgid", "timestamp", *ORDER}
    before = [pair for pair in row["attributes"] if pair[0] in first]
    row["attributes"] = [*before, (name, value), *row["attributes"][len(before) :]]


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
        iso = ISO.match(rest, 1)
        if name == "timestamp" and rfc3339(match[1]) is None and iso:
            time_ns, end, _ = any_stamp(rest[1:], 0) or (0, 0, False)
            if end and rest[1 + end : 2 + end] in ("", " "):
                row["time_ns"] = time_ns
                rest = rest[1 + end :]
                continue
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
                quoted = re.sub(r'\\(["\\\]])', r"\1", parameter[2] or "")
                value = parameter[3] or quoted
                row["attributes"].append((f"{element[1]}.{parameter[1]}", value))
        rest = rest[match.end() + 1 :]
    elif rest == "-" or rest.startswith("- "):
        rest = rest[2:]
    row["body"] = rest.removeprefix("\ufeff")
    tag = mnemonic_at(row, row["body"].removeprefix(": "))
    if tag and tag[1] == "%":
        own = {**row, "attributes": []}
        extras: dict[str, str] = {}
        mnemonic(own, tag, extras)
        row["severity_number"], row["severity_text"] = (
            own["severity_number"],
            own["severity_text"],
        )
        for name, value in extras.items():
            added(row, name, value)


ORDER = ["sequence", "clock", "uptime", "zone", "node", "cisco.facility", "cisco.severity",
         "cisco.mnemonic", "repeated", "topics", "level"]  # fmt: skip


def meraki(row: dict[str, Any], rest: str, *, timed: bool) -> bool:
    """``1 1794686400.25 device type text``: its device, type and text, and perhaps its time."""
    match = MERAKI.match(rest)
    if match is None or int(match[1]) > 9_214_646_399:
        return False
    if timed:
        row["time_ns"] = int(match[1]) * 10**9 + int(match[2][:9].ljust(9, "0"))
    row["host"], row["app"], row["body"] = match[3], match[4], rest[match.end() :]
    return True


def legacy(row: dict[str, Any], rest: str, arrival_ns: int) -> bool:
    """RFC 3164 and what is called that: ``rest`` is what follows PRI. Whether it has a header."""
    extras: dict[str, str] = {}
    facility = row["attributes"]
    headed = header(row, rest, arrival_ns, extras)
    if "second" in extras or ("facility" in extras and not facility):
        facility = [("facility", extras.get("second", extras.get("facility", "")))]
    facility = facility + [(k, extras[k]) for k in ("msgid", "timestamp") if k in extras]
    row["attributes"] = facility + [(name, extras[name]) for name in ORDER if name in extras]
    row["body"] = row["body"].removeprefix("\ufeff")
    return headed


def header(row: dict[str, Any], rest: str, arrival_ns: int, extras: dict[str, str]) -> bool:
    """What stands before the text, in the order in which it is looked for."""
    stamp = usual_stamp(rest, arrival_ns) or any_stamp(rest, arrival_ns)
    if stamp is None and (bracketed(row, rest, arrival_ns) or key_values(row, rest)):
        return True
    led = 0
    for unnumbered in () if stamp else (False, True):
        led = lead_in(row, rest, extras, unnumbered=unnumbered)
        found = any_stamp(rest[led:], arrival_ns) if led else None
        if found and (not unnumbered or tag_follows(row, rest, led + found[1])):
            stamp = found[0], led + found[1], found[2]
            break
        up = UPTIME.match(rest, led)
        if up and (not unnumbered or tag_follows(row, rest, up.end())):
            extras["uptime"] = up[0]
            stamp = row["time_ns"], up.end(), False
            break
        tag = None if unnumbered else mnemonic_at(row, rest, led)
        if tag:
            mnemonic(row, tag, extras)
            row["body"] = rest[tag.end() :]
            return True
        extras.clear()
        row["host"] = row["proc_id"] = ""
    if stamp:
        row["time_ns"], end, local = stamp
        end = zoned(row, rest, end, extras, own=led > 0) if local else end
        if rest[end : end + 1] == "\t" and not led:
            row["body"] = rest
            return True
    elif row["severity_text"] and (odd := IMPOSSIBLE.match(rest)):
        extras["timestamp"] = odd[0]
        end = odd.end() + zone(rest[odd.end() :])[1]
    else:
        origin = re.match("([^ ]+) : ", rest) if row["severity_text"] else None
        if origin and mnemonic_at(row, rest, origin.end()):
            row["host"], rest = origin[1], rest[origin.end() :]
        text(row, rest, arrival_ns, extras)
        return False
    end = second_priority(row, rest, host(row, rest, end, extras), extras)
    box = FIREBOX.match(rest, end)
    box_ns = moment(int(box[2]), int(box[3]), int(box[4]), box[5], None) if box else None
    if box and box_ns is not None:
        row["time_ns"], extras["node"], end = box_ns, box[1], box.end()
    text(row, rest[end:], arrival_ns, extras)
    return True


def second_priority(row: dict[str, Any], rest: str, end: int, extras: dict[str, str]) -> int:
    """A priority after a relay's header."""
    pri = PRI.match(rest, end)
    if pri is None or int(pri[1]) > 191:
        return end
    facility, severity = divmod(int(pri[1]), 8)
    extras["second"] = FACILITIES[facility]
    row["severity_number"], row["severity_text"] = NUMBERS[severity], SEVERITIES[severity]
    spaces = re.compile(" *").match(rest, pri.end())
    assert spaces
    return spaces.end()


def zoned(row: dict[str, Any], rest: str, end: int, extras: dict[str, str], *, own: bool) -> int:
    """Apply the zone after a local time that ended at ``end``, and a year after that.

    One not known that has small letters is the host's name, unless the time is Cisco's ``own``.
    """
    offset, length, name = zone(rest[end:])
    if name and not own and not name.isupper():
        return end
    year = YEAR_AFTER.match(rest, end + length)
    if offset is not None and year and 1970 <= int(year[1]) <= 2261:
        head = WEEKDAY.match(rest) if month_of(rest[4:]) else None
        dated = month_stamp(rest[head.end() if head else 0 :], 0, int(year[1]))
        if dated:
            row["time_ns"], length = dated[0], length + 5
    row["time_ns"] -= (offset or 0) * 10**9
    if name:
        extras["zone"] = name
    return end + length


def host(row: dict[str, Any], rest: str, end: int, extras: dict[str, str]) -> int:
    """Where the tag begins after a time that ended at ``end``."""
    if rest[end : end + 1] != ":":
        end += 1
        while rest[end : end + 1] == " ":
            end += 1
    if colon := COLON.match(rest, end):
        return origin_after(row, rest, colon.end(), extras)
    token = re.split("[ \t]", rest[end:], maxsplit=1)[0]
    repetition = REPETITION.match(rest, end)
    if row["host"] or token.startswith("%") or (repetition and rest[end] == "l"):
        return end
    if (pri := PRI.match(rest, end)) and int(pri[1]) <= 191:
        return end
    marked_level = MARKED.match(rest, end)
    if marked_level and marked_level[1] in FACILITIES and marked_level[2] in SEVERITIES:
        extras["level"] = f"{marked_level[1]}.{marked_level[2]}"
        if not row["severity_text"]:
            extras["facility"] = marked_level[1]
        severe(row, SEVERITIES.index(marked_level[2]))
        end = marked_level.end()
        token = re.split("[ \t]", rest[end:], maxsplit=1)[0]
    if forwarded := FORWARDED.match(rest, end):
        row["host"] = forwarded[1]
        return forwarded.end()
    name, length = token, len(token)
    nameless = token == "-" or token in CAPITALS
    if nameless:
        name = ""
        extras.update({"level": token} if token != "-" else {})
    elif re.fullmatch(r"([0-9]*\.){3}[0-9]*:[0-9]+", token):
        name = ""
    elif re.search(r"[\x00-\x20=|]", token):
        listed = re.match("[^,=|]*(?=,)", token)
        name = listed[0] if listed else ""
        length = len(name)
    elif token[-1:] == ":":
        again = rest[end + length + 1 : end + 2 * length + 2]
        if event := NODE_EVENT.fullmatch(token):
            name, row["app"], extras["level"] = event.groups()
        elif again == token + " " and rest[end + length] == " ":
            name, length = token[:-1], 2 * length + 1
        else:
            named = ACCESS_POINT.fullmatch(token) or before_tag(row, token, rest[end + length :])
            name = token[:-1] if named else ""
    elif token[-1:] == "]":
        address = re.fullmatch(r"\[([0-9A-Fa-f.:]+)\]", token)
        marked = address and sum(address[1].count(mark) for mark in ".:") > 1
        name = address[1] if address and marked else ""
    if not (name or nameless) or token.startswith(("{", '"')):
        return end
    row["host"] = name
    end += length
    spaces = re.compile(" *").match(rest, end)
    assert spaces
    end = min(max(spaces.end(), end + 1), len(rest))
    colon = COLON.match(rest, end)
    return colon.end() if colon else end


def origin_after(row: dict[str, Any], rest: str, end: int, extras: dict[str, str]) -> int:
    """FTOS's name after the time's colon: where the tag begins."""
    token = re.split("[ \t]", rest[end:], maxsplit=1)[0]
    after = end + len(token)
    if row["host"] or set(extras) & set(ORDER) or not before_tag(row, token, rest[after:]):
        return end
    row["host"] = token[:-1]
    return len(rest) - len(rest[after:].lstrip(" "))


def before_tag(row: dict[str, Any], token: str, rest: str) -> bool:
    """Whether a word without brackets and a colon stand before a Cisco tag."""
    plain = re.fullmatch(r"[^\x00-\x20:\[(][^\x00-\x20:\[]*:", token)
    spaces = re.match(" +", rest)
    if not (plain and spaces):
        return False
    device = VDC.match(rest, spaces.end())
    starts = (spaces.end(), device.end() if device else spaces.end())
    return any(mnemonic_at(row, rest, start) for start in starts)


def text(row: dict[str, Any], rest: str, arrival_ns: int, extras: dict[str, str]) -> None:
    """The tag and what follows it."""
    row["body"] = rest
    if row["app"]:
        return
    if (stack := STACK.match(rest)) and len(rest.encode()) >= 12:
        extras["node"], rest = stack[1], rest[stack.end() :]
    if rest[:1] in ("%", "#"):
        vdc = VDC.match(rest)
        if vdc and mnemonic_at(row, rest, vdc.end()):
            extras["node"], rest = vdc[1] or vdc[2], rest[vdc.end() :]
        if tag := mnemonic_at(row, rest):
            mnemonic(row, tag, extras)
            row["body"] = rest[tag.end() :]
            return
        if module := MODULE.match(rest):
            row["app"], row["body"] = module[1], rest[module.end() :]
            severe(row, int(module[2]))
            if module[3]:
                extras["sequence"] = module[3]
            return
    elif meraki(row, rest, timed=False):
        return
    if relayed(row, rest, arrival_ns, extras):
        return
    tagged = app(row, rest)
    topics = TOPICS.match(rest)
    if tagged is not None:
        rest = numbered_tag(row, tagged, extras)
    elif (after_level := levelled(row, rest, extras)) is not None:
        rest = after_level
    elif (after_event := event(row, rest, extras)) is not None:
        rest = after_event
    elif ise := ISE.match(rest) if len(rest.encode()) >= 8 else None:
        row["app"], rest = ise[1], rest[ise.end() :]
    elif topics and LEVELS & set(topics[0].split(",")):
        row["app"], extras["topics"] = topics[1], topics[0]
        rest = rest[topics.end() + 1 :]
    repetition = REPETITION.match(rest)
    if repetition:
        extras["repeated"] = repetition[1]
    row["body"] = rest
