"""The slow obvious twin of the template miner: one line after the other, lists and dicts."""

from __future__ import annotations

from dataclasses import dataclass, field

from sensorium.detect.keys import text_key
from sensorium.detect.logs import tree
from sensorium.detect.logs.shapes import WILDCARD, masked


def _is_word(text: str) -> bool:
    return any(letter.isalpha() for letter in text.replace(WILDCARD, ""))


def _telling(words: list[str]) -> list[tuple[int, str]]:
    return [(at, word) for at, word in enumerate(words) if tree._TELLING.search(word)]


def _first(words: list[str]) -> str:
    return WILDCARD if words and WILDCARD in words[0] else "".join(words[:1])


@dataclass
class PlainMiner:
    """Gives each line the id of its template; has no capacity."""

    similarity: float
    templates: list[tuple[int, str, list[str]]] = field(default_factory=list)
    known: dict[tuple[str, str], int] = field(default_factory=dict)

    def assign(self, app: str, line: str) -> int:
        text = masked(line)
        if (app, text) not in self.known:
            self.known[app, text] = self._place(app, tree.words_of(text))
        return self.known[app, text]

    def _place(self, app: str, words: list[str]) -> int:
        best, best_likeness = None, (self.similarity, -1)
        for candidate in self.templates:
            likeness = self._likeness(candidate, app, words)
            if likeness > best_likeness:
                best, best_likeness = candidate, likeness
        if best is None:
            made = text_key(f"{app}\0{' '.join(words)}")
            if made not in [template[0] for template in self.templates]:
                self.templates.append((made, app, list(words)))
            return made
        for at, word in enumerate(words):
            if best[2][at] != word:
                best[2][at] = WILDCARD
        return best[0]

    def _likeness(
        self, template: tuple[int, str, list[str]], app: str, words: list[str]
    ) -> tuple[float, int]:
        _, its_app, its_words = template
        if its_app != app or len(its_words) != len(words):
            return -1, 0
        if _first(its_words) != _first(words) or _telling(its_words) != _telling(words):
            return -1, 0
        pairs = [
            (one, other)
            for one, other in zip(its_words, words, strict=True)
            if one != WILDCARD and (_is_word(one) or _is_word(other))
        ]
        same = sum(one == other for one, other in pairs)
        return (same / len(pairs) if pairs else 1.0), same
