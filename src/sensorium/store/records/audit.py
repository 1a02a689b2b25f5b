"""The audit log: each entry carries the hash of the one before, so a changed past shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.engine import Connection, RowMapping

from sensorium.model.canonical import digest
from sensorium.store.records.connections import Connections
from sensorium.store.records.insert_new import put
from sensorium.store.records.tables import AUDIT, META
from sensorium.store.records.types import storable

GENESIS = "0" * 64
"""The ``prev_hash`` of the first entry."""

_HEAD = "audit_head"
_LOCK = 0x5E45_0002
"""Advisory lock number that serialises appends on PostgreSQL."""
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done. ``hash`` covers every other field, ``prev_hash`` among them.

    ``detail`` holds plain JSON values without floats, so that its canonical form is one.
    """

    number: int
    at_ns: int
    kind: str
    subject: str
    actor: str
    detail: dict[str, Any]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What checking the chain found.

    ``broken_at`` is the number of the first entry that does not fit, 0 where all do; ``problem``
    says in a sentence what does not. ``head`` is the last entry's hash: noted somewhere else, it
    proves later that nothing before it was touched.
    """

    entries: int
    head: str
    broken_at: int = 0
    problem: str = ""

    @property
    def intact(self) -> bool:
        """Whether every entry fits."""
        return not self.problem


class AuditLog:
    """Append-only. Appends are serialised across threads and processes."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def append(
        self,
        *,
        at_ns: int,
        kind: str,
        subject: str,
        actor: str,
        detail: dict[str, Any],
        within: Connection | None = None,
    ) -> AuditEntry:
        """Add an entry; with ``within`` it is committed or undone with what it tells of."""
        with self._connections.writing(within) as connection:
            if not self._connections.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            last = connection.execute(
                select(AUDIT.c.number, AUDIT.c.hash).order_by(AUDIT.c.number.desc()).limit(1)
            ).first()
            number, previous = (last.number + 1, last.hash) if last else (1, GENESIS)
            content: dict[str, Any] = {
                "number": number,
                "at_ns": at_ns,
                "kind": kind,
                "subject": storable(subject),
                "actor": storable(actor),
                "detail": detail,
                "prev_hash": previous,
            }
            entry = AuditEntry(**content, hash=digest(content))
            connection.execute(insert(AUDIT).values(**content, hash=entry.hash))
            # Without this, cutting off the newest entries would leave a chain that fits.
            put(connection, META, {"key": _HEAD, "value": f"{number} {entry.hash}"})
        return entry

    def list(
        self, *, after: int = 0, limit: int = 100, subject: str | None = None
    ) -> tuple[AuditEntry, ...]:
        """Entries with a number above ``after``, oldest first."""
        statement = select(AUDIT).where(AUDIT.c.number > after)
        if subject is not None:
            statement = statement.where(AUDIT.c.subject == subject)
        with self._connections.reading() as connection:
            rows = connection.execute(statement.order_by(AUDIT.c.number).limit(limit))
            return tuple(_entry(row) for row in rows.mappings())

    def tail(self, limit: int = 100, *, subject: str | None = None) -> tuple[AuditEntry, ...]:
        """The newest entries, oldest of them first."""
        statement = select(AUDIT).order_by(AUDIT.c.number.desc()).limit(limit)
        if subject is not None:
            statement = statement.where(AUDIT.c.subject == subject)
        with self._connections.reading() as connection:
            rows = connection.execute(statement).mappings().all()
        return tuple(_entry(row) for row in reversed(rows))

    def verify(self, *, expect: str = "") -> AuditVerdict:
        """Check every hash from the first entry on, in one consistent view.

        ``expect`` is a head noted earlier, which must still be among the entries.
        """
        with self._connections.reading() as connection:
            number, previous, seen = 0, GENESIS, not expect
            while rows := self._page(connection, number):
                for entry in rows:
                    problem = _problem(entry, number, previous)
                    if problem:
                        return AuditVerdict(number, previous, number + 1, problem)
                    number, previous = entry.number, entry.hash
                    seen = seen or entry.hash == expect
            noted = connection.execute(select(META.c.value).where(META.c.key == _HEAD)).scalar()
        if noted is not None and noted != f"{number} {previous}":
            problem = f"the log ends at entry {number}, but its noted head is {noted.split()[0]}"
            return AuditVerdict(number, previous, number + 1, problem)
        if not seen:
            problem = f"no entry has the hash {expect}"
            return AuditVerdict(number, previous, number + 1, problem)
        return AuditVerdict(number, previous)

    @staticmethod
    def _page(connection: Connection, after: int) -> tuple[AuditEntry, ...]:
        statement = select(AUDIT).where(AUDIT.c.number > after)
        rows = connection.execute(statement.order_by(AUDIT.c.number).limit(_PAGE))
        return tuple(_entry(row) for row in rows.mappings())


def _problem(entry: AuditEntry, number: int, previous: str) -> str:
    """Why an entry does not follow the one before; empty if it does."""
    if entry.number != number + 1:
        return f"entry {number + 1} is missing"
    if entry.prev_hash != previous:
        return f"entry {entry.number} does not follow the entry before it"
    content = {
        "number": entry.number,
        "at_ns": entry.at_ns,
        "kind": entry.kind,
        "subject": entry.subject,
        "actor": entry.actor,
        "detail": entry.detail,
        "prev_hash": entry.prev_hash,
    }
    if digest(content) != entry.hash:
        return f"entry {entry.number} was changed after it was written"
    return ""


def _entry(row: RowMapping) -> AuditEntry:
    return AuditEntry(**row)
