"""A text in units: sentences, lines and values of JSON, none longer than :data:`LONGEST`.

A unit is what a recogniser sees at once. Units are counted from the beginning of a text and end
where what stands there says so, whatever comes later; a text that grows keeps the units it has.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 600

# Each needs all of itself to be there, what must follow included. A full stop ends a sentence after
# a word, but not after an initial (`J. Weber`), a title (`Prof. Weber`) or an ordinal (`3. May`).
_END = re.compile(
    r"""
      (?:(?<![^\W\d_])(?:[^\W\d_]{5,}|[a-zß-öø-ÿ][^\W\d_]+)\.
        |(?<![0-9])[0-9]{3,}\.|[)\]%"'”’»]\.|(?<![.!?…])[!?…])
      [.!?…)\]"'”’»]*+\s
    | [。！？][」』”’]*+(?=[^」』”’])
    | ["\]}],
    | (?P<wrapped>(?<=[^\n]{39}[\w,])\n(?=\w))
    | \n(?=.)
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"\s+")
_BETWEEN_SMALL_WORDS = re.compile(r"(?<=[^\W\d_A-Z])\s+(?=[a-zß-öø-ÿ])")


def unit_ends(text: str) -> list[int]:
    """Where each unit ends that no more text can change."""
    ends: list[int] = []
    begin = 0
    while (length := _length(text[begin : begin + LONGEST + 1])) > 0:
        begin += length
        ends.append(begin)
    return ends


def _length(text: str) -> int:
    """How long the unit is that begins here; 0 where more text is needed to say it."""
    for end in _END.finditer(text):
        # A line that is broken for its length goes on in the next one.
        if end.lastgroup != "wrapped" and end.end() <= LONGEST:
            return end.end()
    return _cut(text) if len(text) > LONGEST else 0


def _cut(text: str) -> int:
    """Where a unit ends that has no end of its own: where a name is least likely to stand."""
    for place in (_BETWEEN_SMALL_WORDS, _SPACE):
        places = [found.end() for found in place.finditer(text, LONGEST // 2, LONGEST)]
        if places:
            return places[-1]
    return LONGEST
