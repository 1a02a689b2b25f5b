"""JSON text as its reader will see it: escapes resolved, with the way back to the raw text.

``{"to": "ann\\u0040example.org"}`` is seen as ``{"to": "ann@example.org"}``, so that a pattern
finds what a program will find, and can be replaced in the raw text without parsing all of it. It
works on the beginning of a text as well as on the whole, as arguments of tools come in pieces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[^u]", re.S
)
# An escape that the end of the text cuts, or the first half of a pair whose second may follow.
_CUT = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_HALF = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u(?:[dD](?:[c-fC-F][0-9a-fA-F]?)?)?)?)?\Z"
)
_QUOTE = re.compile(r'"|\\.', re.S)
_SHORT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


@dataclass(frozen=True, slots=True)
class View:
    """``text`` is what is seen; character ``i`` of it begins at ``places[i]`` of the raw text.

    ``places`` has one more entry than ``text`` has characters; None means that both are the same.
    ``cut`` is where an unfinished escape begins in the raw text, its length where there is none.
    """

    text: str
    places: Sequence[int] | None
    cut: int

    def raw(self, index: int) -> int:
        """The place in the raw text of a character that is seen."""
        return index if self.places is None else self.places[index]


def view(raw: str, *, whole: bool = True) -> View:
    """See ``raw``; where it is not the ``whole`` an escape at its end may be unfinished."""
    if "\\" not in raw:
        return View(raw, None, len(raw))
    cut = len(raw) if whole else _unfinished(raw)
    seen: list[str] = []
    places: list[int] = []
    at = 0
    for escape in _ESCAPE.finditer(raw, 0, cut):
        begin, end = escape.span()
        seen.append(raw[at:begin])
        places.extend(range(at, begin))
        seen.append(_meant(escape[0]))
        places.append(begin)
        at = end
    seen.append(raw[at:cut])
    places.extend(range(at, cut + 1))
    return View("".join(seen), places, cut)


def _unfinished(raw: str) -> int:
    # A backslash that is itself escaped begins nothing: what counts is the parity of the run.
    tail = raw[-12:]
    for pattern in (_HALF, _CUT):
        if found := pattern.search(tail):
            begin = len(raw) - len(tail) + found.start()
            before = len(raw[:begin]) - len(raw[:begin].rstrip("\\"))
            if before % 2 == 0:
                return begin
    return len(raw)


def _meant(escape: str) -> str:
    if escape[1] != "u":
        return _SHORT.get(escape[1], escape[1])
    code = int(escape[2:6], 16)
    if len(escape) == 12:
        return chr(0x10000 + ((code - 0xD800) << 10) + int(escape[8:], 16) - 0xDC00)
    return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)


def inside_string(raw: str, end: int, inside: bool = False) -> bool:
    """Whether ``end`` lies within a string, for a raw text that begins ``inside`` one or not."""
    for mark in _QUOTE.finditer(raw, 0, end):
        if mark[0] == '"':
            inside = not inside
    return inside


def in_strings(raw: str, start: int, end: int, put: str, inside: bool) -> str:
    """What ``start`` to ``end`` of a JSON text becomes where ``put`` stands for it.

    ``inside`` says whether it starts within a string. What lies outside of strings stays, so that
    the text stays JSON; a stretch without any string becomes one.
    """
    quotes = [mark.start() for mark in _QUOTE.finditer(raw, start, end) if mark[0] == '"']
    if not quotes:
        return put if inside else f'"{put}"'
    made, at = [], start
    for place in [*quotes, end]:
        made.append(raw[at:place] if not inside else put)
        if inside:
            put = ""
        made.append(raw[place : place + 1] if place < end else "")
        at, inside = place + 1, not inside
    return "".join(made)


def escaped(text: str) -> str:
    """The text as it stands between the quotes of a JSON string."""
    return orjson.dumps(text).decode()[1:-1]
