"""Virtual keys: shown once, kept as hashes, ended in time."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from sensorium.errors import UsageError
from sensorium.gateway.access import Role
from sensorium.gateway.access.keys import hash_of, new_key, prefix_of
from sensorium.gateway.access.permission import OPERATOR
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
    secret = made.secret.text.rpartition("-")[2]
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
    from sensorium.gateway.access import Access, AccessConfig

    other = Access(town.connections, AccessConfig(cache_s=5.0), town.observe,
                   wall_ns=lambda: town.now_ns)  # fmt: skip
    made = town.directory.create_key(OPERATOR, town.ids["max"], "lost")
    assert await other.authenticate(made.secret.text, 0.0) is not None
    town.directory.revoke_key(OPERATOR, made.key.id)
    assert await other.authenticate(made.secret.text, 4.9) is not None
    assert await other.authenticate(made.secret.text, 5.0) is None


async def test_a_rotated_key_overlaps_and_keeps_its_limit(town: Town) -> None:
    old = town.directory.create_key(OPERATOR, town.ids["max"], "ci", allowed_models=("small",))
    town.directory.set_limit(OPERATOR, f"key:{old.key.id}", Limit(budget=5))
    new = town.directory.rotate_key(OPERATOR, old.key.id, overlap_s=60)
    assert town.directory.limit(f"key:{new.key.id}").budget == 5
    for made in (old, new):
        caller = await town.access.authenticate(made.secret.text, 0.0)
        assert caller is not None
        assert caller.allowed_models == {"small"}
    town.now_ns += 60_000_000_000
    assert await town.access.authenticate(old.secret.text, 10.0) is None
    assert await town.access.authenticate(new.secret.text, 10.0) is not None


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
