"""What people say of incidents, and what was known of an incident when it was first kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sensorium.model.incident import IncidentKind, Severity


class Opinion(StrEnum):
    """What an incident turned out to be."""

    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Label:
    """One person's word on an incident, at ``at_ns`` (Unix ns of the wall clock).

    Of several on one incident the latest counts, and all are kept.
    """

    incident_id: str
    opinion: Opinion
    actor: str
    note: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Opening:
    """An incident as it was when it was first kept, at event time ``at_ns``; never changed.

    An incident's own row changes as more joins and as it is investigated, so whoever compares
    incidents by what was known at the start asks here. ``anomaly_ids`` are the first of those it
    had then, at most :data:`MOST_KEPT`; ``anomalies`` is how many it had.
    """

    incident_id: str
    at_ns: int
    severity: Severity
    kind: IncidentKind
    surprise: float
    change_ref: str
    hosts: tuple[str, ...]
    anomaly_ids: tuple[str, ...]
    anomalies: int


MOST_KEPT = 500
"""Anomalies that an opening names: a storm's incident has thousands, and these describe it."""
