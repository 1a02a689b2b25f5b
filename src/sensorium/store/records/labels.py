"""What people said of incidents, in the order in which they said it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection, RowMapping

from sensorium.model.label import Label, Opinion
from sensorium.store.records.audit import AuditLog
from sensorium.store.records.connections import Connections
from sensorium.store.records.tables import INCIDENT_LABELS


class Labels:
    """Append-only: nothing that was said is changed or taken back, only followed by more."""

    def __init__(self, connections: Connections, audit: AuditLog) -> None:
        self._connections = connections
        self._audit = audit

    def add(self, label: Label, *, within: Connection | None = None) -> None:
        """Keep a label and its entry in the audit log, both or neither."""
        with self._connections.writing(within) as connection:
            connection.execute(
                insert(INCIDENT_LABELS).values(
                    incident_id=label.incident_id,
                    opinion=label.opinion.value,
                    actor=label.actor,
                    note=label.note,
                    at_ns=label.at_ns,
                )
            )
            self._audit.append(
                at_ns=label.at_ns,
                kind="incident.label",
                subject=label.incident_id,
                actor=label.actor,
                detail={"label": label.opinion.value, "note": label.note},
                within=connection,
            )

    def of_incident(self, incident_id: str) -> tuple[Label, ...]:
        """All that was said of one incident, the first first: the last one counts."""
        statement = (
            select(INCIDENT_LABELS)
            .where(INCIDENT_LABELS.c.incident_id == incident_id)
            .order_by(INCIDENT_LABELS.c.number)
        )
        with self._connections.reading() as connection:
            return tuple(_label(row) for row in connection.execute(statement).mappings())

    def latest(self) -> Mapping[str, Label]:
        """By incident, the label that counts."""
        statement = select(INCIDENT_LABELS).order_by(INCIDENT_LABELS.c.number)
        with self._connections.reading() as connection:
            rows = connection.execute(statement).mappings()
            return {row["incident_id"]: _label(row) for row in rows}


def _label(row: RowMapping) -> Label:
    return Label(
        incident_id=row["incident_id"],
        opinion=Opinion(row["opinion"]),
        actor=row["actor"],
        note=row["note"],
        at_ns=row["at_ns"],
    )
