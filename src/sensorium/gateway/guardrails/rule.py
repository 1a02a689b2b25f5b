"""What a rule is. There are two kinds: rules of text, and rules of a whole request or answer.

A rule of text MUST

- be a function of the text alone: no I/O, no clock, nothing remembered between calls;
- for a match that starts at ``i``, depend on no more than ``BEHIND`` characters before ``i`` and
  on nothing before ``start`` but as context; or be read ``in_units``;
- say in ``open_from`` where the first match could start that more text could still make, lengthen
  or undo; so that text divided anywhere gives the findings of the whole;
- never hold more than ``REACH`` characters;
- take time in proportion to the text, whatever the text is.

A rule read ``in_units`` depends on the whole unit of a match, and on nothing else. Units are
counted from the beginning of a text; ``open_from`` is the beginning of the last one. Such a rule
may also take long and wait: it is asked in threads apart from the event loop, several at a time,
and raises where it could not look.

A whole rule MUST raise where it could not look; the guard then fails closed or open by setting.
``tests/gateway/guardrails/test_conformance.py`` runs over every registered member.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.places import Fragment

BEHIND: Final = 160
REACH: Final = 24 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """Characters ``start`` to ``end`` of a text are what ``label`` says."""

    start: int
    end: int
    label: str


class TextRule(Protocol):
    """Finds stretches of text."""

    @property
    def kind(self) -> str:
        """What sort of rule it is: ``personal_data``, ``secrets``, ``denied_topics``."""

    @property
    def in_units(self) -> bool:
        """Whether it is read in units, apart from the event loop."""

    def find(self, text: str, start: int = 0) -> list[Finding]:
        """What starts at ``start`` or later: in order, without overlaps."""

    def open_from(self, text: str) -> int:
        """Where what is not yet decided starts; the text's length where all is."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A whole request or answer: all its texts, and how many messages and tools it has."""

    fragments: Sequence[Fragment]
    messages: int = 0
    tools: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """A whole rule objects; ``labels`` says to what, ``message`` says it to the caller."""

    message: str
    labels: Mapping[str, int] = field(default_factory=dict)


class Meter(Protocol):
    """Judges an answer as it comes."""

    def feed(self, text: str) -> Judgement | None:
        """What it says of all that came so far."""


class WholeRule(Protocol):
    """Judges a request or an answer as a whole."""

    @property
    def kind(self) -> str:
        """What sort it is: ``injection``, ``length``, ``allowed_topics``, ``moderation``."""

    def meter(self) -> Meter | None:
        """Where an answer can be judged as it comes: one for each answer. None: only when whole."""

    async def judge(self, subject: Subject, context: Context) -> Judgement | None:
        """None where there is nothing to object to."""
