"""Named entities as a rule of text, unit by unit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from sensorium.gateway.guardrails.named_entities.remembering import Remembering
from sensorium.gateway.guardrails.named_entities.units import unit_ends
from sensorium.gateway.guardrails.placeholders import SHAPE
from sensorium.gateway.guardrails.rule import Finding

# No placeholder is longer.
_WIDTH: Final = 48


class NamedEntities:
    """A rule of text that asks a recogniser's process, and waits for it."""

    kind = "named_entities"
    in_units = True

    def __init__(self, recogniser: Remembering, timeout_s: float) -> None:
        self._recogniser = recogniser
        self._timeout_s = timeout_s

    def find(self, text: str, start: int = 0) -> list[Finding]:
        """What starts at ``start`` or later; raises where the recogniser gives no answer."""
        places = [one for one in _stretches(text) if one[1] > start]
        units = [text[begin:end] for begin, end in places]
        found = self._recogniser.find(units, self._timeout_s)
        return [
            Finding(begin + first, begin + last, label)
            for (begin, _), findings in zip(places, found, strict=True)
            for first, last, label in findings
            if begin + first >= start
            and not _within_a_placeholder(text, begin, begin + first, begin + last)
        ]

    def open_from(self, text: str) -> int:
        """Where the last unit begins, which more text may lengthen."""
        ends = unit_ends(text)
        return ends[-1] if ends else 0


def _within_a_placeholder(text: str, unit: int, start: int, end: int) -> bool:
    """Whether it touches what stands for something masked: a model may take that for a name."""
    around = SHAPE.finditer(text, max(unit, start - _WIDTH), end + _WIDTH)
    return any(one.start() < end and start < one.end() for one in around)


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """The units without the blanks around them; those without a letter or a digit left out."""
    for begin, end in pairwise([0, *unit_ends(text), len(text)]):
        unit = text[begin:end]
        inner = unit.strip("\x00 \t\r\n")
        if any(map(str.isalnum, inner)):
            first = begin + unit.index(inner)
            yield first, first + len(inner)
