"""Guardrails and the cache on every way through the gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sensorium.gateway.cache.config import CacheConfig
from sensorium.gateway.guardrails.config import (
    DeniedTopicsConfig,
    GuardrailsConfig,
    ModerationConfig,
    PersonalDataConfig,
)
from sensorium.gateway.guardrails.decision import Stage
from sensorium.gateway.providers.config import Kind
from sensorium.gateway.routing.config import FallbackConfig, SwitchConfig
from tests.gateway.served import Served, model, provider, serving, settings
from tests.gateway.upstreams.anthropic import AnthropicEmulator
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import Emulator
from tests.gateway.upstreams.server import serving as emulating

SECRET_PLAN = "the plan called Nightjar"
DENIED = GuardrailsConfig(denied_topics=(DeniedTopicsConfig(phrases=("nightjar",)),))


def asked(path: str, text: str, name: str, *, stream: bool = False) -> dict[str, Any]:
    """A request of the path's own dialect."""
    messages = [{"role": "user", "content": text}]
    return {
        "/v1/chat/completions": {"model": name, "messages": messages, "stream": stream},
        "/v1/messages": {"model": name, "messages": messages, "stream": stream, "max_tokens": 99},
        "/v1/responses": {"model": name, "input": text, "stream": stream},
        "/v1/embeddings": {"model": name, "input": text},
    }[path]


@asynccontextmanager
async def gateway(**more: Any) -> AsyncIterator[tuple[Served, list[Emulator]]]:
    """``gpt`` before OpenAI's kind, ``claude`` before Anthropic's, and names that lead to them."""
    first, second = OpenAIEmulator(), AnthropicEmulator()
    async with emulating(first), emulating(second):
        given = settings(
            model("gpt", "one"),
            model("claude", "two"),
            model("falls", "one", fallbacks=(FallbackConfig(to=("gpt",)),)),
            providers=(provider("one", first.url), provider("two", second.url, Kind.ANTHROPIC)),
            switches=(SwitchConfig(name="auto", normal="gpt", complex="claude"),),
            **more,
        )
        async with serving(given, first, second) as served:
            yield served, [first, second]


PATHS = ["/v1/chat/completions", "/v1/messages", "/v1/responses"]
WAYS = [
    (path, name, stream)
    for path in PATHS
    for name in ("gpt", "claude", "auto", "falls")
    for stream in (False, True)
]
WAYS += [("/v1/embeddings", "gpt", False)]


@pytest.mark.parametrize(("path", "name", "stream"), WAYS)
def test_a_rule_holds_on_every_way_in_and_nothing_is_sent_or_charged(
    path: str, name: str, stream: bool
) -> None:
    async def check() -> None:
        async with gateway(guardrails=DENIED) as (served, upstreams):
            status, body, _ = await served.post(path, asked(path, SECRET_PLAN, name, stream=stream))
            assert status == 400
            assert "denied-topics" in json.dumps(body)
            assert all(one.seen == [] for one in upstreams)
            assert await served.rows() == []

    asyncio.run(check())


@pytest.mark.parametrize("name", ["gpt", "auto", "falls"])
def test_a_rule_for_a_model_holds_for_every_name_that_leads_to_it(name: str) -> None:
    rules = GuardrailsConfig(
        denied_topics=(DeniedTopicsConfig(phrases=("nightjar",), routes=("gpt",)),)
    )

    async def check() -> None:
        async with gateway(guardrails=rules) as (served, _):
            path = PATHS[0]
            assert (await served.post(path, asked(path, SECRET_PLAN, name)))[0] == 400
            assert (await served.post(path, asked(path, SECRET_PLAN, "claude")))[0] == 200

    asyncio.run(check())


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["gpt", "claude"])
@pytest.mark.parametrize("path", PATHS)
def test_an_address_is_masked_on_the_way_out_and_put_back_on_the_way_in(
    path: str, name: str, stream: bool
) -> None:
    rules = GuardrailsConfig(personal_data=(PersonalDataConfig(),))
    text = "write to ada@example.org today"

    async def check() -> None:
        async with gateway(guardrails=rules) as (served, upstreams):
            headers = {"authorization": f"Bearer {served.key}"}
            body = asked(path, text, name, stream=stream)
            async with served.http.post(served.url + path, json=body, headers=headers) as answer:
                got = await answer.text()
                assert answer.status == 200, got
                assert "EMAIL" in answer.headers["x-sensorium-guardrails"]
            (seen,) = [one for upstream in upstreams for one in upstream.seen]
            assert b"ada@example.org" not in seen.body
            assert spoken(got) == f"You said: {text}"

    asyncio.run(check())


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_rule_finds_in_an_answer_never_reaches_the_caller_but_is_charged(
    stream: bool,
) -> None:
    rule = DeniedTopicsConfig(phrases=("you said",), stages=(Stage.AFTER,))

    async def check() -> None:
        async with gateway(guardrails=GuardrailsConfig(denied_topics=(rule,))) as (served, _):
            headers = {"authorization": f"Bearer {served.key}"}
            body = asked(PATHS[0], "hello", "gpt", stream=stream)
            async with served.http.post(served.url + PATHS[0], json=body, headers=headers) as got:
                text = await got.text()
                assert got.status == (200 if stream else 400)
            assert "You said" not in text
            assert "denied-topics" in text
            (row,) = await served.rows()
            assert row.cost > 0

    asyncio.run(check())


def test_a_model_that_moderates_beside_the_call_holds_the_answer_back() -> None:
    rules = GuardrailsConfig(moderation=(ModerationConfig(route="claude"),))

    async def check() -> None:
        async with gateway(guardrails=rules) as (served, upstreams):
            status, body, _ = await served.post(PATHS[0], asked(PATHS[0], "hello", "gpt"))
            # The moderator repeats what it is told, which is no verdict: the rule fails closed.
            assert status == 400
            assert "moderation" in json.dumps(body)
            assert len(upstreams[1].seen) == 1

    asyncio.run(check())


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", PATHS)
def test_a_second_asking_of_the_same_is_answered_from_the_cache(path: str, stream: bool) -> None:
    async def check() -> None:
        async with gateway(cache=CacheConfig(enabled=True)) as (served, upstreams):
            headers = {"authorization": f"Bearer {served.key}"}
            said = []
            for expected in ("miss", "hit"):
                body = asked(path, "hello", "claude", stream=stream)
                async with served.http.post(served.url + path, json=body, headers=headers) as got:
                    assert got.headers["x-sensorium-cache"] == expected
                    said.append(spoken(await got.text()))
                await served.parts.background.done()
            assert said == ["You said: hello"] * 2
            assert len(upstreams[1].seen) == 1
            rows = await served.rows()
            assert [row.cached for row in rows] == [False, True]
            assert rows[1].cost == 0

    asyncio.run(check())


def spoken(body: str) -> str:
    """The text of an answer, of any dialect, streamed or not."""
    found = []
    frames = body.split("\n\n") if body.startswith(("data:", "event:")) else [f"data: {body}"]
    for frame in frames:
        lines = [line for line in frame.splitlines() if line.startswith("data: ")]
        found += [_text(json.loads(line[6:])) for line in lines if line != "data: [DONE]"]
    return "".join(found)


def _text(value: dict[str, Any]) -> str:
    if "choices" in value:
        parts = (one.get("delta") or one.get("message") or {} for one in value["choices"])
        return "".join(part.get("content") or "" for part in parts)
    if value.get("type") == "content_block_delta":
        return str(value["delta"].get("text", ""))
    if value.get("type") == "response.output_text.delta":
        return str(value["delta"])
    if value.get("type") == "message" and "content" in value:
        return "".join(part["text"] for part in value["content"])
    if value.get("object") == "response":
        items = (item.get("content", ()) for item in value["output"])
        return "".join(part["text"] for parts in items for part in parts)
    return ""
