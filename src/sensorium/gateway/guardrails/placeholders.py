"""What stands in a request for what was masked, and how it comes back into the answer.

``ann@example.org`` becomes ``<EMAIL_1>``: the same value the same placeholder, numbered by first
appearance, so that the next turn of the same conversation reads the same to its model (and to its
prompt cache). A placeholder that the request's own text already holds is passed over, so that
nothing is put where the caller wrote those very characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from sensorium.gateway.guardrails.rule import Finding

# What all placeholders look like, whoever handed them out.
SHAPE: Final = re.compile(r"<[A-Z][A-Z0-9_]{0,30}_[0-9]{1,6}>")
_CUT: Final = re.compile(r"<(?:[A-Z][A-Z0-9_]{0,38})?\Z")


class Placeholders:
    """Hands out the placeholders of one request. ``texts`` are all texts of that request."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._taken = frozenset(shape for text in texts for shape in SHAPE.findall(text))
        self._by_value: dict[tuple[str, str], str] = {}
        self._numbers: dict[str, int] = {}
        self.restorable: dict[str, str] = {}

    def stand_in(self, label: str, value: str, *, restore: bool) -> str:
        """The placeholder for ``value``."""
        known = self._by_value.get((label, value))
        if known is None:
            known = self._next(label)
            self._by_value[label, value] = known
        if restore:
            self.restorable[known] = value
        return known

    def _next(self, label: str) -> str:
        number = self._numbers.get(label, 0)
        while True:
            number += 1
            made = f"<{label}_{number}>"
            if made not in self._taken:
                self._numbers[label] = number
                return made


class Restorer:
    """A rule of text that finds a request's placeholders in its answer, and knows their values."""

    kind = "restore"
    in_units = False

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)

    def __repr__(self) -> str:  # the values are what must not be shown
        return f"Restorer({sorted(self.values)})"

    def find(self, text: str, start: int = 0) -> list[Finding]:
        """The placeholders that were handed out; others are text like any other."""
        return [
            Finding(*found.span(), found[0])
            for found in SHAPE.finditer(text, start)
            if found[0] in self.values
        ]

    def open_from(self, text: str) -> int:
        """Where a placeholder begins that is not whole yet."""
        tail = max(0, len(text) - 41)
        found = _CUT.search(text, tail)
        return found.start() if found else len(text)
