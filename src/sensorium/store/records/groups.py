"""What incident grouping knows, kept with the window that taught it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from sensorium.store.records.connections import Connections
from sensorium.store.records.insert_new import put_many
from sensorium.store.records.meta import Meta
from sensorium.store.records.tables import INCIDENT_GROUPS

_COMMON: Final = "incident_groups"
_AT_ONCE: Final = 500


class Groups:
    """Groups by number, as plain JSON whose meaning is the incident package's; and, in the meta
    table, what belongs to no single one."""

    def __init__(self, connections: Connections, meta: Meta) -> None:
        self._connections = connections
        self._meta = meta

    def write(
        self,
        common: Mapping[str, Any],
        groups: Mapping[int, Any],
        gone: Iterable[int],
        *,
        within: Connection | None = None,
    ) -> None:
        """Replace what is common and the groups given, and remove those that are gone."""
        left = list(gone)
        with self._connections.writing(within) as connection:
            rows = [{"number": number, "content": content} for number, content in groups.items()]
            put_many(connection, INCIDENT_GROUPS, rows)
            for start in range(0, len(left), _AT_ONCE):
                some = left[start : start + _AT_ONCE]
                connection.execute(
                    delete(INCIDENT_GROUPS).where(INCIDENT_GROUPS.c.number.in_(some))
                )
            self._meta.set(_COMMON, json.dumps(common), within=connection)

    def read(self) -> tuple[Mapping[str, Any], Mapping[int, Any]] | None:
        """What is common, and every group; None where nothing was written yet. ValueError where
        it is no JSON."""
        with self._connections.reading() as connection:
            common = self._meta.get(_COMMON, within=connection)
            if common is None:
                return None
            rows = connection.execute(select(INCIDENT_GROUPS))
            return json.loads(common), {row.number: row.content for row in rows}
