"""Organisations, teams, users and keys: made, changed, read; each change has its audit entry."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from sensorium.errors import UsageError
from sensorium.gateway.access import records
from sensorium.gateway.access.keys import NewKey, new_key
from sensorium.gateway.access.permission import (
    NotAllowedError,
    Place,
    require_change,
    require_keys,
    require_role,
    require_route,
)
from sensorium.gateway.access.records import Key, Kind, Subject
from sensorium.gateway.access.roles import Field, Role, Route, is_within
from sensorium.gateway.ledger.administration import Administration
from sensorium.gateway.ledger.limits import EVERY, Limit, scope_key
from sensorium.gateway.ledger.tables import KEYS, SUBJECTS
from sensorium.store.records.audit import AuditLog

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from sensorium.gateway.access.caller import Caller
    from sensorium.store.records.connections import Connections

_NEVER_NS: Final = 2**62
_LONGEST_OVERLAP_S: Final = 30 * 86_400.0
_MANAGE = {
    Kind.ORGANISATION: Route.MANAGE_ORGANISATIONS,
    Kind.TEAM: Route.MANAGE_TEAMS,
    Kind.USER: Route.MANAGE_USERS,
}


@dataclass(frozen=True, slots=True)
class Made:
    """A key just made, with the text that is shown this once."""

    key: Key
    secret: NewKey


class Directory:
    """Every method checks that the actor may, and writes down that they did.

    ``changed`` is called after each change, so that what was remembered of callers is forgotten.
    """

    def __init__(
        self,
        connections: Connections,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._connections = connections
        self._limits = Administration(connections)
        self.audit = AuditLog(connections)
        self._wall_ns = wall_ns
        self.changed = changed

    def create(
        self,
        actor: Caller,
        kind: Kind,
        name: str,
        *,
        parent_id: str = "",
        role: Role = Role.MEMBER,
        allowed_models: tuple[str, ...] | None = None,
        privacy: str = "",
    ) -> Subject:
        """Make an organisation, a team of one, or a user of a team or organisation."""
        place = self._place_for(kind, parent_id)
        require_route(actor, _MANAGE[kind], place)
        somebody = Place(EVERY, place.team_id, place.organisation_id)
        require_role(actor, role)
        if privacy:
            require_change(actor, Field.PRIVACY, somebody)
        made_id = f"{kind.value}_{secrets.token_hex(6)}"
        made = Subject(
            id=made_id,
            kind=kind,
            parent_id=parent_id,
            organisation_id=made_id if kind is Kind.ORGANISATION else place.organisation_id,
            name=_name(name),
            role=role,
            allowed_models=allowed_models,
            privacy=privacy,
            created_ns=self._wall_ns(),
        )
        try:
            with self._connections.writing() as connection:
                connection.execute(insert(SUBJECTS).values(**_values(made)))
                told = {"name": made.name, "role": role.value}
                self._note(connection, actor, f"{kind.value}.created", made.id, told)
        except IntegrityError:
            raise _taken(made.name) from None
        self.changed()
        return made

    def create_key(
        self,
        actor: Caller,
        owner_id: str,
        name: str,
        *,
        role: Role | None = None,
        allowed_models: tuple[str, ...] | None = None,
        expires_ns: int = 0,
        privacy: str = "",
    ) -> Made:
        """Make a key of a user or team; its role is its owner's, or a lesser one.

        What bounds the key that the actor acts by bounds the new one too.
        """
        owner = self.subject(owner_id)
        place = self._place(owner)
        given = role or owner.role
        require_keys(actor, place, given)
        if not is_within(given, frozenset({owner.role})):
            raise UsageError(f"a key cannot have a higher role than its owner, {owner.role.value}")
        if not 0 <= expires_ns < _NEVER_NS:
            raise UsageError("the time of a key's end is in nanoseconds since 1970")
        if privacy:
            require_change(actor, Field.PRIVACY, place)
        secret = new_key()
        key = Key(
            id=f"key_{secrets.token_hex(6)}",
            prefix=secret.prefix,
            hash=secret.hash,
            name=_name(name),
            owner_id=owner.id,
            role=given,
            allowed_models=allowed_models,
            privacy=privacy,
            created_ns=self._wall_ns(),
            expires_ns=self._no_longer_than(actor, expires_ns),
        )
        with self._connections.writing() as connection:
            connection.execute(insert(KEYS).values(**_values(key)))
            told = {"owner": owner.id, "role": given.value, "expires_ns": key.expires_ns}
            self._note(connection, actor, "key.created", key.id, told)
        return Made(key, secret)

    def rotate_key(self, actor: Caller, key_id: str, overlap_s: float = 0.0) -> Made:
        """Make a key that stands for another, which ends ``overlap_s`` seconds from now.

        Both count as one, so that no budget begins anew.
        """
        old, now_ns = self.key(key_id), self._wall_ns()
        require_keys(actor, self._place(self.subject(old.owner_id)), old.role)
        if old.id != actor.key_id:
            self._no_longer_than(actor, 0)
        if not old.holds(now_ns):
            raise UsageError(f"the key {old.id} has ended", next_step="make a new one")
        if not 0 <= overlap_s <= _LONGEST_OVERLAP_S:
            raise UsageError("a key overlaps the one that replaces it for 30 days at most")
        secret = new_key()
        key = replace(
            old,
            id=f"key_{secrets.token_hex(6)}",
            prefix=secret.prefix,
            hash=secret.hash,
            created_ns=now_ns,
            revoked_ns=0,
            counts_as=old.account,
        )
        with self._connections.writing() as connection:
            connection.execute(insert(KEYS).values(**_values(key)))
            self._end(connection, actor, old, now_ns + int(overlap_s * 1e9), f"now {key.id}")
        self.changed()
        return Made(key, secret)

    def revoke_key(self, actor: Caller, key_id: str) -> None:
        """End a key now."""
        key = self.key(key_id)
        require_keys(actor, self._place(self.subject(key.owner_id)), key.role)
        with self._connections.writing() as connection:
            self._end(connection, actor, key, self._wall_ns(), "revoked")
        self.changed()

    def change(self, actor: Caller, subject_id: str, field: Field, value: Any) -> None:
        """Change a field of an organisation, team or user; limits by :meth:`set_limit`."""
        subject = self.subject(subject_id)
        given = Role(value) if field is Field.ROLE else None
        require_change(actor, field, self._place(subject), given=given)
        column = self._column(field, value)
        ((name, new),) = column.items()
        told = {"from": str(_values(subject)[name]), "to": str(new)}
        try:
            with self._connections.writing() as connection:
                connection.execute(
                    update(SUBJECTS).where(SUBJECTS.c.id == subject.id).values(**column)
                )
                self._note(
                    connection, actor, f"{subject.kind.value}.{field.value}", subject.id, told
                )
        except IntegrityError:
            raise _taken(str(value)) from None
        self.changed()

    def set_limit(self, actor: Caller, scope: str, limit: Limit) -> None:
        """Set a scope's limit; an empty one takes it away.

        Scopes are ``organisation:ID``, ``team:ID``, ``user:ID``, ``key:ID`` and
        ``end_user:ORGANISATION/NAME``, where the name ``*`` stands for each without its own.
        """
        kind, _, name = scope.partition(":")
        if kind == "key":
            key = self.key(name)
            scope, place = scope_key("key", key.account), self._place(self.subject(key.owner_id))
        elif kind == "end_user":
            organisation = self.subject(name.partition("/")[0])
            place = Place(EVERY, "", organisation.id)
        elif kind in set(Kind):
            place = self._place(self.subject(name))
        else:
            raise UsageError(f"there is no kind of scope called {kind!r}")
        require_change(actor, Field.LIMIT, place)
        with self._connections.writing() as connection:
            self._limits.set_limit(scope, limit, within=connection)
            told = {name: str(one) for name, one in _values(limit).items() if one is not None}
            self._note(connection, actor, "limit.set", scope, told)

    def subject(self, subject_id: str) -> Subject:
        """An organisation, team or user; ``UsageError`` where there is none of that id."""
        with self._connections.reading() as connection:
            row = connection.execute(select(SUBJECTS).where(SUBJECTS.c.id == subject_id)).first()
        if row is None:
            raise UsageError(f"there is no organisation, team or user {subject_id!r}")
        return records.subject(row)

    def find(self, name: str) -> Subject:
        """An organisation, team or user by its id, or by its name where only one has it."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                select(SUBJECTS).where((SUBJECTS.c.id == name) | (SUBJECTS.c.name == name))
            ).all()
        if not rows:
            raise UsageError(
                f"there is no organisation, team or user {name!r}",
                next_step="list them: sensorium gateway directory list",
            )
        if len(rows) > 1:
            ids = ", ".join(sorted(row.id for row in rows))
            raise UsageError(f"{len(rows)} are called {name!r}", next_step=f"say which: {ids}")
        return records.subject(rows[0])

    def key(self, key_id: str) -> Key:
        """A key by its id or prefix; ``UsageError`` where there is none."""
        with self._connections.reading() as connection:
            row = connection.execute(
                select(KEYS).where((KEYS.c.id == key_id) | (KEYS.c.prefix == key_id))
            ).first()
        if row is None:
            raise UsageError(f"there is no key {key_id!r}")
        return records.key(row)

    def subjects(self, actor: Caller, kind: Kind | None = None) -> list[Subject]:
        """Those that the actor may see, oldest first."""
        statement = select(SUBJECTS).order_by(SUBJECTS.c.created_ns, SUBJECTS.c.id)
        if kind is not None:
            statement = statement.where(SUBJECTS.c.kind == kind.value)
        with self._connections.reading() as connection:
            found = [records.subject(row) for row in connection.execute(statement)]
        return [one for one in found if self._may_see(actor, one)]

    def keys(self, actor: Caller) -> list[Key]:
        """Keys of owners that the actor may see, oldest first."""
        seen = {one.id for one in self.subjects(actor)}
        statement = select(KEYS).order_by(KEYS.c.created_ns, KEYS.c.id)
        with self._connections.reading() as connection:
            found = [records.key(row) for row in connection.execute(statement)]
        return [one for one in found if one.owner_id in seen]

    def limit(self, scope: str) -> Limit:
        """A scope's own limit."""
        kind, _, name = scope.partition(":")
        if kind == "key":
            scope = scope_key("key", self.key(name).account)
        return self._limits.limit(scope)

    def _no_longer_than(self, actor: Caller, expires_ns: int) -> int:
        """When a key that the actor makes ends, which is not after the one they act by.

        A key that is bounded otherwise makes none, or it could be left behind by its own work.
        """
        if not actor.key_id or Role.OWNER in actor.roles:
            return expires_ns
        mine = self.key(actor.key_id)
        bounded = mine.allowed_models is not None or bool(mine.privacy)
        if bounded or not self.limit(scope_key("key", mine.id)).is_empty:
            raise NotAllowedError("a key that is limited itself makes no other keys")
        ends = [one for one in (mine.expires_ns, mine.revoked_ns, expires_ns) if one]
        return min(ends, default=0)

    def _column(self, field: Field, value: Any) -> dict[str, Any]:
        """The column that a field's new value goes into."""
        if field is Field.NAME:
            return {"name": _name(value)}
        if field is Field.ROLE:
            return {"role": Role(value).value}
        if field is Field.ALLOWED_MODELS:
            return {"allowed_models": None if value is None else list(value)}
        if field is Field.PRIVACY:
            return {"privacy": str(value)}
        if field is Field.DISABLED:
            return {"disabled_ns": self._wall_ns() if value else 0}
        raise UsageError(f"{field.value} is not a field of organisations, teams and users")

    def _end(self, connection: Connection, actor: Caller, key: Key, at_ns: int, why: str) -> None:
        connection.execute(
            update(KEYS)
            .where(KEYS.c.id == key.id, (KEYS.c.revoked_ns == 0) | (KEYS.c.revoked_ns > at_ns))
            .values(revoked_ns=at_ns)
        )
        self._note(connection, actor, "key.ended", key.id, {"why": why, "at_ns": at_ns})

    def _place_for(self, kind: Kind, parent_id: str) -> Place:
        """Where a new subject would stand."""
        if kind is Kind.ORGANISATION:
            if parent_id:
                raise UsageError("an organisation belongs to nothing")
            return Place()
        parent = self.subject(parent_id)
        fits = {Kind.TEAM: {Kind.ORGANISATION}, Kind.USER: {Kind.TEAM, Kind.ORGANISATION}}
        if parent.kind not in fits[kind]:
            raise UsageError(f"a {kind.value} cannot belong to the {parent.kind.value} {parent_id}")
        return Place.of(parent, "")

    def _place(self, subject: Subject) -> Place:
        in_team = subject.kind is Kind.USER and subject.parent_id != subject.organisation_id
        return Place.of(subject, subject.parent_id if in_team else "")

    def _may_see(self, actor: Caller, subject: Subject) -> bool:
        try:
            require_route(actor, Route.READ_DIRECTORY, self._place(subject))
        except NotAllowedError:
            return False
        return True

    def _note(
        self, connection: Connection, actor: Caller, kind: str, subject: str, detail: dict[str, Any]
    ) -> None:
        self.audit.append(
            at_ns=self._wall_ns(),
            kind=kind,
            subject=subject,
            actor=actor.name,
            detail=detail,
            within=connection,
        )


def _taken(name: str) -> UsageError:
    return UsageError(
        f"there is another {name!r} of that kind in the organisation",
        next_step="choose another name; one that is switched off keeps its own",
    )


def _name(said: str) -> str:
    name = said.strip()
    if not 0 < len(name) <= 200 or not name.isprintable():
        raise UsageError("a name has 1 to 200 printable characters")
    return name


def _values(record: Any) -> dict[str, Any]:
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {
        name: value.value if isinstance(value, Enum) else value for name, value in values.items()
    }
