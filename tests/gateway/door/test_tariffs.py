"""What a request asks for that has another price: priced where the list knows it, else refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sensorium.gateway.routing.config import DeploymentConfig, ModelConfig
from tests.gateway.served import Answered, model, provider, serving, settings
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import serving as emulating

ASKED = {"model": "m", "messages": [{"role": "user", "content": "one two"}], "max_tokens": 9}


async def costs_of(given: ModelConfig, *bodies: object) -> tuple[list[Answered], list[int | None]]:
    """The answers, and the costs in the ledger's rows."""
    async with emulating(OpenAIEmulator()) as upstream:
        chosen = settings(given, providers=(provider("up", upstream.url),))
        async with serving(chosen, upstream) as served:
            answers = [await served.post("/v1/chat/completions", body) for body in bodies]
            return answers, [row.cost for row in await served.rows()]


@pytest.mark.parametrize("said", ["priority", "flex", "ultra", {"type": "priority"}, 7])
def test_a_service_tier_without_a_price_is_refused_before_anything_is_sent(said: object) -> None:
    (answer,), costs = asyncio.run(costs_of(model("m", "up"), {**ASKED, "service_tier": said}))
    status, body, _ = answer
    assert (status, body["error"]["code"]) == (400, "price_unknown")
    assert "ordinary service" in body["error"]["message"]
    assert costs == []


def test_a_service_tier_with_a_price_is_charged_by_its_factor() -> None:
    tiered = DeploymentConfig(provider="up", model="echo", price_as="tiered")
    given = replace(model("m", "up"), deployments=(tiered,))
    bodies = [{**ASKED, "service_tier": tier} for tier in ("default", "auto", "priority")]
    answers, costs = asyncio.run(costs_of(given, ASKED, *bodies))
    assert [status for status, _, _ in answers] == [200] * 4
    plain = costs[0]
    assert plain
    assert costs == [plain, plain, plain, -(-plain * 5 // 2)]


def test_an_unknown_price_that_is_allowed_is_written_down_as_unknown() -> None:
    allowed = DeploymentConfig(provider="up", model="echo", allow_unknown_price=True)
    given = replace(model("m", "up"), deployments=(allowed,))
    answers, costs = asyncio.run(costs_of(given, {**ASKED, "service_tier": "flex"}))
    assert answers[0][0] == 200
    assert costs == [None]
