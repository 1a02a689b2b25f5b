"""What the proposals share: lines a person can run from their own shell, and the risk."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sensorium.agent.case import Case
from sensorium.agent.stories.story import Story
from sensorium.model.action import Action, RiskTier
from sensorium.topology import EdgeTable

CONNECTOR = "manual"

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
        """``ssh root@10.0.0.1 "nft add table inet x"``."""
        inner = shlex.join(words)
        # Double quotes read better and are as safe where nothing in them is special.
        quoted = shlex.quote(inner) if set(inner) & set('"$`\\!') else f'"{inner}"'
        return f"ssh {self.operator}@{address} {quoted}"


def plain_word(text: str) -> bool:
    """Whether a word from telemetry is harmless in a command: letters, digits and ``_.@:/-``."""
    return bool(_SAFE.match(text)) and not text.startswith("-")


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a proposal would act: asked for the story's own hosts, and cited in its rationale.

    ``nearest`` has each host's router and the interface its packets come in on; ``graph`` who
    habitually uses whom; ``cites`` the evidence ids of both.
    """

    nearest: Mapping[str, tuple[str, str]]
    graph: EdgeTable
    cites: tuple[str, ...]

    def router(self, host: str) -> tuple[str, str]:
        """The router nearest to a host and its interface there; empty where none saw it."""
        return self.nearest.get(host, ("", ""))

    def users(self, host: str) -> tuple[str, ...]:
        """Hosts that habitually use one of the host's services directly."""
        return self.graph.clients(host)

    @property
    def citation(self) -> str:
        """``(E-…, E-…)``, for the end of a sentence."""
        return f"({', '.join(self.cites)})"


Proposer = Callable[[Case, Story, Ground], Action | None]
"""Makes one proposal for a story; None where nothing sensible can be proposed."""


def risk_of(dependents: int) -> RiskTier:
    """The tier by how many hosts depend on what is touched: none, a few, many."""
    if dependents == 0:
        return RiskTier.LOW
    return RiskTier.MEDIUM if dependents <= 3 else RiskTier.HIGH
