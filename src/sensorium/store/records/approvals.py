"""Approval records. Who may decide what, and when, is the desk's business, not this file's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import select, update
from sqlalchemy.engine import Connection, RowMapping

from sensorium.model.approval import Approval, ApprovalState
from sensorium.model.incident import IncidentState
from sensorium.store.records.connections import Connections
from sensorium.store.records.insert_new import insert_new
from sensorium.store.records.tables import APPROVALS, INCIDENTS


class Approvals:
    """Approvals by id; at most one for each action digest, ever."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, approval: Approval, *, within: Connection | None = None) -> bool:
        """Store a new approval; False where its action has one already."""
        row = {**asdict(approval), "state": approval.state.value}
        with self._connections.writing(within) as connection:
            return insert_new(connection, APPROVALS, [row]) == 1

    def settle(
        self,
        approval_id: str,
        state: ApprovalState,
        *,
        now_ns: int,
        actor: str,
        reason: str,
        expired: bool = False,
        within: Connection | None = None,
    ) -> bool:
        """Give a pending approval its final state, once: one conditional UPDATE decides.

        Returns whether this call was the one. It is not when the approval is settled already,
        is unknown, or its time is over at ``now_ns`` (with ``expired``: is not over yet).
        """
        in_time = APPROVALS.c.expires_ns <= now_ns if expired else APPROVALS.c.expires_ns > now_ns
        statement = (
            update(APPROVALS)
            .where(
                APPROVALS.c.id == approval_id,
                APPROVALS.c.state == ApprovalState.PENDING.value,
                in_time,
            )
            .values(state=state.value, decided_ns=now_ns, actor=actor, reason=reason)
        )
        with self._connections.writing(within) as connection:
            return connection.execute(statement).rowcount == 1

    def get(self, approval_id: str, *, within: Connection | None = None) -> Approval | None:
        """One approval, None if it is not known."""
        statement = select(APPROVALS).where(APPROVALS.c.id == approval_id)
        with self._connections.reading(within) as connection:
            row = connection.execute(statement).mappings().first()
        return None if row is None else _approval(row)

    def of_digest(self, digest: str, *, within: Connection | None = None) -> Approval | None:
        """The approval of one action, None if none was asked for."""
        statement = select(APPROVALS).where(APPROVALS.c.action_digest == digest)
        with self._connections.reading(within) as connection:
            row = connection.execute(statement).mappings().first()
        return None if row is None else _approval(row)

    def of_incident(self, incident_id: str) -> tuple[Approval, ...]:
        """An incident's approvals, oldest first."""
        statement = (
            select(APPROVALS)
            .where(APPROVALS.c.incident_id == incident_id)
            .order_by(APPROVALS.c.requested_ns, APPROVALS.c.id)
        )
        with self._connections.reading() as connection:
            return tuple(_approval(row) for row in connection.execute(statement).mappings())

    def decided_and_awaited(self) -> tuple[Approval, ...]:
        """The newest approval of each incident that awaits one though none of its own is pending;
        the latest incident first."""
        pending = select(APPROVALS.c.incident_id).where(
            APPROVALS.c.state == ApprovalState.PENDING.value
        )
        awaiting = (
            select(INCIDENTS.c.id)
            .where(
                INCIDENTS.c.state == IncidentState.AWAITING_APPROVAL.value,
                INCIDENTS.c.id.in_(select(APPROVALS.c.incident_id)),
                INCIDENTS.c.id.not_in(pending),
            )
            .order_by(INCIDENTS.c.start_ns.desc(), INCIDENTS.c.id)
        )
        with self._connections.reading() as connection:
            ids = connection.execute(awaiting).scalars().all()
        return tuple(self.of_incident(incident_id)[-1] for incident_id in ids)

    def list(
        self,
        states: Iterable[ApprovalState | str] | None = None,
        limit: int = 100,
        *,
        within: Connection | None = None,
    ) -> tuple[Approval, ...]:
        """Approvals in any of ``states`` (all if None or empty), newest request first."""
        statement = select(APPROVALS)
        chosen = [ApprovalState(state).value for state in states or ()]
        if chosen:
            statement = statement.where(APPROVALS.c.state.in_(chosen))
        statement = statement.order_by(APPROVALS.c.requested_ns.desc(), APPROVALS.c.id)
        with self._connections.reading(within) as connection:
            rows = connection.execute(statement.limit(limit)).mappings()
            return tuple(_approval(row) for row in rows)

    def overdue(self, now_ns: int, *, within: Connection | None = None) -> tuple[Approval, ...]:
        """Pending approvals whose time is over, oldest first."""
        statement = (
            select(APPROVALS)
            .where(
                APPROVALS.c.state == ApprovalState.PENDING.value,
                APPROVALS.c.expires_ns <= now_ns,
            )
            .order_by(APPROVALS.c.expires_ns, APPROVALS.c.id)
        )
        with self._connections.reading(within) as connection:
            return tuple(_approval(row) for row in connection.execute(statement).mappings())


def _approval(row: RowMapping) -> Approval:
    return Approval(**{**row, "state": ApprovalState(row["state"])})
