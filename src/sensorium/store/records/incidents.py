"""Incidents as they now are, and each step of how they came to be so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from sensorium.model.incident import Incident, IncidentKind, IncidentState, Severity, Verdict
from sensorium.store.errors import StaleRecordError
from sensorium.store.records.audit import AuditLog
from sensorium.store.records.connections import Connections
from sensorium.store.records.openings import keep_opening
from sensorium.store.records.tables import INCIDENT_ANOMALIES, INCIDENT_EVENTS, INCIDENTS

_FIELDS = (
    "id",
    "state",
    "severity",
    "verdict",
    "kind",
    "title",
    "start_ns",
    "end_ns",
    "hosts",
    "surprise",
    "change_ref",
    "proof",
    "brief_path",
    "revision",
)
ACTOR = "sensorium"
"""Who the audit log names for what no person did."""


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """A change of state at an event time; ``from_state`` is empty for the first."""

    incident_id: str
    at_ns: int
    from_state: str
    to_state: str
    revision: int


class Incidents:
    """Snapshots by id. Which state may follow which is decided elsewhere; here it is kept."""

    def __init__(self, connections: Connections, audit: AuditLog) -> None:
        self._connections = connections
        self._audit = audit

    def save(
        self,
        incident: Incident,
        *,
        at_ns: int | None = None,
        expected: IncidentState | None = None,
        actor: str = ACTOR,
        within: Connection | None = None,
    ) -> None:
        """Store a snapshot; a change of state also leaves an event and an audit entry, and the
        first snapshot stays as the incident's opening.

        ``at_ns`` is the event time of the change, the incident's end if not given. Raises
        StaleRecordError where a later revision is stored already, or where the stored state is
        not ``expected``; then nothing is changed.
        """
        with self._connections.writing(within) as connection:
            row = connection.execute(
                select(INCIDENTS.c.state, INCIDENTS.c.revision)
                .where(INCIDENTS.c.id == incident.id)
                .with_for_update()
            ).first()
            before = row.state if row else ""
            if row and row.revision > incident.revision:
                raise StaleRecordError(
                    f"{incident.id} is stored with revision {row.revision}; "
                    f"revision {incident.revision} came too late",
                    unaffected="nothing was stored",
                )
            if expected is not None and before != expected.value:
                raise StaleRecordError(
                    f"{incident.id} is {before or 'not stored'}, not {expected.value} as the "
                    "change supposed",
                    unaffected="it was left as it is",
                )
            values = _row(incident)
            when = incident.end_ns if at_ns is None else at_ns
            if row:
                connection.execute(
                    update(INCIDENTS).where(INCIDENTS.c.id == incident.id).values(**values)
                )
            else:
                connection.execute(insert(INCIDENTS).values(**values))
                keep_opening(connection, incident, when)
            _link(connection, incident)
            if before != incident.state.value:
                self._note(connection, incident, before, when, actor)

    def _note(
        self, connection: Connection, incident: Incident, before: str, at_ns: int, actor: str
    ) -> None:
        after = incident.state.value
        connection.execute(
            insert(INCIDENT_EVENTS).values(
                incident_id=incident.id,
                at_ns=at_ns,
                from_state=before,
                to_state=after,
                revision=incident.revision,
            )
        )
        self._audit.append(
            at_ns=at_ns,
            kind="incident.state",
            subject=incident.id,
            actor=actor,
            detail={"from": before, "to": after, "revision": incident.revision},
            within=connection,
        )

    def get(self, incident_id: str, *, within: Connection | None = None) -> Incident | None:
        """One incident, None if it is not known."""
        statement = select(INCIDENTS).where(INCIDENTS.c.id == incident_id)
        with self._connections.reading(within) as connection:
            return next(iter(_load(connection, connection.execute(statement).mappings())), None)

    def list(
        self, states: Iterable[IncidentState | str] | None = None, limit: int | None = 100
    ) -> tuple[Incident, ...]:
        """Incidents in any of ``states`` (all if None or empty), the latest start first; at most
        ``limit``, all of them if None."""
        statement = select(INCIDENTS)
        chosen = [IncidentState(state).value for state in states or ()]
        if chosen:
            statement = statement.where(INCIDENTS.c.state.in_(chosen))
        statement = statement.order_by(INCIDENTS.c.start_ns.desc(), INCIDENTS.c.id).limit(limit)
        with self._connections.reading() as connection:
            return _load(connection, connection.execute(statement).mappings())

    def ids(self, states: Iterable[IncidentState]) -> frozenset[str]:
        """The ids of all incidents in any of ``states``."""
        chosen = [state.value for state in states]
        statement = select(INCIDENTS.c.id).where(INCIDENTS.c.state.in_(chosen))
        with self._connections.reading() as connection:
            return frozenset(connection.execute(statement).scalars())

    def events(self, incident_id: str) -> tuple[IncidentEvent, ...]:
        """An incident's changes of state, in the order they were made."""
        statement = (
            select(INCIDENT_EVENTS)
            .where(INCIDENT_EVENTS.c.incident_id == incident_id)
            .order_by(INCIDENT_EVENTS.c.number)
        )
        with self._connections.reading() as connection:
            return tuple(
                IncidentEvent(
                    row.incident_id, row.at_ns, row.from_state, row.to_state, row.revision
                )
                for row in connection.execute(statement)
            )


def _link(connection: Connection, incident: Incident) -> None:
    """Make the link rows what the snapshot says, touching only those that differ."""
    table = INCIDENT_ANOMALIES
    stored = {
        row.anomaly_id: row.position
        for row in connection.execute(
            select(table.c.anomaly_id, table.c.position).where(table.c.incident_id == incident.id)
        )
    }
    wanted = {anomaly_id: i for i, anomaly_id in enumerate(incident.anomaly_ids)}
    surplus = [{"a": key} for key in stored if stored[key] != wanted.get(key)]
    if surplus:
        connection.execute(
            delete(table).where(
                table.c.incident_id == incident.id, table.c.anomaly_id == bindparam("a")
            ),
            surplus,
        )
    missing = [
        {"incident_id": incident.id, "anomaly_id": key, "position": position}
        for key, position in wanted.items()
        if stored.get(key) != position
    ]
    if missing:
        connection.execute(insert(table), missing)


def _row(incident: Incident) -> dict[str, Any]:
    return {name: getattr(incident, name) for name in _FIELDS}


def _load(connection: Connection, rows: Iterable[RowMapping]) -> tuple[Incident, ...]:
    found = list(rows)
    anomalies: dict[str, list[str]] = {row["id"]: [] for row in found}
    statement = (
        select(INCIDENT_ANOMALIES.c.incident_id, INCIDENT_ANOMALIES.c.anomaly_id)
        .where(INCIDENT_ANOMALIES.c.incident_id.in_(anomalies))
        .order_by(INCIDENT_ANOMALIES.c.incident_id, INCIDENT_ANOMALIES.c.position)
    )
    for link in connection.execute(statement) if found else ():
        anomalies[link.incident_id].append(link.anomaly_id)
    return tuple(_incident(row, anomalies[row["id"]]) for row in found)


def _incident(row: RowMapping, anomaly_ids: Sequence[str]) -> Incident:
    return Incident(
        id=row["id"],
        state=IncidentState(row["state"]),
        severity=Severity(row["severity"]),
        verdict=Verdict(row["verdict"]),
        kind=IncidentKind(row["kind"]),
        title=row["title"],
        start_ns=row["start_ns"],
        end_ns=row["end_ns"],
        hosts=tuple(row["hosts"]),
        anomaly_ids=tuple(anomaly_ids),
        surprise=row["surprise"],
        change_ref=row["change_ref"],
        proof=row["proof"],
        brief_path=row["brief_path"],
        revision=row["revision"],
    )
