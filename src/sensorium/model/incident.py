"""An incident: anomalies of one cause, and what has been concluded about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class IncidentState(StrEnum):
    """The closed lifecycle; which step may follow which is in ``incident/lifecycle.py``."""

    OPEN = "open"
    INVESTIGATING = "investigating"
    AUTO_RESOLVED = "auto_resolved"
    AWAITING_APPROVAL = "awaiting_approval"
    ESCALATED = "escalated"
    MITIGATED = "mitigated"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"


class Severity(StrEnum):
    """How soon a person should look."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Verdict(StrEnum):
    """Set by code from the evidence, never by a model."""

    UNKNOWN = "unknown"
    PLANNED = "planned"
    CONFIRMED = "confirmed"
    LIKELY = "likely"
    INCONCLUSIVE = "inconclusive"


class IncidentKind(StrEnum):
    """What sort of cause the anomalies look like; chosen by deterministic rules of evidence."""

    UNKNOWN = "unknown"
    INTRUSION = "intrusion"
    SERVICE_FAILURE = "service_failure"
    LINK_FAULT = "link_fault"
    BULK_TRANSFER = "bulk_transfer"
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True)
class Incident:
    """A snapshot of an incident. ``start_ns``/``end_ns`` span its anomalies (event time).

    ``id`` is ``INC-`` and 8 hex digits, from the first anomaly. ``surprise`` is the combined
    -log10 tail probability. ``hosts`` are ordered, most involved first. ``change_ref`` names the
    planned change whose scope the anomalies fell into, empty for none. ``proof`` says why nobody
    need look: the announcement that fits or, of a merged incident, the one that it is part of.
    ``revision`` counts
    investigations: late anomalies that change the picture start another.
    """

    id: str
    state: IncidentState
    severity: Severity
    verdict: Verdict
    kind: IncidentKind
    title: str
    start_ns: int
    end_ns: int
    hosts: tuple[str, ...]
    anomaly_ids: tuple[str, ...]
    surprise: float
    change_ref: str = ""
    proof: str = ""
    brief_path: str = ""
    revision: int = 0
