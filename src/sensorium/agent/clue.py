"""A clue: one typed fact an investigator drew from evidence, and the sentence that states it.

Findings are for people; rules need more than a sentence. Synthesis, verdict and proposal read
the typed fields, the brief prints ``text``. A model that words the sentence differently changes
nothing that is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sensorium.model.evidence import Finding, Weight
from sensorium.model.signals import Signal


class ClueKind(StrEnum):
    """What a clue says; the playbooks know no other facts."""

    FAN_OUT = "fan_out"
    AUTH_FAILURES = "auth_failures"
    LOGIN_AFTER_FAILURES = "login_after_failures"
    LOGIN = "login"
    NEW_INTERNAL_PAIR = "new_internal_pair"
    NEW_EXTERNAL_PAIR = "new_external_pair"
    OUTBOUND_VOLUME = "outbound_volume"
    LARGE_TRANSFER = "large_transfer"

    SERVICE_FAILING = "service_failing"
    SERVICE_QUIET = "service_quiet"
    SERVICE_SLOW = "service_slow"
    SERVICE_STOPPED = "service_stopped"
    SERVICE_STARTED = "service_started"
    SERVICE_ERRORS = "service_errors"
    OUT_OF_RESOURCES = "out_of_resources"
    SCRAPE_LOST = "scrape_lost"
    METRIC_CHANGED = "metric_changed"

    LINK_DOWN = "link_down"
    ADJACENCY_LOST = "adjacency_lost"
    INTERFACE_SILENT = "interface_silent"
    INTERFACE_SATURATED = "interface_saturated"
    DROPS = "drops"

    NEW_MESSAGES = "new_messages"
    JOB_STARTED = "job_started"
    PLAN_CHECK = "plan_check"
    DEPENDENTS = "dependents"
    DEPENDENCE = "dependence"
    CENTRALITY = "centrality"
    PATH_SHARE = "path_share"
    CABLED = "cabled"
    ORDINARY = "ordinary"


@dataclass(frozen=True, slots=True)
class Clue:
    """A fact and what it stands on.

    ``subject`` and ``object`` are a host's address, a service ``10.0.0.2:5432/tcp``, an interface
    ``10.0.0.254#2`` or a series. ``value`` is the clue's main number in ``unit``. ``at_ns`` and
    ``end_ns`` place it in event time, 0 where it has no moment. ``signal`` is the telemetry it
    was drawn from: clues of different signals count as independent.
    """

    kind: ClueKind
    subject: str
    text: str
    evidence: tuple[str, ...]
    signal: Signal
    weight: Weight = Weight.SUPPORTING
    object: str = ""
    against: tuple[str, ...] = ()
    value: float = 0.0
    unit: str = ""
    at_ns: int = 0
    end_ns: int = 0
    investigator: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def finding(self) -> Finding:
        """The clue as people read it."""
        return Finding(
            text=self.text,
            evidence_for=self.evidence,
            evidence_against=self.against,
            weight=self.weight,
            investigator=self.investigator,
            at_ns=self.at_ns,
        )


def of_kind(clues: Iterable[Clue], *kinds: ClueKind) -> tuple[Clue, ...]:
    """The clues of these kinds, in the order given."""
    return tuple(c for c in clues if c.kind in kinds)
