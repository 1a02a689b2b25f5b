"""The table of roles, cell by cell, and that nobody raises themselves."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from sensorium.gateway.access import Caller, Role
from sensorium.gateway.access.permission import (
    OPERATOR,
    NotAllowedError,
    Place,
    require_change,
    require_keys,
    require_route,
)
from sensorium.gateway.access.records import Kind
from sensorium.gateway.access.roles import FIELDS, RAISING, ROUTES, Field, Reach, Route
from sensorium.gateway.ledger import Limit, Scopes
from tests.gateway.access.town import Town

SCOPES = Scopes("key", "me", "mine", "ours")
PLACES = {
    Reach.OWN: Place("me", "mine", "ours"),
    Reach.TEAM: Place("mate", "mine", "ours"),
    Reach.ORGANISATION: Place("other", "theirs", "ours"),
    Reach.ALL: Place("stranger", "far", "away"),
}

# Written out once more, by hand, so that a change of the table shows.
MAY_CALL = {
    #                      call own  spend  directory audit  keys  users teams orgs
    Role.OWNER:      "ALL ALL ALL ALL ALL ALL ALL ALL",
    Role.ADMIN:      "OWN ORGANISATION ORGANISATION ORGANISATION ORGANISATION ORGANISATION"
                     " ORGANISATION NONE",
    Role.TEAM_ADMIN: "OWN TEAM TEAM NONE TEAM TEAM NONE NONE",
    Role.MEMBER:     "OWN OWN OWN NONE OWN NONE NONE NONE",
    Role.SERVICE:    "OWN NONE NONE NONE NONE NONE NONE NONE",
    Role.AUDITOR:    "NONE ORGANISATION ORGANISATION ORGANISATION NONE NONE NONE NONE",
}  # fmt: skip
MAY_CHANGE = {
    #                     name role limit models privacy disabled expires
    Role.OWNER:      "ALL ALL ALL ALL ALL ALL ALL",
    Role.ADMIN:      "ORGANISATION ORGANISATION ORGANISATION ORGANISATION ORGANISATION"
                     " ORGANISATION ORGANISATION",
    Role.TEAM_ADMIN: "TEAM TEAM TEAM TEAM NONE TEAM TEAM",
    Role.MEMBER:     "NONE NONE NONE NONE NONE NONE NONE",
    Role.SERVICE:    "NONE NONE NONE NONE NONE NONE NONE",
    Role.AUDITOR:    "NONE NONE NONE NONE NONE NONE NONE",
}  # fmt: skip
MAY_GIVE = {
    Role.OWNER: set(Role),
    Role.ADMIN: {Role.ADMIN, Role.TEAM_ADMIN, Role.MEMBER, Role.SERVICE, Role.AUDITOR},
    Role.TEAM_ADMIN: {Role.TEAM_ADMIN, Role.MEMBER, Role.SERVICE},
    Role.MEMBER: {Role.MEMBER, Role.SERVICE},
    Role.SERVICE: {Role.SERVICE},
    Role.AUDITOR: {Role.AUDITOR},
}


@pytest.mark.parametrize("role", Role)
def test_the_table_is_what_is_written_here(role: Role) -> None:
    assert [ROUTES[route][role].name for route in Route] == MAY_CALL[role].split()
    assert [FIELDS[field][role].name for field in Field] == MAY_CHANGE[role].split()


@pytest.mark.parametrize(("role", "route", "near"), list(itertools.product(Role, Route, PLACES)))
def test_a_route_is_open_as_far_as_the_role_reaches(role: Role, route: Route, near: Reach) -> None:
    actor = Caller(scopes=SCOPES, roles=frozenset({role}))
    if near <= ROUTES[route][role]:
        require_route(actor, route, PLACES[near])
    else:
        with pytest.raises(NotAllowedError):
            require_route(actor, route, PLACES[near])


@pytest.mark.parametrize(("role", "field", "near"), list(itertools.product(Role, Field, PLACES)))
def test_a_field_is_open_as_far_as_the_role_reaches_but_never_to_raise_oneself(
    role: Role, field: Field, near: Reach
) -> None:
    actor = Caller(scopes=SCOPES, roles=frozenset({role}))
    raises_itself = near is Reach.OWN and field in RAISING and role is not Role.OWNER
    if near <= FIELDS[field][role] and not raises_itself:
        require_change(actor, field, PLACES[near])
    else:
        with pytest.raises(NotAllowedError):
            require_change(actor, field, PLACES[near])


@pytest.mark.parametrize(("role", "given"), list(itertools.product(Role, Role)))
def test_nobody_gives_a_role_above_their_own(role: Role, given: Role) -> None:
    actor = Caller(scopes=SCOPES, roles=frozenset({role}))
    place = PLACES[Reach.TEAM]
    if FIELDS[Field.ROLE][role] >= Reach.TEAM and given in MAY_GIVE[role]:
        require_change(actor, Field.ROLE, place, given=given)
    else:
        with pytest.raises(NotAllowedError):
            require_change(actor, Field.ROLE, place, given=given)


@pytest.mark.parametrize(("role", "other"), list(itertools.product(Role, Role)))
def test_nobody_acts_on_a_role_above_their_own(role: Role, other: Role) -> None:
    actor = Caller(scopes=SCOPES, roles=frozenset({role}))
    place = replace(PLACES[Reach.TEAM], role=other)
    may = other in MAY_GIVE[role] or role is Role.OWNER
    for field in Field:
        if FIELDS[field][role] >= Reach.TEAM and may:
            require_change(actor, field, place)
        else:
            with pytest.raises(NotAllowedError):
                require_change(actor, field, place)
    if ROUTES[Route.MANAGE_KEYS][role] >= Reach.TEAM and may:
        require_keys(actor, place, Role.SERVICE)
    else:
        with pytest.raises(NotAllowedError):
            require_keys(actor, place, Role.SERVICE)


@pytest.mark.parametrize(("role", "key"), list(itertools.product(Role, Role)))
def test_nobody_makes_themselves_a_key_that_may_more_than_the_one_they_act_by(
    role: Role, key: Role
) -> None:
    actor = Caller(scopes=SCOPES, roles=frozenset({role}))
    place = replace(PLACES[Reach.OWN], role=Role.OWNER)
    if ROUTES[Route.MANAGE_KEYS][role] >= Reach.OWN and key in MAY_GIVE[role]:
        require_keys(actor, place, key)
    else:
        with pytest.raises(NotAllowedError):
            require_keys(actor, place, key)


@pytest.mark.anyio
async def test_nobody_raises_themselves_by_their_own_record_key_team_or_organisation(
    town: Town,
) -> None:
    ids, directory = town.ids, town.directory
    tess, ann, maxim = [await town.acting(name) for name in ("tess", "ann", "max")]
    huge = Limit(budget=10**18)
    boss = directory.create(OPERATOR, Kind.USER, "boss", parent_id=ids["red"], role=Role.ADMIN).id
    boss_key = directory.create_key(OPERATOR, boss, "x")
    ids["root"] = directory.create(
        OPERATOR, Kind.USER, "root", parent_id=ids["acme"], role=Role.OWNER
    ).id
    ann_key = directory.create_key(OPERATOR, ids["ann"], "x")
    lesser = await town.by_key("ann", role=Role.MEMBER)
    attempts = [
        lambda: directory.change(maxim, ids["max"], Field.ROLE, "admin"),
        lambda: directory.change(tess, ids["tess"], Field.ROLE, "admin"),
        lambda: directory.change(tess, ids["mia"], Field.ROLE, "admin"),
        lambda: directory.change(tess, ids["red"], Field.ALLOWED_MODELS, None),
        lambda: directory.change(ann, ids["acme"], Field.ALLOWED_MODELS, None),
        lambda: directory.change(ann, ids["max"], Field.ROLE, "owner"),
        lambda: directory.change(ann, ids["gus"], Field.NAME, "x"),
        lambda: directory.set_limit(tess, f"user:{ids['tess']}", huge),
        lambda: directory.set_limit(tess, f"team:{ids['red']}", huge),
        lambda: directory.set_limit(tess, f"key:{tess.key_id}", huge),
        lambda: directory.set_limit(ann, f"organisation:{ids['acme']}", huge),
        lambda: directory.set_limit(maxim, f"user:{ids['mia']}", huge),
        lambda: directory.create(tess, Kind.USER, "puppet", parent_id=ids["red"], role=Role.ADMIN),
        lambda: directory.create(tess, Kind.USER, "puppet", parent_id=ids["blue"]),
        lambda: directory.create(tess, Kind.USER, "spy", parent_id=ids["red"], role=Role.AUDITOR),
        lambda: directory.create(ann, Kind.ORGANISATION, "mine"),
        lambda: directory.create_key(maxim, ids["mia"], "x"),
        lambda: directory.create_key(maxim, ids["red"], "x"),
        lambda: directory.create_key(maxim, ids["max"], "x", privacy="public"),
        lambda: directory.create_key(tess, ids["ben"], "x"),
        lambda: directory.change(maxim, ids["max"], Field.NAME, "ann"),
        # An administrator who belongs to a team is not within reach of the team's own.
        lambda: directory.create_key(tess, boss, "x"),
        lambda: directory.create_key(tess, boss, "x", role=Role.SERVICE),
        lambda: directory.rotate_key(tess, boss_key.key.id),
        lambda: directory.revoke_key(tess, boss_key.key.id),
        lambda: directory.change(tess, boss, Field.NAME, "tess2"),
        lambda: directory.set_limit(tess, f"key:{boss_key.key.id}", Limit()),
        # A team has a role too, which keys of it get.
        lambda: directory.create(ann, Kind.TEAM, "trap", parent_id=ids["acme"], role=Role.OWNER),
        lambda: directory.change(ann, ids["blue"], Field.ROLE, "owner"),
        lambda: directory.create_key(ann, ids["root"], "x"),
        # A lesser key of one's own is no way to a greater one.
        lambda: directory.create_key(lesser, ids["ann"], "x"),
        lambda: directory.create_key(lesser, ids["ann"], "x", role=Role.ADMIN),
        lambda: directory.rotate_key(lesser, ann_key.key.id),
    ]
    for number, attempt in enumerate(attempts):
        try:
            attempt()
        except NotAllowedError:
            continue
        pytest.fail(f"attempt {number} went through")


@pytest.mark.anyio
async def test_what_a_role_is_for_goes_through(town: Town) -> None:
    ids, directory = town.ids, town.directory
    tess, ann, maxim = [await town.acting(name) for name in ("tess", "ann", "max")]
    directory.change(tess, ids["mia"], Field.ALLOWED_MODELS, ["small"])
    directory.set_limit(tess, f"user:{ids['mia']}", Limit(budget=5))
    directory.set_limit(ann, f"team:{ids['red']}", Limit(budget=50))
    directory.set_limit(ann, f"end_user:{ids['acme']}/*", Limit(requests_per_minute=5))
    directory.create(tess, Kind.USER, "new", parent_id=ids["red"])
    directory.create_key(maxim, ids["max"], "mine")
    assert {one.name for one in directory.subjects(maxim)} == {"max"}
    assert {one.name for one in directory.subjects(tess)} >= {"red", "tess", "max", "mia"}
    assert "gus" not in {one.name for one in directory.subjects(ann)}
