"""LangChain's standard tests of a chat model, by ``ChatOpenAI`` with the gateway's URL as its base.

They run twice: before a server of OpenAI's kind, where bytes go through as they are, and before one
of Anthropic's, where everything is translated both ways.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

from sensorium.gateway.providers.config import Kind
from sensorium.gateway.routing.config import DeploymentConfig, ModelConfig
from tests.gateway.served import Served, provider, serving, settings
from tests.gateway.threaded import in_a_thread
from tests.gateway.upstreams.scripted import ScriptedAnthropic, ScriptedOpenAI
from tests.gateway.upstreams.server import Emulator
from tests.gateway.upstreams.server import serving as emulating


def deployment(name: str) -> DeploymentConfig:
    return DeploymentConfig(provider="up", model=name)


@asynccontextmanager
async def before(upstream: Emulator, kind: Kind) -> AsyncIterator[Served]:
    async with emulating(upstream):
        given = settings(
            *(ModelConfig(name=name, deployments=(deployment(name),)) for name in ("one", "two")),
            providers=(provider("up", upstream.url, kind),),
        )
        async with serving(given, upstream) as served:
            yield served


class _Through(ChatModelIntegrationTests):
    served: Served

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {
            "model": "one",
            "base_url": f"{self.served.url}/v1",
            "api_key": self.served.key,
            "max_retries": 0,
            "stream_usage": True,
        }

    @property
    def supports_model_override(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "two"

    @property
    def supports_image_inputs(self) -> bool:
        return False  # the test fetches its picture from the internet


@pytest.mark.asyncio(loop_scope="class")  # LangChain keeps a client for all its models
class TestBeforeOpenAI(_Through):
    @pytest.fixture(autouse=True, scope="class")
    def serve(self, request: pytest.FixtureRequest) -> Iterator[None]:
        with in_a_thread(before(ScriptedOpenAI(), Kind.OPENAI)) as served:
            request.cls.served = served
            yield

    @property
    def supports_json_mode(self) -> bool:
        return True


@pytest.mark.asyncio(loop_scope="class")  # LangChain keeps a client for all its models
class TestBeforeAnthropic(_Through):
    @pytest.fixture(autouse=True, scope="class")
    def serve(self, request: pytest.FixtureRequest) -> Iterator[None]:
        with in_a_thread(before(ScriptedAnthropic(), Kind.ANTHROPIC)) as served:
            request.cls.served = served
            yield
