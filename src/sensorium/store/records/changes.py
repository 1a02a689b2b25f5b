"""Planned changes that the service was told of."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.engine import Connection, RowMapping

from sensorium.model.canonical import digest
from sensorium.model.change import Change, ChangeKind, ChangeScope
from sensorium.store.records.connections import Connections
from sensorium.store.records.insert_new import put
from sensorium.store.records.tables import CHANGES


class Changes:
    """Occurrences by source and ref; telling one again replaces what was told before."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add_many(self, changes: Iterable[Change], *, within: Connection | None = None) -> None:
        """Store occurrences in one transaction."""
        with self._connections.writing(within) as connection:
            for change in changes:
                row = {
                    "id": digest([change.source, change.ref]),
                    "source": change.source,
                    "ref": change.ref,
                    "start_ns": change.start_ns,
                    "end_ns": change.end_ns,
                    "kind": change.kind.value,
                    "scope": change.scope,
                    "title": change.title,
                }
                put(connection, CHANGES, row)

    def between(self, start_ns: int, end_ns: int) -> tuple[Change, ...]:
        """Occurrences that overlap [start, end], in order of start, source and ref."""
        statement = (
            select(CHANGES)
            .where(CHANGES.c.start_ns <= end_ns, CHANGES.c.end_ns >= start_ns)
            .order_by(CHANGES.c.start_ns, CHANGES.c.source, CHANGES.c.ref)
        )
        with self._connections.reading() as connection:
            return tuple(_change(row) for row in connection.execute(statement).mappings())

    def list(self, limit: int = 1000) -> tuple[Change, ...]:
        """The occurrences that start last, in order of start, source and ref."""
        order = (CHANGES.c.start_ns.desc(), CHANGES.c.source.desc(), CHANGES.c.ref.desc())
        with self._connections.reading() as connection:
            statement = select(CHANGES).order_by(*order).limit(limit)
            rows = connection.execute(statement).mappings().all()
        return tuple(_change(row) for row in reversed(rows))


def _change(row: RowMapping) -> Change:
    scope = row["scope"]
    return Change(
        start_ns=row["start_ns"],
        end_ns=row["end_ns"],
        kind=ChangeKind(row["kind"]),
        source=row["source"],
        scope=ChangeScope(
            hosts=tuple(scope["hosts"]),
            peers=tuple(scope["peers"]),
            ports=tuple(scope["ports"]),
            service=scope["service"],
            max_bytes=scope["max_bytes"],
            command=scope["command"],
        ),
        title=row["title"],
        ref=row["ref"],
    )
