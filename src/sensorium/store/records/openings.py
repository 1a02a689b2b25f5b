"""Each incident as it was when it was first kept: what was known before anybody looked."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection, RowMapping

from sensorium.model.incident import Incident, IncidentKind, Severity
from sensorium.model.label import MOST_KEPT, Opening
from sensorium.store.records.connections import Connections
from sensorium.store.records.tables import INCIDENT_OPENINGS

_AT_ONCE = 500


class Openings:
    """Written once with an incident's first row, and only read after that."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def of(self, incident_ids: Iterable[str]) -> dict[str, Opening]:
        """The openings of these incidents by id; one first kept by a version without openings has
        none, and is left out."""
        wanted = list(incident_ids)
        found: dict[str, Opening] = {}
        table = INCIDENT_OPENINGS
        with self._connections.reading() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                statement = select(table).where(table.c.incident_id.in_(some))
                for row in connection.execute(statement).mappings():
                    found[row["incident_id"]] = _opening(row)
        return found


def keep_opening(connection: Connection, incident: Incident, at_ns: int) -> None:
    """Keep an incident as it is now, in the transaction that writes its first row."""
    connection.execute(
        insert(INCIDENT_OPENINGS).values(
            incident_id=incident.id,
            at_ns=at_ns,
            severity=incident.severity.value,
            kind=incident.kind.value,
            surprise=incident.surprise,
            change_ref=incident.change_ref,
            hosts=incident.hosts,
            anomaly_ids=incident.anomaly_ids[:MOST_KEPT],
            anomalies=len(incident.anomaly_ids),
        )
    )


def _opening(row: RowMapping) -> Opening:
    return Opening(
        incident_id=row["incident_id"],
        at_ns=row["at_ns"],
        severity=Severity(row["severity"]),
        kind=IncidentKind(row["kind"]),
        surprise=row["surprise"],
        change_ref=row["change_ref"],
        hosts=tuple(row["hosts"]),
        anomaly_ids=tuple(row["anomaly_ids"]),
        anomalies=row["anomalies"],
    )
