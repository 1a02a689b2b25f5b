"""What an investigation came to."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.model.action import Action
from sensorium.model.approval import Approval
from sensorium.model.evidence import Evidence, Finding
from sensorium.model.incident import Incident, Verdict


@dataclass(frozen=True, slots=True)
class InvestigationResult:
    """The incident as it is now, and everything said about it.

    ``incident.state`` is ``auto_resolved``, ``awaiting_approval`` or ``escalated``. ``brief`` is
    Markdown and the same for the same telemetry. ``dropped`` counts findings left out because
    they cited no evidence. ``action`` and ``approval`` are None where nothing was proposed.
    """

    incident: Incident
    verdict: Verdict
    brief: str
    evidence: tuple[Evidence, ...]
    findings: tuple[Finding, ...]
    dropped: int = 0
    action: Action | None = None
    approval: Approval | None = None


@dataclass(frozen=True, slots=True)
class PendingInvestigation:
    """An investigation that has not ended: ``waiting`` for a person, or cut off (``next``)."""

    thread_id: str
    incident_id: str
    revision: int
    waiting: bool
    approval_id: str
    next: tuple[str, ...]
