"""Callers get an id, a model and a time, also where the provider says none."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import openai
import pytest

from sensorium.gateway.calls.facts import Facts
from sensorium.gateway.calls.naming import named
from sensorium.gateway.events import Started
from sensorium.gateway.providers.config import Kind
from sensorium.gateway.routing.config import DeploymentConfig
from tests.gateway.served import model, provider, serving, settings
from tests.gateway.upstreams.anthropic import AnthropicEmulator
from tests.gateway.upstreams.gemini import GeminiEmulator
from tests.gateway.upstreams.server import serving as emulating


@pytest.mark.parametrize("kind", [Kind.ANTHROPIC, Kind.GEMINI])
def test_an_answer_of_another_dialect_has_all_that_openais_has(kind: Kind) -> None:
    async def check() -> None:
        upstream = AnthropicEmulator() if kind is Kind.ANTHROPIC else GeminiEmulator()
        async with emulating(upstream):
            up = provider("up", upstream.url, kind)
            if kind is Kind.GEMINI:
                up = replace(up, base_url=f"{upstream.url}/v1beta")
            deployment = DeploymentConfig(provider="up", model="echo", allow_unknown_price=True)
            given = settings(replace(model("m", "up"), deployments=(deployment,)), providers=(up,))
            async with (
                serving(given, upstream) as served,
                openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key=served.key) as client,
            ):
                before = int(time.time())
                whole = await client.chat.completions.create(
                    model="m", messages=[{"role": "user", "content": "one two"}], max_tokens=9
                )
                stream = await client.chat.completions.create(
                    model="m",
                    messages=[{"role": "user", "content": "one two"}],
                    max_tokens=9,
                    stream=True,
                )
                pieces = [piece async for piece in stream]
                for one in (whole, *pieces):
                    assert one.id
                    assert one.model == "echo"
                    assert one.created >= before
                assert len({one.id for one in pieces}) == 1

    asyncio.run(check())


def test_what_is_not_stated_is_the_requests_id_the_deployments_model_and_now() -> None:
    facts = Facts(
        request_id="r1", operation="chat", dialect="", route="m", started=0.0, model="provider-m"
    )
    assert named(Started("", ""), facts, 7_000_000_001) == Started("r1", "provider-m", 7)
    stated = Started("a", "b", 3)
    assert named(stated, facts, 9) is stated
