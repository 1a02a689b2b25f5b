"""Small facts that outlive a run: the watermark, what the last run was."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from sensorium.store.records.connections import Connections
from sensorium.store.records.insert_new import put
from sensorium.store.records.tables import META


class Meta:
    """Text values by name."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def set(self, key: str, value: str, *, within: Connection | None = None) -> None:
        """Store a value, replacing an earlier one."""
        with self._connections.writing(within) as connection:
            put(connection, META, {"key": key, "value": value})

    def get(self, key: str, *, within: Connection | None = None) -> str | None:
        """A value, None if it was never set."""
        with self._connections.reading(within) as connection:
            value = connection.execute(select(META.c.value).where(META.c.key == key)).scalar()
        return None if value is None else str(value)

    def remove(self, key: str) -> None:
        """Forget a value."""
        with self._connections.writing() as connection:
            connection.execute(delete(META).where(META.c.key == key))
