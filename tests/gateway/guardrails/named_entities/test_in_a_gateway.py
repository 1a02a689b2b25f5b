"""Presidio's patterns, without a model, on the way through a whole gateway."""

from __future__ import annotations

import asyncio
import json

import pytest

from sensorium.gateway.guardrails.config import GuardrailsConfig, NamedEntitiesConfig
from tests.gateway.served import model, provider, serving, settings
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import serving as emulating

pytestmark = pytest.mark.xdist_group("named_entities")
TEXT = "write to ann@example.org. And then to bob@example.org"
RULE = NamedEntitiesConfig(entities=("EMAIL_ADDRESS",), timeout_seconds=120)


def spoken(body: str) -> str:
    """What an answer in frames says."""
    frames = [line[6:] for line in body.splitlines() if line.startswith("data: {")]
    choices = [one for frame in frames for one in json.loads(frame)["choices"]]
    return "".join(one["delta"].get("content") or "" for one in choices)


def test_what_is_masked_on_the_way_out_is_put_back_on_the_way_in_streamed_and_whole() -> None:
    async def check() -> None:
        upstream = OpenAIEmulator()
        given = GuardrailsConfig(named_entities=(RULE,))
        async with emulating(upstream):
            one = provider("one", upstream.url)
            wanted = settings(model("gpt", "one"), providers=(one,), guardrails=given)
            async with serving(wanted, upstream) as served:
                path, parts = "/v1/chat/completions", [{"type": "text", "text": TEXT}]
                body = {"model": "gpt", "messages": [{"role": "user", "content": parts}]}
                status, whole, headers = await served.post(path, body)
                assert status == 200, whole
                assert whole["choices"][0]["message"]["content"] == f"You said: {TEXT}"
                found = "named-entities=masked:EMAIL_ADDRESS*2"
                assert found in headers["x-sensorium-guardrails"]
                given_key = {"authorization": f"Bearer {served.key}"}
                async with served.http.post(
                    served.url + path, json={**body, "stream": True}, headers=given_key
                ) as answer:
                    assert spoken(await answer.text()) == f"You said: {TEXT}"
                # Presidio asks tldextract about each address, which would fetch a list if it could.
                refused = served.observe.value("sensorium_gateway_recogniser_refused_total")
                assert refused == 0
        assert len(upstream.seen) == 2
        assert all(b"@example.org" not in one.body for one in upstream.seen)
        assert all(b"<EMAIL_ADDRESS_2>" in one.body for one in upstream.seen)

    asyncio.run(check())
