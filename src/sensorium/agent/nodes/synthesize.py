"""Synthesis: try every kind of story on the clues and keep the one with the most behind it."""

from __future__ import annotations

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue
from sensorium.agent.stories import intrusion, link_fault, service_failure, transfer
from sensorium.agent.stories.story import Story, Teller
from sensorium.model.evidence import Weight
from sensorium.model.incident import IncidentKind, Severity, Verdict

NAME = "synthesize"

TELLERS: tuple[Teller, ...] = (
    intrusion.tell,
    link_fault.tell,
    service_failure.tell,
    transfer.tell,
)
"""Most grave first: where two stories weigh the same, the graver is told."""


def synthesize(case: Case) -> Story:
    """The best story, or an honest account of what was seen where none can be told."""
    stories = [story for tell in TELLERS if (story := tell(case)) is not None]
    if not stories:
        return _unexplained(case)
    return max(enumerate(stories), key=lambda s: (round(s[1].score, 6), -s[0]))[1]


def _unexplained(case: Case) -> Story:
    clues = [c for c in case.clues() if c.weight is not Weight.CONTEXT] or list(case.clues())
    chain: tuple[Clue, ...] = tuple(clues[:6])
    return Story(
        IncidentKind.UNKNOWN,
        case.incident.title,
        min(case.incident.severity, Severity.MEDIUM, key=list(Severity).index),
        chain,
        case.focus,
        case.focus[0] if case.focus else "",
        0.0,
        Verdict.INCONCLUSIVE,
    )
