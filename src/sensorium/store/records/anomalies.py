"""Anomalies, kept as they were found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection, RowMapping

from sensorium.model.anomaly import Anomaly, Entity, Feature, Peer
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.store.records.connections import Connections
from sensorium.store.records.insert_new import insert_new
from sensorium.store.records.tables import ANOMALIES, INCIDENT_ANOMALIES

_AT_ONCE = 500


class Anomalies:
    """Append-only; the same anomaly added twice is one."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add_many(self, anomalies: Iterable[Anomaly], *, within: Connection | None = None) -> int:
        """Store anomalies in one transaction; returns how many were new."""
        rows = [_row(anomaly) for anomaly in anomalies]
        if not rows:
            return 0
        with self._connections.writing(within) as connection:
            return insert_new(connection, ANOMALIES, rows)

    def get(self, anomaly_id: str) -> Anomaly | None:
        """One anomaly, None if it is not known."""
        statement = select(ANOMALIES).where(ANOMALIES.c.id == anomaly_id)
        with self._connections.reading() as connection:
            row = connection.execute(statement).mappings().first()
        return None if row is None else _anomaly(row)

    def of_incident(self, incident_id: str) -> tuple[Anomaly, ...]:
        """The anomalies folded into an incident, in the incident's order."""
        statement = (
            select(ANOMALIES)
            .join(INCIDENT_ANOMALIES, INCIDENT_ANOMALIES.c.anomaly_id == ANOMALIES.c.id)
            .where(INCIDENT_ANOMALIES.c.incident_id == incident_id)
            .order_by(INCIDENT_ANOMALIES.c.position)
        )
        with self._connections.reading() as connection:
            return tuple(_anomaly(row) for row in connection.execute(statement).mappings())

    def of_ids(self, anomaly_ids: Sequence[str]) -> tuple[Anomaly, ...]:
        """Those of these anomalies that are kept, by id."""
        found: list[Anomaly] = []
        with self._connections.reading() as connection:
            for start in range(0, len(anomaly_ids), _AT_ONCE):
                some = anomaly_ids[start : start + _AT_ONCE]
                statement = select(ANOMALIES).where(ANOMALIES.c.id.in_(some))
                found += map(_anomaly, connection.execute(statement).mappings())
        return tuple(sorted(found, key=lambda anomaly: anomaly.id))

    def between(self, start_ns: int, end_ns: int) -> tuple[Anomaly, ...]:
        """Anomalies whose window begins in [start, end), oldest first."""
        statement = (
            select(ANOMALIES)
            .where(ANOMALIES.c.start_ns >= start_ns, ANOMALIES.c.start_ns < end_ns)
            .order_by(ANOMALIES.c.start_ns, ANOMALIES.c.id)
        )
        with self._connections.reading() as connection:
            return tuple(_anomaly(row) for row in connection.execute(statement).mappings())


def _row(anomaly: Anomaly) -> dict[str, Any]:
    return {
        "id": anomaly.id,
        "start_ns": anomaly.start_ns,
        "end_ns": anomaly.end_ns,
        "entity_kind": anomaly.entity.kind.value,
        "entity_key": anomaly.entity.key,
        "signal": anomaly.signal.value,
        "detector": anomaly.detector,
        "score": anomaly.score,
        "tail_probability": anomaly.tail_probability,
        "features": anomaly.features,
        "hosts": anomaly.hosts,
        "peers": anomaly.peers,
        "summary": anomaly.summary,
    }


def _anomaly(row: RowMapping) -> Anomaly:
    return Anomaly(
        id=row["id"],
        start_ns=row["start_ns"],
        end_ns=row["end_ns"],
        entity=Entity(EntityKind(row["entity_kind"]), row["entity_key"]),
        signal=Signal(row["signal"]),
        detector=row["detector"],
        score=row["score"],
        tail_probability=row["tail_probability"],
        features=tuple(Feature(**feature) for feature in row["features"]),
        hosts=tuple(row["hosts"]),
        peers=tuple(Peer(**peer) for peer in row["peers"]),
        summary=row["summary"],
    )
