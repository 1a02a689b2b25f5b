from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sensorium.gateway.conversation import Conversation, Message, Role, Text, Tool
from sensorium.gateway.guardrails.config import (
    GuardrailsConfig,
    LengthConfig,
    ModerationConfig,
)
from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.decision import Action, Blocked, OnFailure, Passed, Stage
from sensorium.gateway.guardrails.registry import make_guard
from sensorium.gateway.reply import Answer, Reply, Stop
from sensorium.observe import Observe

ASKED = Conversation(model="m", messages=(Message(Role.USER, (Text("x" * 50),)),))
CONTEXT = Context(route="m")


@pytest.mark.parametrize(
    ("limit", "conversation", "what"),
    [
        ({"characters": 50}, ASKED, "characters"),
        ({"tokens": 50}, ASKED, "tokens"),
        ({"messages": 1}, replace(ASKED, messages=ASKED.messages * 2), "messages"),
        ({"tools": 1}, replace(ASKED, tools=(Tool("a"), Tool("b"))), "tools"),
    ],
)
def test_each_limit_of_length_holds(
    limit: dict[str, int], conversation: Conversation, what: str
) -> None:
    config = GuardrailsConfig(length=(LengthConfig(**limit),))
    guard = make_guard(config, Observe(), estimate=len)
    longer = replace(
        conversation, messages=(*conversation.messages[:-1], Message(Role.USER, (Text("x" * 51),)))
    )
    within = replace(ASKED, model="", messages=(Message(Role.USER, (Text("x" * 50),)),))
    assert isinstance(asyncio.run(guard.before(within, CONTEXT)), Passed)
    blocked = asyncio.run(guard.before(longer, CONTEXT))
    assert isinstance(blocked, Blocked)
    assert what in blocked.message


def test_a_rule_of_length_needs_a_limit_and_what_it_counts_with() -> None:
    for config, message in (
        (LengthConfig(), "limit"),
        (LengthConfig(tokens=1), "estimates"),
    ):
        with pytest.raises(ValueError, match=message):
            make_guard(GuardrailsConfig(length=(config,)), Observe())


def answered(text: str) -> Reply:
    return Reply(id="", model="", answers=(Answer((Text(text),), Stop.END),), usage=None)


def moderated(answer: str | Exception, **settings: object) -> tuple[object, list[Conversation]]:
    asked: list[Conversation] = []

    async def ask(conversation: Conversation) -> Reply:
        asked.append(conversation)
        if isinstance(answer, Exception):
            raise answer
        if answer == "late":
            await asyncio.sleep(30)
        return answered(answer)

    config = ModerationConfig(route="judge", stages=(Stage.BEFORE,), **settings)  # type: ignore[arg-type]
    guard = make_guard(GuardrailsConfig(moderation=(config,)), Observe(), ask=ask)
    return asyncio.run(guard.before(ASKED, CONTEXT)), asked


def test_a_model_is_shown_the_text_as_a_json_string() -> None:
    result, asked = moderated("safe")
    assert isinstance(result, Passed)
    assert asked[0].model == "judge"
    assert asked[0].messages[1] == Message(Role.USER, (Text('"' + "x" * 50 + '"'),))


@pytest.mark.parametrize("answer", ["unsafe", "Unsafe.\nS1, S10", '"unsafe"'])
def test_what_it_calls_unsafe_is_blocked(answer: str) -> None:
    result, _ = moderated(answer)
    assert isinstance(result, Blocked)
    flagged, _ = moderated("unsafe\nS1,S10", action=Action.FLAG)
    assert isinstance(flagged, Passed)
    assert [str(flag) for flag in flagged.flags] == ["moderation=flagged:S1*1+S10*1"]


@pytest.mark.parametrize("answer", ["", "I would say so", "safely", RuntimeError("down"), "late"])
def test_no_readable_answer_fails_by_setting(answer: str | Exception) -> None:
    settings = {"timeout_seconds": 0.05}
    assert isinstance(moderated(answer, **settings)[0], Blocked)
    result, _ = moderated(answer, on_failure=OnFailure.OPEN, **settings)
    assert isinstance(result, Passed)
    assert [str(flag) for flag in result.flags] == ["moderation=failed"]


def test_a_text_longer_than_it_is_shown_fails_by_setting() -> None:
    config = ModerationConfig(route="judge", stages=(Stage.BEFORE,), characters=100)

    async def ask(conversation: Conversation) -> Reply:
        return answered("safe")

    guard = make_guard(GuardrailsConfig(moderation=(config,)), Observe(), ask=ask)
    long = replace(ASKED, messages=ASKED.messages * 3)
    assert isinstance(asyncio.run(guard.before(long, CONTEXT)), Blocked)


def test_beside_the_call_the_answer_waits_for_it() -> None:
    async def run() -> Blocked | None:
        async def ask(conversation: Conversation) -> Reply:
            return answered("unsafe")

        config = ModerationConfig(route="judge")
        guard = make_guard(GuardrailsConfig(moderation=(config,)), Observe(), ask=ask)
        assert isinstance(await guard.before(ASKED, CONTEXT), Passed)
        return await guard.beside(ASKED, CONTEXT)

    assert isinstance(asyncio.run(run()), Blocked)
