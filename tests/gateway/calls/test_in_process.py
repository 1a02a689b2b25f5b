"""The gateway without HTTP: for agents in its own process, and for its own upkeep."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from sensorium.gateway.access import Caller
from sensorium.gateway.calls import Ask, RejectedError, Streamed, Whole
from sensorium.gateway.calls.health import HealthChecks
from sensorium.gateway.conversation import Conversation, Message, Role, Text
from sensorium.gateway.events import Ended, TextPiece
from sensorium.gateway.ledger import Scopes
from sensorium.gateway.routing.breaker import Standing
from sensorium.gateway.routing.config import CooldownConfig
from tests.gateway.calls.test_fallbacks import fails
from tests.gateway.served import Served, model, provider, serving, settings
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import serving as emulating

AGENT = Caller(scopes=Scopes(key_id="agent"), key_id="agent")


def asked(number: int, name: str = "m", *, stream: bool = False) -> Ask:
    conversation = Conversation(
        model=name, messages=(Message(Role.USER, (Text("hi"),)),), stream=stream
    )
    return Ask(
        request_id=f"agent-{number}",
        caller=AGENT,
        conversation=conversation,
        started=time.monotonic(),
    )


def with_gateway(check: Any, **more: Any) -> None:
    async def run() -> None:
        one, two = OpenAIEmulator(), OpenAIEmulator()
        async with emulating(one), emulating(two):
            given = settings(
                model("m", "one", "two"),
                providers=(provider("one", one.url), provider("two", two.url)),
                **more,
            )
            async with serving(given, one, two) as served:
                await check(served, one, two)

    asyncio.run(run())


def test_an_agent_gets_a_reply_and_its_call_is_in_the_ledger() -> None:
    async def check(served: Served, *_: Any) -> None:
        result = await served.opened.gateway.chat(asked(1))
        assert isinstance(result, Whole)
        (answer,) = result.reply.answers
        assert answer.parts == (Text("You said: hi"),)
        (row,) = await served.rows()
        assert (row.request_id, row.key_id, row.status) == ("agent-1", "agent", "ok")

    with_gateway(check)


def test_an_agent_gets_a_stream_as_events() -> None:
    async def check(served: Served, *_: Any) -> None:
        result = await served.opened.gateway.chat(asked(1, stream=True))
        assert isinstance(result, Streamed)
        events = [event async for event in result.events()]
        await result.close()
        text = "".join(event.text for event in events if isinstance(event, TextPiece))
        assert text == "You said: hi"
        assert isinstance(events[-1], Ended)
        (row,) = await served.rows()
        assert row.output_tokens == len(text)

    with_gateway(check)


def test_an_agent_is_told_no_as_an_exception() -> None:
    async def check(served: Served, *_: Any) -> None:
        with pytest.raises(RejectedError) as raised:
            await served.opened.gateway.chat(asked(1, "unknown"))
        assert (raised.value.status, raised.value.code) == (404, "model_not_found")

    with_gateway(check)


def test_a_check_that_fails_leaves_a_deployment_alone_and_one_that_succeeds_ends_that() -> None:
    async def check(served: Served, one: OpenAIEmulator, _: Any) -> None:
        checks = HealthChecks(served.parts, served.observe)
        group = served.parts.router.groups["m"]
        first = group.deployments[0]
        one.faults.append(fails(500))
        assert await checks.check(group, first) is not None
        assert first.breaker.standing(time.monotonic()) is Standing.COOLING
        assert await checks.check(group, first) is None
        assert first.breaker.standing(time.monotonic()) is Standing.READY
        assert first.in_flight == 0
        assert await served.rows() == [], "a check is no call"

    with_gateway(check, cooldown=CooldownConfig(failures=1))
