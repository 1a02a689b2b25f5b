"""What the proposals share: lines a person can run from their own shell, and the risk."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from sensorium.agent.case import Case
from sensorium.agent.clue import ClueKind, of_kind
from sensorium.agent.stories.story import Story
from sensorium.model.action import Action, RiskTier

CONNECTOR = "manual"

Proposer = Callable[[Case, Story], Action | None]
"""Makes one proposal for a story; None where nothing sensible can be proposed."""

_SAFE = re.compile(r"^[A-Za-z0-9_.@:/-]{1,64}$")


@dataclass(frozen=True, slots=True)
class Remote:
    """Writes commands for one machine so that they run from an operator's own shell.

    Each line names the machine, so that a line pasted in the wrong place still does what it
    says. What comes from telemetry is quoted or refused, never pasted: a user name in a log
    line is written by whoever tried to log in.
    """

    operator: str

    def on(self, address: str, *words: str) -> str:
        """``ssh root@10.0.0.1 'nft add table inet x'``."""
        return f"ssh {self.operator}@{address} {shlex.quote(shlex.join(words))}"


def plain_word(text: str) -> bool:
    """Whether a word from telemetry is harmless in a command: letters, digits and ``_.@:/-``."""
    return bool(_SAFE.match(text)) and not text.startswith("-")


def nearest_router(case: Case, host: str) -> tuple[str, str]:
    """The router nearest to a host and its interface there; empty texts where none is known."""
    for clue in of_kind(case.clues("topology"), ClueKind.CENTRALITY):
        for seen, router, interface in clue.detail.get("nearest", ()):
            if seen == host:
                return str(router), str(interface)
    return "", ""


def dependents_of(case: Case, host: str) -> tuple[str, ...]:
    """Hosts that habitually use a host or one of its services."""
    found: list[str] = []
    for clue in of_kind(case.clues("topology"), ClueKind.DEPENDENTS):
        if clue.subject == host or clue.subject.startswith(f"{host}:"):
            found += [str(h) for h in clue.detail.get("direct", ())]
    return tuple(dict.fromkeys(found))


def risk_of(dependents: int) -> RiskTier:
    """The tier by how many hosts depend on what is touched: none, a few, many."""
    if dependents == 0:
        return RiskTier.LOW
    return RiskTier.MEDIUM if dependents <= 3 else RiskTier.HIGH
