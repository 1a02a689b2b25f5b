"""Roles, and the table of what each may do: routes it may call, fields it may change, how far."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is in the gateway."""

    OWNER = "owner"
    ADMIN = "admin"
    TEAM_ADMIN = "team_admin"
    MEMBER = "member"
    SERVICE = "service"
    AUDITOR = "auditor"


class Reach(IntEnum):
    """How far a permission goes; each holds those before it."""

    NONE = 0
    OWN = 1
    TEAM = 2
    ORGANISATION = 3
    ALL = 4


class Route(StrEnum):
    """What can be asked of the gateway."""

    CALL = "call"  # chat, responses, messages, embeddings, models
    READ_SPEND = "read_spend"
    READ_DIRECTORY = "read_directory"
    READ_AUDIT = "read_audit"
    MANAGE_KEYS = "manage_keys"
    MANAGE_USERS = "manage_users"
    MANAGE_TEAMS = "manage_teams"
    MANAGE_ORGANISATIONS = "manage_organisations"


class Field(StrEnum):
    """What can be changed of an organisation, a team, a user or a key."""

    NAME = "name"
    ROLE = "role"
    LIMIT = "limit"
    ALLOWED_MODELS = "allowed_models"
    PRIVACY = "privacy"
    DISABLED = "disabled"
    EXPIRES = "expires"


def _levels(
    none: str = "", own: str = "", team: str = "", organisation: str = ""
) -> Mapping[Role, Reach]:
    reaches = {
        **dict.fromkeys(none.split(), Reach.NONE),
        **dict.fromkeys(own.split(), Reach.OWN),
        **dict.fromkeys(team.split(), Reach.TEAM),
        **dict.fromkeys(organisation.split(), Reach.ORGANISATION),
    }
    return {role: Reach.ALL if role is Role.OWNER else reaches[role] for role in Role}


ROUTES: Final[Mapping[Route, Mapping[Role, Reach]]] = {
    Route.CALL: _levels(none="auditor", own="admin team_admin member service"),
    Route.READ_SPEND: _levels(
        none="service", own="member", team="team_admin", organisation="admin auditor"
    ),
    Route.READ_DIRECTORY: _levels(
        none="service", own="member", team="team_admin", organisation="admin auditor"
    ),
    Route.READ_AUDIT: _levels(none="service member team_admin", organisation="admin auditor"),
    Route.MANAGE_KEYS: _levels(
        none="service auditor", own="member", team="team_admin", organisation="admin"
    ),
    Route.MANAGE_USERS: _levels(
        none="service auditor member", team="team_admin", organisation="admin"
    ),
    Route.MANAGE_TEAMS: _levels(none="service auditor member team_admin", organisation="admin"),
    Route.MANAGE_ORGANISATIONS: _levels(none="service auditor member team_admin admin"),
}
"""How far each role may go on each route."""

_MANAGERS = _levels(none="service auditor member", team="team_admin", organisation="admin")
_ADMINS = _levels(none="service auditor member team_admin", organisation="admin")
_OWNERS = _levels(none="service auditor member team_admin admin")

FIELDS: Final[Mapping[Field, Mapping[Role, Reach]]] = {
    Field.NAME: _MANAGERS,
    Field.ROLE: _MANAGERS,
    Field.LIMIT: _MANAGERS,
    Field.ALLOWED_MODELS: _MANAGERS,
    Field.PRIVACY: _ADMINS,
    Field.DISABLED: _MANAGERS,
    Field.EXPIRES: _MANAGERS,
}
"""How far each role may change each field. Never of what gives them their own power: see below."""

RAISING: Final = frozenset(Field)
"""Fields that nobody but an owner may change of themselves, their own key, or the team and
organisation that they belong to: else they could raise themselves. The name is one of them, as an
identity provider's users and teams are found by it."""


def reach_on(roles: frozenset[Role], route: Route) -> Reach:
    """The farthest of their roles' reaches on a route."""
    return max((ROUTES[route][role] for role in roles), default=Reach.NONE)


def reach_of(roles: frozenset[Role], field: Field) -> Reach:
    """The farthest of their roles' reaches on a field."""
    return max((FIELDS[field][role] for role in roles), default=Reach.NONE)


def is_within(role: Role, roles: frozenset[Role]) -> bool:
    """Whether a role reaches nowhere further than one of these, who may then give it and act on it.

    Not each two can be compared: an auditor reads further than a member, and calls no model.
    """
    return any(
        all(row[role] <= row[one] for table in (ROUTES, FIELDS) for row in table.values())
        for one in roles
    )
