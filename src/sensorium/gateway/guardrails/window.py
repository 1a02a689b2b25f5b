"""A stream of text that is looked at before it goes on, however it is divided.

What may still become a match is held back, and nothing else: no pattern slips through a cut, and no
more than :data:`REACH` characters wait. A stretch that was let go as it was stays known for
``BEHIND`` characters, so that what follows is read with its left neighbour in sight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sensorium.gateway.guardrails.json_text import View, in_strings, inside_string, view
from sensorium.gateway.guardrails.rule import BEHIND, REACH, Finding


class Finder(Protocol):
    """What a window needs of a rule of text."""

    @property
    def in_units(self) -> bool:
        """See ``TextRule``."""

    def find(self, text: str, start: int = 0) -> list[Finding]:
        """See ``TextRule``."""

    def open_from(self, text: str) -> int:
        """See ``TextRule``."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A finding with its place among the finders, and the text that it is about."""

    finder: int
    finding: Finding
    text: str


# What stands for a finding in the text: None leaves it as it is.
Decide = Callable[[Hit], str | None]


class Window:
    """One stream of text, or of JSON text with its escapes. ``feed``, then ``finish``."""

    def __init__(self, finders: Sequence[Finder], decide: Decide, *, json: bool = False) -> None:
        self._finders = finders
        self._decide = decide
        self._json = json
        self._inside = False  # whether what is held begins within a string of the JSON text
        self._behind = ""  # as seen, before anything was put in its place
        self._from = 0  # where in `_behind` a finding may begin: before its end after a `flush`
        # Where in `_behind` the unit begins that a finder is in which reads in units.
        self._units = {place: 0 for place, one in enumerate(finders) if one.in_units}
        self._held = ""

    def __len__(self) -> int:
        """Characters that are held back."""
        return len(self._held)

    def feed(self, raw: str) -> str:
        """What may go on after ``raw`` has come."""
        self._held += raw
        return self._release(final=False)

    def finish(self, raw: str) -> str:
        """The same for the whole of a text at once."""
        self._held += raw
        return self._release(final=True)

    def flush(self) -> str:
        """What was held, as no more is expected; what comes yet is read together with it."""
        return self._release(final=True)

    def _release(self, *, final: bool) -> str:
        if not self._held:
            return ""
        held = self._held
        seen = view(held, whole=final) if self._json else View(held, None, len(held))
        text = self._behind + seen.text
        new = len(self._behind)
        hold = len(text) if final else max(new, self._open(text), len(text) - REACH)
        if hold <= new and not final:
            return ""
        found = [
            (place, one)
            for place, finder in enumerate(self._finders)
            for one in self._find(place, finder, text)
            if one.end > new
        ]
        while cut := [one.start for _, one in found if one.start < hold < one.end]:
            hold = min(cut)
        if hold <= new and not final:
            return ""
        out = self._rewritten(seen, text, hold, [hit for hit in found if hit[1].start < hold])
        self._remember(text, hold, self._open(text) if final else hold)
        return out

    def _open(self, text: str) -> int:
        opens = len(text)
        for place, finder in enumerate(self._finders):
            begin = self._units.get(place)
            if begin:
                opens = min(opens, begin + finder.open_from(text[begin:]))
            else:
                opens = min(opens, finder.open_from(text))
        return opens

    def _find(self, place: int, finder: Finder, text: str) -> list[Finding]:
        begin = self._units.get(place)
        if not begin:
            return finder.find(text, self._from)
        found = finder.find(text[begin:], max(0, self._from - begin))
        return [Finding(one.start + begin, one.end + begin, one.label) for one in found]

    def _rewritten(self, seen: View, text: str, hold: int, found: list[tuple[int, Finding]]) -> str:
        """The raw text up to ``hold`` with what was found replaced; the rest stays held.

        Of two findings that overlap the first is replaced, with all that the second has beyond it.
        """
        new = len(self._behind)
        raw, out, at, done = self._held, [], 0, new
        for place, one in sorted(found, key=lambda hit: (hit[1].start, hit[0])):
            put = self._decide(Hit(place, one, text[one.start : one.end]))
            if put is None or one.end <= done:
                continue
            if one.start >= done or done == new:
                start = seen.raw(max(one.start, new) - new)
                out.append(raw[at:start])
                if self._json:
                    inside = inside_string(raw, start, self._inside)
                    put = in_strings(raw, start, seen.raw(one.end - new), put, inside)
                out.append(put)
            at, done = seen.raw(one.end - new), one.end
        last = seen.raw(hold - new) if hold < len(text) else seen.cut
        out.append(raw[at:last])
        if self._json:
            self._inside = inside_string(raw, last, self._inside)
        self._held = raw[last:]
        return "".join(out)

    def _remember(self, text: str, hold: int, begins: int) -> None:
        """Keep what lies before ``hold``; a finding may yet begin at ``begins`` or later."""
        begins = max(0, min(begins, hold), hold - REACH)
        first = begins
        for place, begin in self._units.items():
            self._units[place] = begin + self._finders[place].open_from(text[begin:hold])
            first = min(first, self._units[place])
        first = max(0, first - BEHIND)
        for place in self._units:
            self._units[place] -= first
        self._behind = text[first:hold]
        # A finding at the very edge of what is remembered would not see its left neighbours.
        self._from = max(begins - first, 4 if first else 0)


def rewrite(text: str, finders: Sequence[Finder], decide: Decide, *, json: bool = False) -> str:
    """The whole text with what was found replaced; the same object where nothing was."""
    window = Window(finders, decide, json=json)
    made = window.finish(text)
    return text if made == text else made
