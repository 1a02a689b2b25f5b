from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sensorium.gateway.access.permission import OPERATOR
from sensorium.gateway.access.records import Kind
from sensorium.gateway.access.roles import Role
from tests.gateway.served import Served, model, provider, serving, settings
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import serving as emulating

CHAT = "/v1/chat/completions"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@asynccontextmanager
async def gateway() -> AsyncIterator[tuple[Served, dict[Role, str]]]:
    """A gateway, and a user's key of each role: an admin's and below it of the first team."""
    upstream = OpenAIEmulator()
    async with emulating(upstream):
        given = settings(model("m", "up"), providers=(provider("up", upstream.url),))
        async with serving(given, upstream) as served:
            directory = served.opened.directory
            team = directory.subject(served.team_id)
            keys = {}
            for role in Role:
                parent = team.parent_id if role in {Role.ADMIN, Role.AUDITOR} else team.id
                user = directory.create(
                    OPERATOR, Kind.USER, role.value, parent_id=parent, role=role
                )
                keys[role] = directory.create_key(OPERATOR, user.id, role.value).secret.text
            yield served, keys


async def ask(served: Served, key: str, method: str, path: str, body: Any = None) -> Any:
    """Status and JSON."""
    headers = {"authorization": f"Bearer {key}"}
    async with served.http.request(method, served.url + path, json=body, headers=headers) as got:
        return got.status, await got.json(content_type=None)


def test_a_key_made_over_http_opens_the_door_is_shown_once_and_ends_when_revoked() -> None:
    async def check() -> None:
        async with gateway() as (served, keys):
            admin = keys[Role.ADMIN]
            body = {"owner_id": served.team_id, "name": "app", "allowed_models": ["m"]}
            status, made = await ask(served, admin, "POST", "/admin/keys", body)
            assert status == 200
            assert "hash" not in made
            authorization = f"Bearer {made['key']}"
            assert (await served.post(CHAT, ASKED, authorization=authorization))[0] == 200
            _, listed = await ask(served, admin, "GET", "/admin/keys")
            (row,) = [one for one in listed if one["id"] == made["id"]]
            assert "key" not in row
            assert made["key"] not in str(listed)
            await ask(served, admin, "POST", "/admin/keys/revoke", {"id": made["id"]})
            assert (await served.post(CHAT, ASKED, authorization=authorization))[0] == 401

    asyncio.run(check())


def test_a_budget_set_over_http_holds_from_the_next_call() -> None:
    async def check() -> None:
        async with gateway() as (served, keys):
            assert (await served.post(CHAT, ASKED))[0] == 200
            limit = {"scope": f"team:{served.team_id}", "budget": 1}
            status, _ = await ask(served, keys[Role.ADMIN], "PUT", "/admin/limits", limit)
            assert status == 200
            status, body, headers = await served.post(CHAT, ASKED)
            assert (status, body["error"]["code"]) == (429, "insufficient_quota")
            assert headers["x-should-retry"] == "false"
            assert len(await served.rows()) == 1

    asyncio.run(check())


REFUSED = {
    Role.MEMBER: ["/admin/limits", "/admin/subjects"],
    Role.SERVICE: ["/admin/keys", "/admin/limits", "/admin/subjects"],
    Role.AUDITOR: ["/admin/keys", "/admin/limits", "/admin/subjects"],
    Role.TEAM_ADMIN: ["/admin/limits"],
}


@pytest.mark.parametrize("role", REFUSED)
def test_nobody_raises_themselves_or_what_they_stand_on(role: Role) -> None:
    bodies = {
        "/admin/keys": ("POST", lambda team: {"owner_id": team, "name": "x", "role": "owner"}),
        "/admin/limits": ("PUT", lambda team: {"scope": f"team:{team}", "budget": 10**12}),
        "/admin/subjects": (
            "POST",
            lambda team: {"kind": "user", "name": "x", "parent_id": team, "role": "owner"},
        ),
    }

    async def check() -> None:
        async with gateway() as (served, keys):
            for path in REFUSED[role]:
                method, body = bodies[path]
                status, answer = await ask(served, keys[role], method, path, body(served.team_id))
                assert status == 403, (path, answer)

    asyncio.run(check())


def test_an_auditor_reads_spend_and_cannot_call() -> None:
    async def check() -> None:
        async with gateway() as (served, keys):
            await served.post(CHAT, ASKED)
            await served.rows()
            auditor = keys[Role.AUDITOR]
            _, spend = await ask(served, auditor, "GET", "/admin/spend?by=team")
            assert [share["attempts"] for share in spend] == [1]
            status, _, _ = await served.post(CHAT, ASKED, authorization=f"Bearer {auditor}")
            assert status == 403

    asyncio.run(check())


def test_a_team_sees_its_own_spend_and_no_other_teams() -> None:
    async def check() -> None:
        async with gateway() as (served, keys):
            await served.post(CHAT, ASKED)
            await served.post(CHAT, ASKED, authorization=f"Bearer {served.other_key}")
            await served.rows()
            _, spend = await ask(served, keys[Role.TEAM_ADMIN], "GET", "/admin/spend?by=team")
            assert [share["id"] for share in spend] == [served.team_id]
            _, spend = await ask(served, keys[Role.MEMBER], "GET", "/admin/spend?by=team")
            assert spend == []
            status, _ = await ask(served, served.key, "GET", "/admin/spend")
            assert status == 403

    asyncio.run(check())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/admin/keys", {}),
        ("POST", "/admin/keys", {"owner_id": 7, "name": "x"}),
        ("POST", "/admin/keys", {"owner_id": "x' OR '1'='1", "name": "x"}),
        ("PUT", "/admin/limits", {"scope": "planet:x"}),
        ("PUT", "/admin/limits", {"scope": "team:x", "budget": -1}),
        ("PUT", "/admin/limits", {"scope": "team:x", "budget": 1.5}),
        ("POST", "/admin/subjects", {"kind": "king", "name": "x"}),
        ("POST", "/admin/subjects/change", {"id": "x", "field": "hash", "value": "y"}),
        ("GET", "/admin/spend?by=hash", None),
        ("GET", "/admin/spend?since_ns=yesterday", None),
    ],
)
def test_bad_input_gets_400_and_changes_nothing(method: str, path: str, body: Any) -> None:
    async def check() -> None:
        async with gateway() as (served, keys):
            before = len(served.opened.directory.keys(OPERATOR))
            status, answer = await ask(served, keys[Role.OWNER], method, path, body)
            assert status == 400, answer
            assert len(served.opened.directory.keys(OPERATOR)) == before

    asyncio.run(check())


INJECTIONS = [
    "sk-sens-' OR '1'='1",
    "sk-sens-000000000000-' UNION SELECT hash FROM gateway_keys --",
    "'; DROP TABLE gateway_keys; --",
    "%",
    "_" * 60,
    "sk-sens-%-" + "%" * 43,
]


@pytest.mark.parametrize("bearer", INJECTIONS)
def test_sql_in_a_bearer_is_nobodys_key_and_harms_nothing(bearer: str) -> None:
    async def check() -> None:
        async with gateway() as (served, _):
            assert (await served.post(CHAT, ASKED, authorization=f"Bearer {bearer}"))[0] == 401
            assert (await served.post(CHAT, ASKED, **{"x-api-key": bearer}))[0] == 200
            assert (await served.post(CHAT, ASKED))[0] == 200

    asyncio.run(check())


def test_a_key_that_differs_only_in_its_end_is_another_key() -> None:
    async def check() -> None:
        async with gateway() as (served, _):
            assert (await served.post(CHAT, ASKED))[0] == 200
            changed = served.key[:-1] + ("A" if served.key[-1] != "A" else "B")
            assert (await served.post(CHAT, ASKED, authorization=f"Bearer {changed}"))[0] == 401

    asyncio.run(check())


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/admin/keys", {"name": "a", "expires_s": 60}, "expires_s"),
        ("POST", "/admin/keys", {"name": "a", "models": ["m"]}, "models"),
        ("POST", "/admin/keys/rotate", {"id": "key_1", "overlap": 5}, "overlap"),
        ("POST", "/admin/subjects", {"kind": "team", "name": "a", "budget": 5}, "budget"),
        ("PUT", "/admin/limits", {"budget_usd": 5}, "budget_usd"),
        ("GET", "/admin/spend?since=7d", None, "since"),
        ("GET", "/admin/keys?owner=a", None, "owner"),
    ],
)
def test_a_field_that_is_not_known_is_refused_and_nothing_is_done(
    method: str, path: str, body: Any, field: str
) -> None:
    async def check() -> None:
        async with gateway() as (served, keys):
            admin = keys[Role.ADMIN]
            if body is not None:
                body.setdefault("owner_id" if path == "/admin/keys" else "scope", served.team_id)
            _, before = await ask(served, admin, "GET", "/admin/keys")
            if path in {"/admin/keys/rotate", "/admin/subjects"}:
                del body["scope"]
            status, answer = await ask(served, admin, method, path, body)
            assert (status, answer["error"]["param"]) == (400, field)
            assert (await ask(served, admin, "GET", "/admin/keys"))[1] == before

    asyncio.run(check())


@pytest.mark.parametrize("value", ["false", "no", 0, 1, None, []])
def test_only_true_or_false_switches_anybody_off_or_on(value: Any) -> None:
    async def check() -> None:
        async with gateway() as (served, keys):
            body = {"id": served.team_id, "field": "disabled", "value": value}
            admin = keys[Role.ADMIN]
            status, answer = await ask(served, admin, "POST", "/admin/subjects/change", body)
            assert (status, answer["error"]["code"]) == (400, "invalid_request")
            assert (await served.post(CHAT, ASKED))[0] == 200, "it goes on"

    asyncio.run(check())


@pytest.mark.parametrize("overlap", ["x", -1, True, 1e12])
def test_an_overlap_that_is_no_number_of_seconds_is_refused(overlap: Any) -> None:
    async def check() -> None:
        async with gateway() as (served, keys):
            admin = keys[Role.ADMIN]
            _, listed = await ask(served, admin, "GET", "/admin/keys")
            body = {"id": listed[0]["id"], "overlap_s": overlap}
            status, answer = await ask(served, admin, "POST", "/admin/keys/rotate", body)
            assert (status, "seconds" in answer["error"]["message"]) == (400, True)
            assert (await ask(served, admin, "GET", "/admin/keys"))[1] == listed

    asyncio.run(check())
