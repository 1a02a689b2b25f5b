"""What Cisco's systems put into a message, slowly and obviously: numbers, origins, nodes, tasks,
clock marks and ``%FAC-SEV-MNEM``, by themselves and behind a relay's header.
"""

from __future__ import annotations

import re
from typing import Any

from tests.ingest.syslog.oracle_tags import app, severe
from tests.ingest.syslog.oracle_times import MONTHS, any_stamp, month_of, zone

MNEMONIC = re.compile(
    r"([%#])([^\x00-\x20:]+?)-([0-7])-([^\x00-\x20:]+)(?: ?: ?| (?=\[))",
)
LETTERED = re.compile(
    r"([%#])(?![^\x00-\x20:]+-[0-7]-)([^\x00-\x20:]+?)-([MACEWNID])-([^\x00-\x20:]+)"
    r"(?: ?: ?| (?=\[))",
)
UPTIME = re.compile(
    r"(?:(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)|\d\d:\d\d(?=: %)|(?:\d{1,4}[ywdh]){2,}?)(?=: )",
    re.ASCII,
)
NUMBER = re.compile(r"(\d{1,10}): +", re.ASCII)
ORIGIN = re.compile(r"([^\x00-\x20:\[%*.][^\x00-\x20\[]*): +")
TASK = re.compile(r"\*([A-Za-z][^\x00-\x20:\[]*): +")
MONTH_HEAD = rf"(?:(?i:{'|'.join(MONTHS)}) (?=.{{4}}))"
NODE = re.compile(
    rf"([^\x00-\x20:]*/[^\x00-\x20:]*):(?={MONTH_HEAD}|(?!0000)\d{{4}} {MONTH_HEAD})",
    re.DOTALL | re.ASCII,
)
REPETITION = re.compile(r"(?:last )?message repeated (\d{1,10}) time", re.ASCII)


def lead_in(row: dict[str, Any], rest: str, extras: dict[str, str], *, unnumbered: bool) -> int:
    """Cisco's numbers, origin, node, task and clock mark; how long they are."""
    end = re.match(":? *", rest).end() if rest.startswith(":") else 0  # type: ignore[union-attr]
    first, origin = 0, False
    for _ in range(4):
        if number := NUMBER.match(rest, end):
            extras["sequence"] = number[1]
            end = number.end()
            continue
        name = ORIGIN.match(rest, end)
        opening = end == first and not unnumbered
        if origin or opening or UPTIME.match(rest, end) or name is None:
            break
        row["host"], origin, end = name[1], True, name.end()
    node = NODE.match(rest, end)
    if node is None and not origin and (word := re.compile("[^ ]* ").match(rest, end)):
        node = NODE.match(rest, word.end())
        if node:
            row["host"] = word[0][:-1]
    if node:
        extras["node"], end = node[1], node.end()
    if task := TASK.match(rest, end):
        row["proc_id"], end = task[1], task.end()
    if rest[end : end + 1] in ("*", "."):
        extras["clock"] = rest[end]
        end += 1
    return end


def mnemonic_at(row: dict[str, Any], rest: str, end: int = 0) -> re.Match[str] | None:
    """A Cisco tag; one with ``#`` only after a task."""
    tag = MNEMONIC.match(rest, end) or LETTERED.match(rest, end)
    return tag if tag and (tag[1] == "%" or row["proc_id"]) else None


def tag_follows(row: dict[str, Any], rest: str, end: int) -> bool:
    """Whether a Cisco tag or a repetition follows a time."""
    end += zone(rest[end:])[1]
    match = re.compile(" ?: ").match(rest, end)
    if match is None:
        return False
    if rest.startswith("last ", match.end()) and REPETITION.match(rest, match.end()):
        return True
    return mnemonic_at(row, rest, match.end()) is not None


def mnemonic(row: dict[str, Any], tag: re.Match[str], extras: dict[str, str]) -> None:
    """The parts of ``%FAC-SEV-MNEM``, and all of it as the application unless there is one."""
    names = ("cisco.facility", "cisco.severity", "cisco.mnemonic")
    extras.update(zip(names, tag.groups()[1:], strict=True))
    row["app"] = row["app"] or f"{tag[1]}{tag[2]}-{tag[3]}-{tag[4]}"
    severe(row, int(tag[3]) if tag[3].isdigit() else "MACEWNID".index(tag[3]))


def relayed(row: dict[str, Any], rest: str, arrival_ns: int, extras: dict[str, str]) -> bool:
    """A Cisco header behind a relay's."""
    if extras:
        return False
    for unnumbered in (False, True):
        own, found = dict(row), dict[str, str]()
        name = ORIGIN.match(rest)
        node = None if unnumbered else NODE.match(rest)
        dated = may_be_dated(rest[name.end(1) + 2 :] if name and unnumbered else rest)
        if not (dated or node):
            continue
        if unnumbered and not name:
            continue
        end = lead_in(own, rest, found, unnumbered=unnumbered)
        stamp, numbered = any_stamp(rest[end:], arrival_ns), end > 0 and not unnumbered
        if stamp:
            end += stamp[1]
            end += zone(rest[end:])[1]
        elif numbered and (up := UPTIME.match(rest, end)):
            found["uptime"], end = up[0], up.end()
        if not stamp and not numbered:
            continue
        marked = rest[end : end + 1] == ":" and len(rest[end:].encode()) > 2
        end += 2 if marked else 0
        if tag := mnemonic_at(own, rest, end):
            row["host"], row["proc_id"] = own["host"], own["proc_id"]
            mnemonic(row, tag, found)
            extras.update(found)
            row["body"] = rest[tag.end() :]
            return True
        repetition = REPETITION.match(rest, end) if marked else None
        sure = marked and stamp and (node or (numbered and rest[0] in "0123456789"))
        if repetition or sure:
            row["host"], row["proc_id"] = own["host"], own["proc_id"]
            extras.update(found)
            row["body"] = rest[end:]
            if repetition:
                extras["repeated"] = repetition[1]
            elif (after := app(row, rest[end:])) is not None:
                row["body"] = numbered_tag(row, after, extras)
            return True
    return False


def numbered_tag(row: dict[str, Any], rest: str, extras: dict[str, str]) -> str:
    """A Cisco tag after a process, perhaps with a number before it; the text after it."""
    number = re.match(r"(\d{1,10}):.(?=%)", rest, re.ASCII | re.DOTALL)
    inner = mnemonic_at({"proc_id": ""}, rest, number.end() if number else 0)
    if inner is None:
        return rest
    mnemonic(row, inner, extras)
    extras.update({"sequence": number[1]} if number else {})
    return rest[inner.end() :]


def may_be_dated(rest: str) -> bool:
    """Whether a number, a mark, a task or a month stands there."""
    eight = rest.encode()[:8]
    if len(eight) < 8:
        return False
    if eight[0] in b"0123456789":
        return eight.isdigit() or eight[4] == 32 or b":" in eight
    return eight[0] in b"*." or month_of(rest) > 0
