"""The tree that finds the template of a new shape, in the manner of Drain (He et al. 2017).

Its levels are the application, the number of words, the first word, and the words of the line
that tell what happened; each leaf is a short list of templates.

Two lines are alike by the share of equal *words*, and only text that is no variable and has a
letter is a word: that both lines hold a number at the same place says nothing. Where a template
varies already it is not compared. Words that differ must be values of one kind
(:mod:`~sensorium.detect.logs.slots`): else the lines tell of different things, however alike they
are. But where many templates differ in one and the same place, that place is a value after all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from sensorium.detect.arrays import U64
from sensorium.detect.keys import text_key
from sensorium.detect.logs.amounts import without_units
from sensorium.detect.logs.shapes import WILDCARD
from sensorium.detect.logs.slots import slots_of
from sensorium.detect.logs.spacing import spaced
from sensorium.ingest.compiled import kernel

# A dump of memory in one line must not become a template of its own size.
MOST_WORDS = 256
LONGEST_WORD = 256
# So many templates that differ in one place only show that it varies; and so many that are alike,
# wherever they differ.
MANY_IN_PLACE, MANY_ALIKE = 8, 32

# Lines that differ in one of these say different things, however alike they are: levels, and
# states and deeds that come with their opposites.
_TELLING = re.compile(
    r"(?i)\b(debug|info|notice|log|warn|warning|err|error|errors|crit|critical|fatal|panic|emerg"
    r"|alert|up|down|open|opened|close|closed|start|started|stop|stopped|lost|detected|true|false"
    r"|accepted|rejected|refused|denied|failed|failure|success|succeeded|ok|on|off|yes|no|none"
    r"|enable|enabled|disable|disabled|active|inactive|startup|shutdown|created|destroyed|begin"
    r"|end|local|remote|valid|invalid)\b|<[1-5]xx>"
)

_Leaf = tuple[str, int, str, tuple[tuple[int, str], ...]]


def words_of(text: str) -> list[str]:
    """The words of a masked text; a run of variables is one, and what is too long is variable."""
    words: list[str] = []
    for word in without_units(spaced(text)).split():
        kept = word if len(word) <= LONGEST_WORD else WILDCARD
        if kept == WILDCARD and words and words[-1] == WILDCARD:
            continue
        if len(words) == MOST_WORDS:
            words[-1] = WILDCARD
            break
        words.append(kept)
    return words


@dataclass(slots=True)
class Node:
    """One template."""

    template_id: int
    app: str
    words: list[str]
    first_seen_ns: int


class Tree:
    """Templates by application, number of words, first word and telling words."""

    def __init__(self, similarity: float) -> None:
        self._similarity = similarity
        self._leaves: dict[_Leaf, _Siblings] = {}

    def find(self, app: str, words: list[str]) -> tuple[Node | None, bool]:
        """The template most like the words, widened to them, and whether that changed it.

        None where none is like enough. Of equally similar ones it is the one with more equal
        words, then the oldest.
        """
        leaf = self._leaves.get(_leaf(app, words))
        if leaf is None:
            return None, False
        coded, slots = _codes(words), slots_of(words)
        row = _most_alike(leaf.codes, leaf.slots, len(leaf.nodes), coded, slots, self._similarity)
        if row < 0:
            return None, False
        node = leaf.nodes[row]
        differ = leaf.codes[row] != coded
        if not (differ & (leaf.codes[row] != 0)).any():
            return node, False
        for at in differ.nonzero()[0]:
            node.words[at] = WILDCARD
        leaf.codes[row][differ] = 0
        leaf.slots[row] = slots_of(node.words)
        return node, True

    def add(self, node: Node) -> None:
        """Take in a template, younger than those that are here."""
        self._leaves.setdefault(_leaf(node.app, node.words), _Siblings()).add(node)


@dataclass(slots=True)
class _Siblings:
    """The templates of a leaf, and codes and slots of their words as uint64 (at least n, words)."""

    nodes: list[Node] = field(default_factory=list)
    codes: U64 = field(default_factory=lambda: np.zeros((0, 0), np.uint64))
    slots: U64 = field(default_factory=lambda: np.zeros((0, 0), np.uint64))

    def add(self, node: Node) -> None:
        count = len(self.nodes)
        if count == len(self.codes):
            self.codes, self.slots = (
                _grown(rows, count, len(node.words)) for rows in (self.codes, self.slots)
            )
        self.codes[count] = _codes(node.words)
        self.slots[count] = slots_of(node.words)
        self.nodes.append(node)


def _grown(rows: U64, count: int, words: int) -> U64:
    grown = np.zeros((max(2, 2 * count), words), np.uint64)
    grown[:count] = rows[:count] if count else 0
    return grown


def _leaf(app: str, words: list[str]) -> _Leaf:
    telling = tuple((at, word) for at, word in enumerate(words) if _tells(word))
    return app, len(words), _beginning(words[0]) if words else "", telling


def _beginning(first: str) -> str:
    """What lines of one kind begin with: the first word, of a pair of key and value the key."""
    key, equals, _ = first.partition("=")
    if any(letter.isalpha() for letter in key.replace(WILDCARD, "")):
        return key + equals
    return WILDCARD if WILDCARD in first else first


@lru_cache(maxsize=1 << 16)
def _tells(word: str) -> bool:
    return _TELLING.search(word) is not None


def _codes(words: list[str]) -> U64:
    return np.array([_code(word) for word in words], np.uint64)


@lru_cache(maxsize=1 << 16)
def _code(word: str) -> int:
    """What stands for a word: 0 for what varies, else its key, odd just where it has letters."""
    if word == WILDCARD:
        return 0
    plain = any(letter.isalpha() for letter in word.replace(WILDCARD, ""))
    return (text_key(word) & ~1 | plain) or 2


@kernel
def _most_alike(
    codes: U64, slots: U64, count: int, words: U64, line: U64, similarity: float
) -> int:
    """The row of the most similar template, -1 where none reaches ``similarity``.

    ``codes`` and ``slots`` (rows, words) are those of templates, ``words`` and ``line`` the line's.
    """
    best, best_share, best_same = -1, similarity, -1
    alike, oldest = 0, -1
    in_place, first = np.zeros(len(words), np.int64), np.full(len(words), -1)
    for row in range(count):
        same = compared = against = where = 0
        for at in range(len(words)):
            known, word = codes[row, at], words[at]
            if known != 0 and (known | word) & np.uint64(1):
                compared += 1
                same += known == word
            known_slot, slot = slots[row, at], line[at]
            if known != word and known_slot != slot and min(known_slot, slot) > 0:
                against, where = against + 1, at
        share = same / compared if compared else 1.0
        if not against:
            if share > best_share or (share == best_share and same > best_same):
                best, best_share, best_same = row, share, same
            continue
        if against == 1 and same == compared - 1:
            in_place[where] += 1
            first[where] = row if first[where] < 0 else first[where]
        if share >= similarity:
            alike += 1
            oldest = row if oldest < 0 else oldest
    if best < 0:
        for at in range(len(words)):
            if in_place[at] >= MANY_IN_PLACE:
                return int(first[at])
        if alike >= MANY_ALIKE:
            return oldest
    return best
