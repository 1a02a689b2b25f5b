"""Phrases as they are compared: without case, accents, compatibility forms and kinds of spaces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from sensorium.gateway.guardrails.folding import NO_WIDTH

_ACCENTS = re.compile("[\u0300-\u036f]")
_DROPPED: Final = frozenset(NO_WIDTH)
# A word is made longer by a combining mark or a character without width; by neither is it ended.
WORD: Final = rf"[\w\u0300-\u036f{NO_WIDTH}]"


def plain(text: str) -> str:
    """The text as it is compared; a run of spaces becomes one space."""
    if text.isascii():
        return " ".join(text.lower().split())
    return _ascii_spaces("".join(map(_plain_character, text)))


def plain_with_places(text: str, start: int) -> tuple[str, list[int]]:
    """From ``start`` on, the text as it is compared, and the place that each character came from.

    There is one more place than there are characters.
    """
    made: list[str] = []
    places: list[int] = []
    for place in range(start, len(text)):
        for one in _plain_character(text[place]):
            if one.isspace():
                if made and made[-1] == " ":
                    continue
                one = " "  # noqa: PLW2901  any space reads as one
            made.append(one)
            places.append(place)
    return "".join(made), [*places, len(text)]


def _plain_character(character: str) -> str:
    if character in _DROPPED:
        return ""
    decomposed = unicodedata.normalize("NFKD", character).casefold()
    return _ACCENTS.sub("", decomposed)


def _ascii_spaces(text: str) -> str:
    return " ".join(text.split())


def phrase_list(phrases: Iterable[str]) -> tuple[str, ...]:
    """Phrases as they are compared, the longest first; raises ``ValueError`` for an empty one."""
    made = {plain(phrase) for phrase in phrases}
    if not made or "" in made:
        raise ValueError("a rule of topics needs phrases, none of them empty")
    return tuple(sorted(made, key=lambda phrase: (-len(phrase), phrase)))


def any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    """Any of the phrases as whole words."""
    alternatives = "|".join(map(re.escape, phrases))
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)")
