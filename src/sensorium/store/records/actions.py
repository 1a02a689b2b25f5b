"""Proposed actions, by the digest of their exact content."""

from __future__ import annotations

import dataclasses
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from sensorium.model.action import Action, RiskTier
from sensorium.store.errors import TamperedRecordError
from sensorium.store.records.connections import Connections
from sensorium.store.records.insert_new import insert_new
from sensorium.store.records.tables import ACTIONS


class Actions:
    """Append-only; what comes back was checked against the digest it is stored under."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, action: Action, *, within: Connection | None = None) -> None:
        """Store an action; storing the same again changes nothing."""
        content = dataclasses.asdict(action)
        del content["digest"]
        row = {
            "digest": action.digest,
            "incident_id": action.incident_id,
            "title": action.title,
            "risk": action.risk.value,
            "content": content,
        }
        with self._connections.writing(within) as connection:
            insert_new(connection, ACTIONS, [row])

    def get(self, digest: str, *, within: Connection | None = None) -> Action | None:
        """One action, None if it is not known.

        Raises TamperedRecordError where the stored content no longer has that digest.
        """
        statement = select(ACTIONS.c.content).where(ACTIONS.c.digest == digest)
        with self._connections.reading(within) as connection:
            row = connection.execute(statement).first()
        return None if row is None else _action(digest, row.content)

    def of_incident(self, incident_id: str) -> tuple[Action, ...]:
        """An incident's actions, by digest."""
        statement = select(ACTIONS).where(ACTIONS.c.incident_id == incident_id)
        with self._connections.reading() as connection:
            rows = connection.execute(statement.order_by(ACTIONS.c.digest)).all()
        return tuple(_action(row.digest, row.content) for row in rows)


def _action(digest: str, content: dict[str, Any]) -> Action:
    try:
        fields = {
            **content,
            "commands": tuple(content["commands"]),
            "rollback": tuple(content["rollback"]),
            "risk": RiskTier(content["risk"]),
        }
        return Action(**fields, digest=digest)
    except (ValueError, KeyError, TypeError) as error:
        raise TamperedRecordError(
            f"the stored action {digest[:12]} is no longer what was proposed: "
            "its content was changed in the database",
            unaffected="it cannot be approved, and nothing was approved",
            next_step="find out who changed it (sensorium audit list), and propose it again",
        ) from error
