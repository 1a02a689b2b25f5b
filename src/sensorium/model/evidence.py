"""Evidence is a query and the digest of its answer; a finding is a sentence that stands on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class EvidenceSource(StrEnum):
    """Where the query runs: the telemetry store (ClickHouse SQL) or the records store (SQL)."""

    TELEMETRY = "telemetry"
    RECORDS = "records"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a tool found, and the exact query that found it, so that anyone can run it again.

    ``parameters`` are bound by the server, never pasted into ``query``. ``columns`` and ``rows``
    hold the answer (plain JSON values, at most a screenful); ``row_count`` the full number;
    ``digest`` is the SHA-256 of the canonical JSON of columns and all rows. ``id`` is
    ``E-`` and the first 10 hex digits of the digest of source, query, parameters and result.
    """

    id: str
    incident_id: str
    title: str
    source: EvidenceSource
    query: str
    parameters: dict[str, Any]
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    row_count: int
    digest: str


class Weight(StrEnum):
    """Which way a finding pulls the verdict."""

    STRONG = "strong"
    SUPPORTING = "supporting"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence of the brief and the evidence ids it stands on, for and against.

    A finding whose ``evidence_for`` is empty is dropped by code before anyone reads it.
    ``at_ns`` places it on the timeline, 0 where it has no moment of its own.
    """

    text: str
    evidence_for: tuple[str, ...]
    evidence_against: tuple[str, ...] = ()
    weight: Weight = Weight.SUPPORTING
    investigator: str = ""
    at_ns: int = 0
