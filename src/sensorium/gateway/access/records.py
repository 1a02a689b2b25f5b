"""The records of the directory: who there is, and which keys they have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sensorium.gateway.access.roles import Role


class Kind(StrEnum):
    """What a subject is. Organisations hold teams, teams hold users, users hold keys."""

    ORGANISATION = "organisation"
    TEAM = "team"
    USER = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An organisation, a team or a user. ``allowed_models`` None allows all.

    ``parent_id`` is a team's organisation, a user's team or (without one) organisation.
    """

    id: str
    kind: Kind
    parent_id: str
    organisation_id: str
    name: str
    role: Role
    allowed_models: tuple[str, ...] | None = None
    privacy: str = ""
    created_ns: int = 0
    disabled_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A virtual key, without the key. ``expires_ns`` and ``revoked_ns`` are 0 for never.

    ``counts_as`` is the id of the key that this one was rotated from, the first of them, so that
    rotating gives no budget anew; empty where there was none.
    """

    id: str
    prefix: str
    hash: str
    name: str
    owner_id: str
    role: Role
    allowed_models: tuple[str, ...] | None = None
    privacy: str = ""
    created_ns: int = 0
    expires_ns: int = 0
    revoked_ns: int = 0
    counts_as: str = ""

    @property
    def account(self) -> str:
        """The id that calls count under: what the ledger calls the key."""
        return self.counts_as or self.id

    def holds(self, now_ns: int) -> bool:
        """Whether it opens the door now."""
        over = (self.expires_ns, self.revoked_ns)
        return all(end == 0 or now_ns < end for end in over)

    def __repr__(self) -> str:
        return f"Key(id={self.id!r}, prefix={self.prefix!r}, name={self.name!r})"


def subject(row: Any) -> Subject:
    """A row of ``gateway_subjects``."""
    return Subject(
        id=row.id,
        kind=Kind(row.kind),
        parent_id=row.parent_id,
        organisation_id=row.organisation_id,
        name=row.name,
        role=Role(row.role),
        allowed_models=_models(row.allowed_models),
        privacy=row.privacy,
        created_ns=row.created_ns,
        disabled_ns=row.disabled_ns,
    )


def key(row: Any) -> Key:
    """A row of ``gateway_keys``."""
    return Key(
        id=row.id,
        prefix=row.prefix,
        hash=row.hash,
        name=row.name,
        owner_id=row.owner_id,
        role=Role(row.role),
        allowed_models=_models(row.allowed_models),
        privacy=row.privacy,
        created_ns=row.created_ns,
        expires_ns=row.expires_ns,
        revoked_ns=row.revoked_ns,
        counts_as=row.counts_as,
    )


def _models(said: list[str] | None) -> tuple[str, ...] | None:
    return None if said is None else tuple(said)
