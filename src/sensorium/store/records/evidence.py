"""Evidence: queries and what they answered."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.engine import Connection, RowMapping

from sensorium.model.evidence import Evidence, EvidenceSource
from sensorium.store.records.connections import Connections
from sensorium.store.records.insert_new import insert_new
from sensorium.store.records.tables import EVIDENCE


class EvidenceRecords:
    """Append-only. An id follows from question and answer, so two incidents may share one."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def save(self, evidence: Evidence, *, within: Connection | None = None) -> None:
        """Store one; storing the same again changes nothing."""
        self.add_many((evidence,), within=within)

    add = save

    def add_many(self, evidence: Iterable[Evidence], *, within: Connection | None = None) -> int:
        """Store several in one transaction; returns how many were new."""
        rows = [
            {
                "id": one.id,
                "incident_id": one.incident_id,
                "title": one.title,
                "source": one.source.value,
                "query": one.query,
                "parameters": one.parameters,
                "columns": one.columns,
                "rows": one.rows,
                "row_count": one.row_count,
                "digest": one.digest,
            }
            for one in evidence
        ]
        if not rows:
            return 0
        with self._connections.writing(within) as connection:
            return insert_new(connection, EVIDENCE, rows)

    def get(self, evidence_id: str, incident_id: str | None = None) -> Evidence | None:
        """One evidence, as the given incident saw it or as the first by id did; None if unknown."""
        statement = select(EVIDENCE).where(EVIDENCE.c.id == evidence_id)
        if incident_id is not None:
            statement = statement.where(EVIDENCE.c.incident_id == incident_id)
        with self._connections.reading() as connection:
            rows = connection.execute(statement.order_by(EVIDENCE.c.incident_id)).mappings()
            row = rows.first()
        return None if row is None else _evidence(row)

    def of_incident(self, incident_id: str) -> tuple[Evidence, ...]:
        """An incident's evidence, by id."""
        statement = select(EVIDENCE).where(EVIDENCE.c.incident_id == incident_id)
        with self._connections.reading() as connection:
            rows = connection.execute(statement.order_by(EVIDENCE.c.id)).mappings()
            return tuple(_evidence(row) for row in rows)


def _evidence(row: RowMapping) -> Evidence:
    return Evidence(
        id=row["id"],
        incident_id=row["incident_id"],
        title=row["title"],
        source=EvidenceSource(row["source"]),
        query=row["query"],
        parameters=row["parameters"],
        columns=tuple(row["columns"]),
        rows=tuple(tuple(cells) for cells in row["rows"]),
        row_count=row["row_count"],
        digest=row["digest"],
    )
