"""One kind of number: its shape, its check, and the words beside it that it may need.

Patterns are bounded, and a look behind reaches two characters at most.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sensorium.gateway.guardrails.rule import Finding

# What may part the groups of a number: also U+001F, to which characters without width are folded.
SEPARATOR: Final = r"[ .\-\x1f]"
LEFT: Final = r"(?<![0-9A-Za-z])(?<![0-9][.,])"
RIGHT: Final = r"(?![0-9A-Za-z])"
CONTEXT: Final = 48

_NOT_DIGITS = re.compile(r"[^0-9]+")


def digits_of(text: str) -> str:
    """The digits alone."""
    return text if text.isdecimal() else _NOT_DIGITS.sub("", text)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of number. ``words`` must stand within ``CONTEXT`` characters before a match of it."""

    label: str
    shape: re.Pattern[str]
    valid: Callable[[str], bool]
    words: re.Pattern[str] | None = None

    def first(self, text: str, start: int, end: int) -> Finding | None:
        """The first of its kind that begins at ``start`` or later and before ``end``."""
        while found := self.shape.search(text, start, end):
            begin = found.start()
            if self.valid(found[0]) and (
                self.words is None or self.words.search(text, max(0, begin - CONTEXT), begin)
            ):
                return Finding(begin, found.end(), self.label)
            start = begin + 1
        return None


def shape(pattern: str) -> re.Pattern[str]:
    """The pattern with a boundary on both sides; ``~`` in it stands for one separator."""
    return re.compile(LEFT + pattern.replace("~", SEPARATOR) + RIGHT)


def words(*alternatives: str) -> re.Pattern[str]:
    """Any of the words, in any case, at the beginning of a word."""
    return re.compile(rf"(?<![a-z])(?:{'|'.join(alternatives)})", re.IGNORECASE)


def always(_: str) -> bool:
    """The check of what has none."""
    return True
