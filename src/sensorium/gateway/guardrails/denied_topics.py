"""Words and phrases that must not occur, however they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from sensorium.gateway.guardrails.phrases import any_of, phrase_list, plain, plain_with_places
from sensorium.gateway.guardrails.rule import Finding

# A phrase may be written with this many times its characters: spaces, marks, forms that are longer.
_STRETCH: Final = 4
_BREAK = re.compile(r"\s")


class DeniedTopics:
    """A rule of text."""

    kind = "denied_topics"
    in_units = False

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = phrase_list(phrases)
        self._any = any_of(self._phrases)
        self._reach = _STRETCH * len(self._phrases[0]) + 16
        # Every beginning of every phrase, for what the end of a text may become.
        self._begun = frozenset(
            phrase[:end] for phrase in self._phrases for end in range(1, len(phrase) + 1)
        )

    def find(self, text: str, start: int = 0) -> list[Finding]:
        """What starts at ``start`` or later: in order, without overlaps."""
        if not self._any.search(plain(text)):
            return []
        begin = max(0, start - 1)
        seen, places = plain_with_places(text, begin)
        found: list[Finding] = []
        for one in self._any.finditer(seen):
            first, end = places[one.start()], places[one.end() - 1] + 1
            end = _with_marks(text, end)
            if first >= start and end - first <= self._reach:
                found.append(Finding(first, end, "TOPIC"))
        return found

    def open_from(self, text: str) -> int:
        """Where a phrase begins that more text could complete, or make part of a longer word."""
        begin = max(0, len(text) - self._reach)
        seen, places = plain_with_places(text, max(0, begin - 1))
        for at in range(len(seen)):
            at_word = at == 0 or not (seen[at - 1].isalnum() or seen[at - 1] == "_")
            if at_word and places[at] >= begin and seen[at:] in self._begun:
                return places[at]
        # What has no width or only marks a letter may come between: the letter is open as well.
        return _before_marks(text)


def _with_marks(text: str, end: int) -> int:
    while end < len(text) and plain(text[end]) == "" and not text[end].isspace():
        end += 1
    return end


def _before_marks(text: str) -> int:
    end = len(text)
    while (
        end and end > len(text) - 8 and plain(text[end - 1]) == "" and not text[end - 1].isspace()
    ):
        end -= 1
    return end
