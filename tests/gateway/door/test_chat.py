from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anthropic
import openai
import pytest

from sensorium.gateway.providers.config import Kind
from tests.gateway.served import Served, model, provider, serving, settings
from tests.gateway.upstreams.anthropic import AnthropicEmulator
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import serving as emulating

ASKED = {"model": "m", "messages": [{"role": "user", "content": "four small green words"}]}
SAID = "You said: four small green words"


@asynccontextmanager
async def echo() -> AsyncIterator[tuple[Served, OpenAIEmulator]]:
    upstream = OpenAIEmulator()
    async with emulating(upstream):
        given = settings(model("m", "up"), providers=(provider("up", upstream.url),))
        async with serving(given, upstream) as served:
            yield served, upstream


@asynccontextmanager
async def both() -> AsyncIterator[Served]:
    """``gpt`` at an OpenAI-compatible server, ``claude`` at Anthropic's."""
    async with emulating(OpenAIEmulator()) as first, emulating(AnthropicEmulator()) as second:
        given = settings(
            model("gpt", "one"),
            model("claude", "two"),
            providers=(
                provider("one", first.url),
                provider("two", second.url, Kind.ANTHROPIC),
            ),
        )
        async with serving(given, first, second) as served:
            yield served


def test_an_answer_of_the_same_dialect_is_the_providers_own_bytes() -> None:
    async def check() -> None:
        async with echo() as (served, upstream):
            status, body, headers = await served.post("/v1/chat/completions", ASKED)
            assert status == 200
            assert body["choices"][0]["message"]["content"] == SAID
            assert body["id"] == "chatcmpl-1"
            assert headers["x-sensorium-deployment"] == "up/echo"
            assert headers["x-sensorium-attempts"] == "1"
            assert float(headers["x-sensorium-overhead-ms"]) >= 0
            assert json.loads(upstream.seen[0].body)["model"] == "echo"

    asyncio.run(check())


def test_fields_that_the_gateway_does_not_know_reach_the_provider() -> None:
    async def check() -> None:
        async with echo() as (served, upstream):
            await served.post("/v1/chat/completions", {**ASKED, "min_p": 0.1, "new": {"a": [1]}})
            sent = json.loads(upstream.seen[0].body)
            assert (sent["min_p"], sent["new"]) == (0.1, {"a": [1]})

    asyncio.run(check())


@pytest.mark.parametrize("name", ["gpt", "claude"])
def test_openais_sdk_works_by_its_base_url_with_any_provider(name: str) -> None:
    async def check() -> None:
        async with (
            both() as served,
            openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key=served.key) as client,
        ):
            whole = await client.chat.completions.create(**{**ASKED, "model": name}, max_tokens=50)
            assert whole.choices[0].message.content == SAID
            assert whole.usage is not None
            assert whole.usage.total_tokens > 0
            stream = await client.chat.completions.create(
                **{**ASKED, "model": name}, max_tokens=50, stream=True
            )
            pieces = [piece async for piece in stream]
            assert "".join(p.choices[0].delta.content or "" for p in pieces if p.choices) == SAID
            assert len(pieces) > 4
            assert all(piece.usage is None for piece in pieces), "it was not asked for"

    asyncio.run(check())


@pytest.mark.parametrize("name", ["gpt", "claude"])
def test_a_stream_tells_the_usage_to_who_asks_for_it(name: str) -> None:
    async def check() -> None:
        async with (
            both() as served,
            openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key=served.key) as client,
        ):
            stream = await client.chat.completions.create(
                **{**ASKED, "model": name}, stream=True, stream_options={"include_usage": True}
            )
            last = [piece async for piece in stream][-1]
            assert last.usage is not None
            assert last.usage.prompt_tokens > 0

    asyncio.run(check())


@pytest.mark.parametrize("name", ["gpt", "claude"])
def test_anthropics_sdk_works_by_its_base_url_with_any_provider(name: str) -> None:
    async def check() -> None:
        async with (
            both() as served,
            anthropic.AsyncAnthropic(base_url=served.url, api_key=served.key) as client,
        ):
            asked = {**ASKED, "model": name, "max_tokens": 50}
            whole = await client.messages.create(**asked)
            assert whole.content[0].text == SAID
            assert whole.usage.output_tokens > 0
            async with client.messages.stream(**asked) as stream:
                text = "".join([piece async for piece in stream.text_stream])
                final = await stream.get_final_message()
            assert text == SAID
            assert final.stop_reason == "end_turn"

    asyncio.run(check())


def test_the_models_that_a_caller_may_use_are_listed() -> None:
    async def check() -> None:
        async with (
            both() as served,
            openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key=served.key) as client,
        ):
            assert [one.id async for one in client.models.list()] == ["gpt", "claude"]
            async with anthropic.AsyncAnthropic(base_url=served.url, api_key=served.key) as other:
                assert [one.id async for one in other.models.list()] == ["gpt", "claude"]

    asyncio.run(check())


def test_each_call_leaves_one_row_for_each_attempt() -> None:
    async def check() -> None:
        async with echo() as (served, _):
            await served.post("/v1/chat/completions", ASKED)
            (row,) = await served.rows()
            assert (row.route, row.deployment, row.attempt) == ("m", "up/echo", 1)
            assert row.team_id == served.team_id
            assert row.status == "ok"
            assert row.output_tokens == len(SAID)
            assert row.cost <= row.worst

    asyncio.run(check())


def test_metrics_and_health_need_no_key_and_tell_no_content() -> None:
    async def check() -> None:
        async with echo() as (served, _):
            await served.post("/v1/chat/completions", ASKED)
            async with served.http.get(f"{served.url}/metrics") as answer:
                text = await answer.text()
            assert (
                'sensorium_gateway_calls_total{model="m",operation="chat",outcome="ok"} 1' in text
            )
            assert "green" not in text
            for path in ("/healthz", "/readyz"):
                async with served.http.get(served.url + path) as answer:
                    assert (answer.status, (await answer.json())["status"]) == (200, "ok")

    asyncio.run(check())
