"""A story: one explanation of an incident, and the clues that tell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue
from sensorium.agent.state import Json, clue_from_json, clue_to_json
from sensorium.agent.verdict import judge, points
from sensorium.model.incident import IncidentKind, Severity, Verdict

PRIOR = 0.5
"""What grouping's first guess at the kind is worth, against two points for a strong clue."""


@dataclass(frozen=True, slots=True)
class Story:
    """An explanation. ``chain`` tells it in order; ``hosts`` are who it is about, the cause first.

    ``cause`` is the host, service or interface at the bottom of it. ``detail`` holds what a
    proposal needs (plain JSON values; its keys are each story's own).
    """

    kind: IncidentKind
    title: str
    severity: Severity
    chain: tuple[Clue, ...]
    hosts: tuple[str, ...]
    cause: str
    score: float
    verdict: Verdict
    detail: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> Json:
        """The story as a JSON object."""
        return {
            "kind": self.kind.value,
            "title": self.title,
            "severity": self.severity.value,
            "chain": [clue_to_json(c) for c in self.chain],
            "hosts": list(self.hosts),
            "cause": self.cause,
            "score": self.score,
            "verdict": self.verdict.value,
            "detail": dict(self.detail),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Story:
        """The inverse of :meth:`to_json`."""
        return Story(
            kind=IncidentKind(value["kind"]),
            title=value["title"],
            severity=Severity(value["severity"]),
            chain=tuple(clue_from_json(c) for c in value["chain"]),
            hosts=tuple(value["hosts"]),
            cause=value["cause"],
            score=value["score"],
            verdict=Verdict(value["verdict"]),
            detail=value["detail"],
        )


Teller = Callable[[Case], Story | None]
"""Tries to tell one kind of story from a case's clues; None where they do not make one."""


def score_of(case: Case, kind: IncidentKind, chain: tuple[Clue, ...]) -> float:
    """Points of the chain, and a little more where grouping guessed the same kind."""
    return points(chain) + (PRIOR if case.incident.kind is kind else 0.0)


def verdict_of(chain: tuple[Clue, ...]) -> Verdict:
    """The chain's verdict."""
    return judge(chain)
