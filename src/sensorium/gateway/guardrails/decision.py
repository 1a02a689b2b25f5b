"""What a guard says of a call: no word of content in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sensorium.gateway.conversation import Conversation
from sensorium.gateway.reply import Reply

if TYPE_CHECKING:
    from sensorium.gateway.guardrails.placeholders import Restorer


class Stage(StrEnum):
    """When a rule looks: at the request, at the request while the call runs, at the answer."""

    BEFORE = "before"
    BESIDE = "beside"
    AFTER = "after"


class Action(StrEnum):
    """What follows from a finding. ``flag`` changes nothing and says so in the answer's head."""

    BLOCK = "block"
    MASK = "mask"
    FLAG = "flag"


class OnFailure(StrEnum):
    """What follows where a rule could not look: refuse (``closed``) or flag (``open``)."""

    CLOSED = "closed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Flag:
    """A rule found something, or could not look (``outcome`` ``failed``), and the call went on.

    ``outcome`` is ``masked``, ``flagged`` or ``failed``; ``labels`` says how often what was found.
    """

    rule: str
    stage: Stage
    outcome: str
    labels: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        found = "+".join(f"{label}*{count}" for label, count in sorted(self.labels.items()))
        return f"{self.rule}={self.outcome}" + (f":{found}" if found else "")


@dataclass(frozen=True, slots=True)
class Blocked:
    """The call is refused. ``message`` is safe to show: it names the rule and never content."""

    rule: str
    message: str
    stage: Stage = Stage.BEFORE


@dataclass(frozen=True, slots=True)
class Passed:
    """The request as it may go on; ``restore`` puts back into the answer what was masked."""

    conversation: Conversation
    restore: Restorer | None = None
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class PassedTexts:
    """Texts to embed, as they may go on."""

    texts: tuple[str | tuple[int, ...], ...]
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class PassedReply:
    """The answer as the caller may have it, with what was masked put back."""

    reply: Reply
    flags: tuple[Flag, ...] = ()
