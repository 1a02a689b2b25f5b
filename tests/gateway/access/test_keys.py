"""Virtual keys: shown once, kept as hashes, ended in time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from sensorium.errors import UsageError
from sensorium.gateway.access import Access, AccessConfig, Role
from sensorium.gateway.access.changes import SharedChanges
from sensorium.gateway.access.keys import hash_of, new_key, prefix_of
from sensorium.gateway.access.permission import OPERATOR, NotAllowedError
from sensorium.gateway.access.records import Kind
from sensorium.gateway.access.roles import Field
from sensorium.gateway.ledger import Limit
from sensorium.gateway.ledger.tables import KEYS
from tests.gateway.access.town import Town

pytestmark = pytest.mark.anyio


async def test_a_key_is_recognised_with_all_that_stands_above_it(town: Town) -> None:
    caller = await town.access.authenticate(town.key_of("max"), 0.0)
    assert caller is not None
    scopes = caller.scopes
    assert (scopes.user_id, scopes.team_id, scopes.organisation_id) == (
        town.ids["max"], town.ids["red"], town.ids["acme"],
    )  # fmt: skip
    assert caller.roles == {Role.MEMBER}


async def test_a_key_is_shown_once_and_not_kept(town: Town) -> None:
    made = town.directory.create_key(OPERATOR, town.ids["max"], "laptop")
    with town.connections.reading() as connection:
        (row,) = connection.execute(select(KEYS)).mappings().all()
    secret = made.secret.text[-16:]
    assert all(
        made.secret.text not in str(value) and secret not in str(value) for value in row.values()
    )
    assert row["hash"] == hash_of(made.secret.text).hex()
    assert made.secret.text not in repr(made)
    assert row["hash"] not in repr(made)


async def test_what_is_nearly_a_key_is_nobodys(town: Town) -> None:
    text = town.key_of("max")
    flipped = text[:-1] + ("A" if text[-1] != "A" else "B")
    stranger = new_key().text
    same_prefix = f"sk-sens-{prefix_of(text)}-{stranger.rpartition('-')[2].rjust(43, 'x')[-43:]}"
    for wrong in (flipped, stranger, same_prefix, text + "x", text.upper(), "", "x" * 9000):
        assert await town.access.authenticate(wrong, 0.0) is None
    assert await town.access.authenticate(text, 0.0) is not None


@pytest.mark.parametrize(
    "hostile",
    [
        "sk-sens-' OR '1'='1",
        "' OR 1=1 --",
        "sk-sens-000000000000-'; DROP TABLE gateway_keys; --",
        "sk-sens-%_%-" + "a" * 43,
        "\x00\ud800",
        "a.b.c",
    ],
)
async def test_a_hostile_bearer_is_data_and_nobodys(town: Town, hostile: str) -> None:
    text = town.key_of("max")
    assert await town.access.authenticate(hostile, 0.0) is None
    assert await town.access.authenticate(text, 0.0) is not None


async def test_what_is_remembered_goes_by_the_whole_credential(town: Town) -> None:
    text = town.key_of("max")
    assert await town.access.authenticate(text, 0.0) is not None
    for length in range(1, len(text)):
        assert await town.access.authenticate(text[:length], 0.0) is None


async def test_keys_end_when_they_expire_or_are_revoked(town: Town) -> None:
    made = town.directory.create_key(
        OPERATOR, town.ids["max"], "short", expires_ns=town.now_ns + 1_000_000_000
    )
    assert await town.access.authenticate(made.secret.text, 0.0) is not None
    town.now_ns += 1_000_000_000
    assert await town.access.authenticate(made.secret.text, 6.0) is None
    made = town.directory.create_key(OPERATOR, town.ids["max"], "lost")
    assert await town.access.authenticate(made.secret.text, 7.0) is not None
    town.directory.revoke_key(OPERATOR, made.key.id)
    assert await town.access.authenticate(made.secret.text, 7.0) is None


async def test_another_process_learns_of_a_revocation_when_it_looks_again(town: Town) -> None:
    other = Access(town.connections, AccessConfig(cache_s=5.0), town.observe,
                   wall_ns=lambda: town.now_ns)  # fmt: skip
    made = town.directory.create_key(OPERATOR, town.ids["max"], "lost")
    assert await other.authenticate(made.secret.text, 0.0) is not None
    town.directory.revoke_key(OPERATOR, made.key.id)
    assert await other.authenticate(made.secret.text, 4.9) is not None
    assert await other.authenticate(made.secret.text, 5.0) is None


async def test_workers_beside_it_learn_of_a_revocation_at_once(town: Town, tmp_path: Path) -> None:
    here, there = (
        Access(
            town.connections,
            AccessConfig(cache_s=300.0),
            town.observe,
            changes=SharedChanges(tmp_path / "callers"),
            wall_ns=lambda: town.now_ns,
        )
        for _ in range(2)
    )
    made = town.directory.create_key(OPERATOR, town.ids["max"], "lost")
    assert await there.authenticate(made.secret.text, 0.0) is not None
    town.directory.revoke_key(OPERATOR, made.key.id)
    assert await there.authenticate(made.secret.text, 1.0) is not None, "nobody has told it"
    here.forget()
    assert await there.authenticate(made.secret.text, 1.0) is None


async def test_a_rotated_key_overlaps_and_counts_in_the_same_limits(town: Town) -> None:
    old = town.directory.create_key(OPERATOR, town.ids["max"], "ci", allowed_models=("small",))
    town.directory.set_limit(OPERATOR, f"key:{old.key.id}", Limit(budget=5))
    between = town.directory.rotate_key(OPERATOR, old.key.id, overlap_s=60)
    new = town.directory.rotate_key(OPERATOR, between.key.id, overlap_s=60)
    assert town.directory.limit(f"key:{new.key.id}").budget == 5
    town.directory.set_limit(OPERATOR, f"key:{new.key.id}", Limit(budget=6))
    assert town.directory.limit(f"key:{old.key.id}").budget == 6
    for made in (old, between, new):
        caller = await town.access.authenticate(made.secret.text, 0.0)
        assert caller is not None
        assert caller.allowed_models == {"small"}
        assert (caller.key_id, caller.scopes.key_id) == (made.key.id, old.key.id)
    town.now_ns += 60_000_000_000
    assert await town.access.authenticate(old.secret.text, 10.0) is None
    assert await town.access.authenticate(new.secret.text, 10.0) is not None


async def test_a_key_that_has_ended_is_not_rotated_into_life(town: Town) -> None:
    made = town.directory.create_key(OPERATOR, town.ids["max"], "lost")
    town.directory.revoke_key(OPERATOR, made.key.id)
    with pytest.raises(UsageError, match="has ended"):
        town.directory.rotate_key(OPERATOR, made.key.id)


async def test_a_limited_key_makes_no_keys_and_rotates_only_itself(town: Town) -> None:
    ids, directory = town.ids, town.directory
    whole = directory.create_key(OPERATOR, ids["max"], "whole")
    for bounds in ({"allowed_models": ("small",)}, {"privacy": "restricted"}, {}):
        caller = await town.by_key("max", **bounds)
        if not bounds:
            directory.set_limit(OPERATOR, f"key:{caller.key_id}", Limit(budget=1))
        with pytest.raises(NotAllowedError, match="limited itself"):
            directory.create_key(caller, ids["max"], "x")
        with pytest.raises(NotAllowedError, match="limited itself"):
            directory.rotate_key(caller, whole.key.id)
        made = directory.rotate_key(caller, caller.key_id)
        assert made.key.allowed_models == bounds.get("allowed_models")
        assert made.key.privacy == bounds.get("privacy", "")


async def test_no_key_outlives_the_one_that_made_it(town: Town) -> None:
    ends = town.now_ns + 1_000_000_000
    caller = await town.by_key("max", expires_ns=ends)
    for asked in (0, ends + 1, ends - 1):
        made = town.directory.create_key(caller, town.ids["max"], "x", expires_ns=asked)
        assert made.key.expires_ns == min(asked or ends, ends)
    for wrong in (-1, 2**63):
        with pytest.raises(UsageError, match="end is in"):
            town.directory.create_key(OPERATOR, town.ids["max"], "x", expires_ns=wrong)
    for overlap in (-1.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="overlaps"):
            town.directory.rotate_key(caller, caller.key_id, overlap)


async def test_a_key_may_no_more_than_its_owner_after_the_owner_was_set_lower(town: Town) -> None:
    text = town.key_of("ann")
    service = town.key_of("ann", role=Role.SERVICE)
    town.directory.change(OPERATOR, town.ids["ann"], Field.ROLE, "member")
    caller = await town.access.authenticate(text, 0.0)
    assert caller is not None
    assert caller.roles == {Role.MEMBER}
    # What a service may, an auditor may not, nor the other way round: such a key opens nothing.
    town.directory.change(OPERATOR, town.ids["ann"], Field.ROLE, "auditor")
    assert await town.access.authenticate(service, 0.0) is None


async def test_what_was_being_looked_up_when_a_key_ended_is_not_remembered(town: Town) -> None:
    made = town.directory.create_key(OPERATOR, town.ids["max"], "lost")
    reading = asyncio.create_task(town.access.authenticate(made.secret.text, 0.0))
    await asyncio.sleep(0)  # it has begun, and may have read what held before
    town.directory.revoke_key(OPERATOR, made.key.id)
    assert await town.access.authenticate(made.secret.text, 0.0) is None
    await reading
    assert await town.access.authenticate(made.secret.text, 0.0) is None


async def test_a_credential_is_looked_up_once_for_all_who_come_with_it(town: Town) -> None:
    text = town.key_of("max")
    found = await asyncio.gather(*(town.access.authenticate(text, 0.0) for _ in range(50)))
    assert len({id(one) for one in found}) == 1
    asked = town.observe.value(
        "sensorium_gateway_credentials_total", {"kind": "key", "result": "known"}
    )
    assert asked == 1


async def test_made_up_credentials_do_not_push_out_what_is_known(town: Town) -> None:
    text = town.key_of("max")
    await town.access.authenticate(text, 0.0)
    for number in range(200):
        assert await town.access.authenticate(f"junk{number}", 0.0) is None
    assert await town.access.authenticate(text, 0.0) is not None
    assert len(town.access._known) == 1


def test_a_name_is_taken_once_in_an_organisation(town: Town) -> None:
    create, ids = town.directory.create, town.ids
    with pytest.raises(UsageError, match="another 'max'"):
        create(OPERATOR, Kind.USER, "max", parent_id=ids["blue"])
    with pytest.raises(UsageError, match="another 'max'"):
        town.directory.change(OPERATOR, ids["ben"], Field.NAME, "max")
    create(OPERATOR, Kind.USER, "max", parent_id=ids["grey"])


async def test_models_are_those_that_every_level_allows(town: Town) -> None:
    change = town.directory.change
    change(OPERATOR, town.ids["acme"], Field.ALLOWED_MODELS, ["a", "b", "c"])
    change(OPERATOR, town.ids["red"], Field.ALLOWED_MODELS, ["b", "c", "d"])
    caller = await town.access.authenticate(town.key_of("max", allowed_models=("c", "d")), 0.0)
    assert caller is not None
    assert caller.allowed_models == {"c"}
    caller = await town.access.authenticate(town.key_of("ben"), 0.0)
    assert caller is not None
    assert caller.allowed_models == {"a", "b", "c"}


@pytest.mark.parametrize("whom", ["max", "red", "acme"])
async def test_nobody_calls_from_where_something_is_switched_off(town: Town, whom: str) -> None:
    text = town.key_of("max")
    assert await town.access.authenticate(text, 0.0) is not None
    town.directory.change(OPERATOR, town.ids[whom], Field.DISABLED, True)
    assert await town.access.authenticate(text, 0.0) is None
    town.directory.change(OPERATOR, town.ids[whom], Field.DISABLED, False)
    assert await town.access.authenticate(text, 0.0) is not None


async def test_a_key_cannot_stand_higher_than_its_owner(town: Town) -> None:
    for role in (Role.OWNER, Role.ADMIN, Role.TEAM_ADMIN, Role.AUDITOR):
        with pytest.raises(UsageError, match="higher role"):
            town.key_of("max", role=role)
    caller = await town.access.authenticate(town.key_of("max", role=Role.SERVICE), 0.0)
    assert caller is not None
    assert caller.roles == {Role.SERVICE}


async def test_changes_stand_in_the_audit_log_without_secrets(town: Town) -> None:
    text = town.key_of("max")
    entries = town.directory.audit.list(limit=1000)
    assert town.directory.audit.verify().intact
    assert entries[-1].kind == "key.created"
    assert entries[-1].actor == "operator"
    assert all(text not in str(entry) for entry in entries)
