"""Data of a class that a policy confines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from sensorium.cli import main
from sensorium.gateway.cache.config import CacheConfig, SemanticConfig
from sensorium.gateway.door.config import DoorConfig
from sensorium.gateway.guardrails.config import GuardrailsConfig, ModerationConfig
from sensorium.gateway.privacy.config import PolicyConfig, PrivacyConfig
from sensorium.gateway.routing.config import FallbackConfig
from tests.gateway.calls.test_fallbacks import fails
from tests.gateway.served import Served, model, provider, serving, settings
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import serving as emulating

CHAT = "/v1/chat/completions"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "a secret word"}]}


@asynccontextmanager
async def gateway(
    policy: PolicyConfig, privacy: str = "restricted", **more: object
) -> AsyncIterator[tuple[Served, OpenAIEmulator, OpenAIEmulator]]:
    """``m`` at a server of one's own, falling back to one that no policy allows."""
    own, other = OpenAIEmulator(), OpenAIEmulator()
    async with emulating(own), emulating(other):
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        given = settings(
            model("m", "own", attempts=3, fallbacks=(FallbackConfig(to=("spare",)),)),
            model("spare", "other"),
            providers=(provider("own", own.url), provider("other", elsewhere)),
            privacy=PrivacyConfig(policies=(policy,)),
            **more,
        )
        async with serving(given, own, other, privacy=privacy) as served:
            yield served, own, other


OWN = PolicyConfig(name="restricted", own_hosts=("127.0.0.1",))


def test_a_call_goes_where_its_policy_says_and_leaves_evidence(tmp_path: Path) -> None:
    async def check() -> str:
        async with gateway(OWN) as (served, own, _):
            status, _, headers = await served.post(CHAT, ASKED)
            assert status == 200
            assert len(own.seen) == 1
            (row,) = await served.rows()
            assert row.policy.startswith("restricted@")
            folder = served.opened.settings.data_dir
            for name in ("evidence.jsonl", "evidence.pub"):
                (tmp_path / name).write_bytes((folder / name).read_bytes())
            return headers["x-sensorium-request-id"]

    request = asyncio.run(check())
    said = CliRunner().invoke(
        main, ["gateway", "evidence", request, "--log", str(tmp_path / "evidence.jsonl")]
    )
    assert said.exit_code == 0, said.output
    assert "own/echo" in said.output
    assert "secret" not in said.output


def test_a_fallback_never_leads_out_of_the_policy() -> None:
    async def check() -> None:
        async with gateway(OWN) as (served, own, other):
            own.faults.extend([fails(401)] * 3)
            status, _, _ = await served.post(CHAT, ASKED)
            assert status == 502
            assert other.seen == []

    asyncio.run(check())


def test_a_class_without_a_policy_and_a_model_in_no_allowed_place_are_refused() -> None:
    async def check() -> None:
        async with gateway(OWN, "unheard-of") as (served, own, _):
            status, body, _ = await served.post(CHAT, ASKED)
            assert (status, body["error"]["code"]) == (403, "privacy_denied")
            assert own.seen == []
        async with gateway(PolicyConfig(name="restricted", local_only=True)) as (served, own, _):
            assert (await served.post(CHAT, ASKED))[0] == 403
            assert own.seen == []
            assert await served.rows() == []

    asyncio.run(check())


async def _refused(policy: PolicyConfig, privacy: str, asked: object, keep: Path) -> str:
    """The id of a refused request, whose log of evidence is kept."""
    async with gateway(policy, privacy) as (served, own, _):
        status, _, headers = await served.post(CHAT, asked)
        assert status >= 400
        assert own.seen == []
        folder = served.opened.settings.data_dir
        for name in ("evidence.jsonl", "evidence.pub"):
            (keep / name).write_bytes((folder / name).read_bytes())
        return headers["x-sensorium-request-id"]


@pytest.mark.parametrize(
    ("policy", "privacy", "asked", "code"),
    [
        (PolicyConfig(name="restricted", local_only=True), "restricted", ASKED, "privacy_denied"),
        (OWN, "unheard-of", ASKED, "privacy_denied"),
        (OWN, "restricted", {**ASKED, "model": "a secret word"}, "model_not_found"),
    ],
)
def test_a_refused_request_leaves_evidence_that_it_went_nowhere(
    tmp_path: Path, policy: PolicyConfig, privacy: str, asked: object, code: str
) -> None:
    request = asyncio.run(_refused(policy, privacy, asked, tmp_path))
    log = tmp_path / "evidence.jsonl"
    said = CliRunner().invoke(main, ["gateway", "evidence", request, "--log", str(log), "--json"])
    assert said.exit_code == 0, said.output
    body = json.loads(said.output.splitlines()[0])
    assert (body["attempt"], body["refused"], body["class"]) == (0, code, privacy)
    assert "secret word" not in log.read_text()


def test_answers_are_kept_only_where_the_policy_allows_it() -> None:
    async def check(policy: PolicyConfig, second: str) -> None:
        async with gateway(policy, cache=CacheConfig(enabled=True)) as (served, _, _):
            await served.post(CHAT, ASKED)
            await served.parts.background.done()
            _, _, headers = await served.post(CHAT, ASKED)
            assert headers.get("x-sensorium-cache", "") == second

    asyncio.run(check(OWN, ""))
    asyncio.run(check(PolicyConfig(name="restricted", own_hosts=("127.0.0.1",), cache=True), "hit"))


def test_a_moderator_or_an_embedding_model_outside_the_policy_is_not_shown_the_data() -> None:
    rules = GuardrailsConfig(moderation=(ModerationConfig(route="spare"),))

    async def moderated() -> None:
        async with gateway(OWN, guardrails=rules) as (served, _, other):
            status, body, _ = await served.post(CHAT, ASKED)
            assert status == 400, "the rule could not look, and fails closed"
            assert "moderation" in str(body)
            assert other.seen == []

    cache = CacheConfig(enabled=True, semantic=SemanticConfig(model="spare"))
    policy = PolicyConfig(name="restricted", own_hosts=("127.0.0.1",), cache=True)

    async def embedded() -> None:
        async with gateway(policy, cache=cache) as (served, _, other):
            status, _, _ = await served.post(CHAT, ASKED)
            await served.parts.background.done()
            assert status == 200
            assert other.seen == []

    asyncio.run(moderated())
    asyncio.run(embedded())


def test_content_that_is_confined_is_not_logged_even_where_content_is() -> None:
    async def check(privacy: str) -> str:
        door = DoorConfig(log_content=True)
        async with gateway(OWN, privacy, door=door) as (served, _, _):
            await served.post(CHAT, ASKED)
            return served.log.getvalue()

    assert "a secret word" in asyncio.run(check(""))
    assert "a secret word" not in asyncio.run(check("restricted"))
