"""Briefs: what was told to a person about an incident, each revision as it was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection, RowMapping

from sensorium.model.canonical import digest
from sensorium.model.evidence import Finding, Weight
from sensorium.store.records.connections import Connections
from sensorium.store.records.insert_new import put
from sensorium.store.records.tables import BRIEFS


@dataclass(frozen=True, slots=True)
class Brief:
    """One revision of an incident's brief; ``digest`` is the SHA-256 of text and findings."""

    incident_id: str
    revision: int
    markdown: str
    findings: tuple[Finding, ...]
    digest: str


class Briefs:
    """Briefs by incident and revision; the same revision written again replaces itself."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def save(
        self,
        incident_id: str,
        revision: int,
        markdown: str,
        findings: Sequence[Finding],
        *,
        within: Connection | None = None,
    ) -> Brief:
        """Store a revision and return it with its digest."""
        brief = Brief(
            incident_id,
            revision,
            markdown,
            tuple(findings),
            digest({"markdown": markdown, "findings": list(findings)}),
        )
        row = {
            "incident_id": incident_id,
            "revision": revision,
            "markdown": markdown,
            "findings": brief.findings,
            "digest": brief.digest,
        }
        with self._connections.writing(within) as connection:
            put(connection, BRIEFS, row)
        return brief

    def get(self, incident_id: str, revision: int) -> Brief | None:
        """One revision, None if there is none."""
        statement = select(BRIEFS).where(
            BRIEFS.c.incident_id == incident_id, BRIEFS.c.revision == revision
        )
        with self._connections.reading() as connection:
            row = connection.execute(statement).mappings().first()
        return None if row is None else _brief(row)

    def latest(self, incident_id: str) -> Brief | None:
        """The newest revision, None if there is none."""
        statement = select(BRIEFS).where(BRIEFS.c.incident_id == incident_id)
        with self._connections.reading() as connection:
            rows = connection.execute(statement.order_by(BRIEFS.c.revision.desc()).limit(1))
            row = rows.mappings().first()
        return None if row is None else _brief(row)


def _brief(row: RowMapping) -> Brief:
    findings = tuple(
        Finding(
            text=one["text"],
            evidence_for=tuple(one["evidence_for"]),
            evidence_against=tuple(one["evidence_against"]),
            weight=Weight(one["weight"]),
            investigator=one["investigator"],
            at_ns=one["at_ns"],
        )
        for one in row["findings"]
    )
    return Brief(row["incident_id"], row["revision"], row["markdown"], findings, row["digest"])
