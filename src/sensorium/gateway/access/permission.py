"""Whether somebody may do a thing to somebody: the table of roles, applied."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.errors import SensoriumError
from sensorium.gateway.access.caller import Caller
from sensorium.gateway.access.records import Kind, Subject
from sensorium.gateway.access.roles import (
    RAISING,
    Field,
    Reach,
    Role,
    Route,
    is_within,
    reach_of,
    reach_on,
)
from sensorium.gateway.ledger.words import Scopes


class NotAllowedError(SensoriumError):
    """The role does not reach that far. Says nothing about whether the thing exists."""


OPERATOR = Caller(scopes=Scopes(user_id="operator"), roles=frozenset({Role.OWNER}))
"""Whoever may run commands beside the database: the command line."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: whose it is, in which team and organisation, and in what role."""

    user_id: str = ""
    team_id: str = ""
    organisation_id: str = ""
    role: Role | None = None

    @classmethod
    def of(cls, subject: Subject, team_id: str) -> Place:
        """A subject's place; ``team_id`` is that of a user's team."""
        if subject.kind is Kind.ORGANISATION:
            return cls(organisation_id=subject.id, role=subject.role)
        if subject.kind is Kind.TEAM:
            return cls("", subject.id, subject.organisation_id, subject.role)
        return cls(subject.id, team_id, subject.organisation_id, subject.role)


def nearness(actor: Caller, place: Place) -> Reach:
    """The reach that it takes to get from an actor to a place."""
    mine = actor.scopes
    if place.user_id and place.user_id == mine.user_id:
        return Reach.OWN
    if place.team_id and place.team_id == mine.team_id:
        return Reach.TEAM
    if place.organisation_id and place.organisation_id == mine.organisation_id:
        return Reach.ORGANISATION
    return Reach.ALL


def require_route(actor: Caller, route: Route, place: Place) -> None:
    """Raise ``NotAllowedError`` unless the actor's roles reach the place on that route."""
    if reach_on(actor.roles, route) < nearness(actor, place):
        raise NotAllowedError(f"this role may not {route.value.replace('_', ' ')} there")


def require_change(actor: Caller, field: Field, place: Place, *, given: Role | None = None) -> None:
    """Raise ``NotAllowedError`` unless the actor may change that field there.

    Nobody but an owner changes what gives them their own power: their own record and keys, and
    those of the team and organisation that they stand in. Nobody acts on a role that reaches
    further than theirs. ``given`` is the role to be given.
    """
    if reach_of(actor.roles, field) < nearness(actor, place):
        raise NotAllowedError(f"this role may not change the {field.value} there")
    if Role.OWNER in actor.roles:
        return
    if field in RAISING and _holds_up(actor, place):
        raise NotAllowedError(f"nobody changes the {field.value} that they themselves stand on")
    if place.role is not None and not is_within(place.role, actor.roles):
        raise NotAllowedError(f"only a higher role may change the {field.value} there")
    if given is not None:
        require_role(actor, given)


def require_keys(actor: Caller, place: Place, role: Role) -> None:
    """Raise ``NotAllowedError`` unless the actor may make or end a key of that role there.

    Whoever makes a key can act by it. So the role must be within the actor's, and so must that of
    the owner, whose models and budgets the key has, where the owner is somebody else.
    """
    require_route(actor, Route.MANAGE_KEYS, place)
    require_role(actor, role)
    if place.role is not None and nearness(actor, place) is not Reach.OWN:
        require_role(actor, place.role)


def require_role(actor: Caller, role: Role) -> None:
    """Raise ``NotAllowedError`` unless a role is within those of the actor."""
    if not is_within(role, actor.roles):
        raise NotAllowedError(f"only a higher role may do that with the role {role.value}")


def _holds_up(actor: Caller, place: Place) -> bool:
    mine = actor.scopes
    if place.user_id:
        return place.user_id == mine.user_id
    if place.team_id:
        return place.team_id == mine.team_id
    return place.organisation_id == mine.organisation_id
