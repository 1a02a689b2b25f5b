"""``password = "..."``: a value that looks drawn at random, given to a name that keeps a secret."""

from __future__ import annotations

import re
from collections import Counter
from math import log2
from typing import Final

from sensorium.gateway.guardrails.rule import Finding

_NAMES: Final = (
    "passw",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "api key",
    "access_key",
    "accesskey",
    "access-key",
    "private_key",
    "auth",
    "credential",
)
LONGEST: Final = 640
_VALUE: Final = 512
_NAME = "(?:" + "|".join(map(re.escape, _NAMES)) + ")"
_HEAD = (
    rf"(?i:{_NAME})[A-Za-z0-9_\-]{{0,24}}+[\"'`]?+[ \t]{{0,3}}+(?::=|=>|[:=])[ \t]{{0,3}}+"
    r"(?:(?i:bearer|basic) {1,2})?+[\"'`]?+"
)
_CHARACTERS = r"[A-Za-z0-9_\-+/=.!@#$%^&*~?]"
_WHOLE = re.compile(rf"{_HEAD}(?P<value>{_CHARACTERS}{{10,{_VALUE}}}+)")
_OPEN = re.compile(
    rf"(?i:{_NAME})[A-Za-z0-9_\-]{{0,24}}+[\"'`]?+[ \t]{{0,3}}+"
    rf"(?:(?::=|=>|[:=])[ \t]{{0,3}}+(?:(?i:bearer|basic) {{0,2}})?+[\"'`]?+"
    rf"{_CHARACTERS}{{0,{_VALUE}}}+)?+\Z"
)
# What stands for a value and is none.
_NONE = re.compile(
    r"^\$|\$\{|^%[A-Za-z(]|^os\.|env[.:]|^process\.|[xX*.]{4}|example|change|your|<", re.I
)


def find_assignments(text: str, lowered: str, start: int) -> list[Finding]:
    """The values (not the names) that begin at ``start`` or later, in order."""
    places = _places(lowered, max(0, start - 80))
    found: list[Finding] = []
    for at in places:
        whole = _WHOLE.match(text, at)
        if whole and whole.start("value") >= start and looks_random(whole["value"]):
            finding = Finding(*whole.span("value"), "SECRET")
            if not found or finding.start >= found[-1].end:
                found.append(finding)
    return found


def looks_random(value: str) -> bool:
    """Letters and digits mixed, three bits or more in a character, and no stand-in for a value."""
    value = value.rstrip(".=!?")
    if len(value) < 10 or _NONE.search(value):
        return False
    if not any(map(str.isdigit, value)) or not any(map(str.isalpha, value)):
        return False
    return entropy(value) >= 3.0


def entropy(text: str) -> float:
    """Shannon's entropy of the text's own characters, in bits for each."""
    counts = Counter(text).values()
    return -sum(count / len(text) * log2(count / len(text)) for count in counts)


def assignment_open_from(text: str) -> int:
    """Where an assignment begins that more text could complete."""
    begin = max(0, len(text) - LONGEST)
    lowered = text[begin:].lower()
    if len(lowered) != len(text) - begin:  # a letter whose small form is longer
        lowered = text[begin:]
    places = _places(lowered, 0)
    return next((begin + at for at in places if _OPEN.match(text, begin + at)), len(text))


def _places(lowered: str, start: int) -> list[int]:
    """Where names begin, in order. Most texts have none of them."""
    here = [name for name in _NAMES if name in lowered]
    return sorted({at for name in here for at in _all_places(lowered, name, start)})


def _all_places(text: str, name: str, start: int) -> list[int]:
    places = []
    at = text.find(name, start)
    while at >= 0:
        places.append(at)
        at = text.find(name, at + 1)
    return places
