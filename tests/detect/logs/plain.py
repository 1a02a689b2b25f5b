"""The slow obvious twin of the template miner: one line after the other, lists and dicts."""

from __future__ import annotations

from dataclasses import dataclass, field

from sensorium.detect.keys import text_key
from sensorium.detect.logs import tree
from sensorium.detect.logs.shapes import WILDCARD, masked
from sensorium.detect.logs.slots import slots_of


def _is_word(text: str) -> bool:
    return any(letter.isalpha() for letter in text.replace(WILDCARD, ""))


def _telling(words: list[str]) -> list[tuple[int, str]]:
    return [(at, word) for at, word in enumerate(words) if tree._TELLING.search(word)]


def _first(words: list[str]) -> str:
    first = "".join(words[:1])
    if _is_word(first.split("=")[0]):
        return first[: first.index("=") + 1] if "=" in first else first
    return WILDCARD if WILDCARD in first else first


def _against(known: list[str], words: list[str]) -> list[int]:
    """Where two lines of equal length differ in what is no value."""
    slots = zip(slots_of(known).tolist(), slots_of(words).tolist(), strict=True)
    return [
        at
        for at, (one, other) in enumerate(slots)
        if known[at] != words[at] and WILDCARD not in (known[at], words[at]) and one != other
    ]


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
        best = self._best(app, words)
        if best is None:
            made = text_key(f"{app}\0{' '.join(words)}")
            if made not in [template[0] for template in self.templates]:
                self.templates.append((made, app, list(words)))
            return made
        for at, word in enumerate(words):
            if best[2][at] != word:
                best[2][at] = WILDCARD
        return best[0]

    def _best(self, app: str, words: list[str]) -> tuple[int, str, list[str]] | None:
        alike, in_place = [], dict[int, list[tuple[int, str, list[str]]]]()
        best, best_likeness = None, (self.similarity, -1)
        for candidate in self.templates:
            same, compared = self._likeness(candidate, app, words)
            if same < 0:
                continue
            share = same / compared if compared else 1.0
            against = _against(candidate[2], words)
            if against:
                if len(against) == 1 and same == compared - 1:
                    in_place.setdefault(against[0], []).append(candidate)
                if share >= self.similarity:
                    alike.append(candidate)
            elif (share, same) > best_likeness:
                best, best_likeness = candidate, (share, same)
        if best is None:
            varied = [found for _, found in sorted(in_place.items())]
            varied = [found for found in varied if len(found) >= tree.MANY_IN_PLACE]
            if varied:
                return varied[0][0]
            return alike[0] if len(alike) >= tree.MANY_ALIKE else None
        return best

    def _likeness(
        self, template: tuple[int, str, list[str]], app: str, words: list[str]
    ) -> tuple[int, int]:
        """How many words are equal of how many that can be compared; -1 where none are."""
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
        return same, len(pairs)
