from __future__ import annotations

import asyncio
from dataclasses import replace

import orjson
import pytest

from sensorium.gateway.conversation import (
    Conversation,
    Format,
    Image,
    Message,
    Opaque,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from sensorium.gateway.guardrails.bound import Bound
from sensorium.gateway.guardrails.config import (
    GuardrailsConfig,
    PersonalDataConfig,
    RuleConfig,
    SecretsConfig,
)
from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.decision import (
    Action,
    Blocked,
    OnFailure,
    Passed,
    PassedReply,
    PassedTexts,
    Stage,
)
from sensorium.gateway.guardrails.guard import Guard
from sensorium.gateway.guardrails.registry import make_guard
from sensorium.gateway.guardrails.rule import Finding
from sensorium.gateway.reply import Answer, Reply, Stop
from sensorium.observe import Observe

MAIL = "ann@example.org"
CONTEXT = Context(route="small")
PLAIN = Conversation(model="small", messages=(Message(Role.USER, (Text("Hello"),)),))
FULL = Conversation(
    model="small",
    messages=(
        Message(Role.SYSTEM, (Text("You are kind.", {"cache_control": {"kind": "short"}}),)),
        Message(
            Role.USER,
            (
                Text("Look"),
                Image(url="https://example.org/a.png"),
                Opaque("openai_chat", {"type": "file", "file": {"name": "list.txt"}}),
            ),
            name="somebody",
        ),
        Message(
            Role.ASSISTANT,
            (Thinking("I think", "sig"), Text("I say"), ToolCall("c1", "send", '{"to": "you"}')),
        ),
        Message(Role.TOOL, (ToolResult("c1", (Text("sent"), Opaque("anthropic", {"x": "y"}))),)),
    ),
    tools=(
        Tool(
            "send", "Sends a mail", {"type": "object", "description": "to whom"}, extra={"a": "b"}
        ),
        Opaque("openai_chat", {"name": "search", "where": ["here"]}),
    ),
    tool_choice="send",
    stop=("END",),
    format=Format({"type": "object", "title": "answer"}, "answer", description="All of it"),
    reasoning_effort="low",
    user="u-1",
    extra={"metadata": {"team": "blue"}},
)


def guard(**lists: object) -> Guard:
    return make_guard(GuardrailsConfig(**lists), Observe())  # type: ignore[arg-type]


def before(made: Guard, conversation: Conversation) -> Passed | Blocked:
    return asyncio.run(made.before(conversation, CONTEXT))


def asked(text: str) -> Conversation:
    return replace(PLAIN, messages=(Message(Role.USER, (Text(text),)),))


def said(text: str) -> Reply:
    return Reply(id="r", model="small", answers=(Answer((Text(text),), Stop.END),), usage=None)


def text_of(reply: Reply) -> str:
    (part,) = reply.answers[0].parts
    assert isinstance(part, Text)
    return part.text


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Where text stands in what the request is as JSON."""
    if isinstance(value, str):
        return [path]
    items = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type]
    return [
        place
        for key, one in items
        if isinstance(one, str | dict | list)
        for place in places(one, (*path, key))
    ]


def with_text_at(value: object, path: tuple[object, ...], text: str) -> object:
    """The frozen request with ``text`` added to the one text at ``path``."""
    if not path:
        return f"{value} {text}"
    key, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {**value, key: with_text_at(value[key], rest, text)}
    if isinstance(value, tuple | list):
        changed = list(value)
        changed[key] = with_text_at(changed[key], rest, text)  # type: ignore[call-overload,index]
        return type(value)(changed)
    return replace(value, **{key: with_text_at(getattr(value, str(key)), rest, text)})  # type: ignore[type-var,call-overload]


# The gateway's own words, a provider's seal, and the bytes of a picture.
NOT_SEEN = {"role", "signature", "dialect", "data"}
PLACES = [
    path
    for path in places(orjson.loads(orjson.dumps(FULL)))
    if path[-1] not in NOT_SEEN and "type" not in path
]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_no_place_of_a_request_lets_personal_data_through(path: tuple[object, ...]) -> None:
    addition = ', "x": "ann@example.org"}' if path[-1] == "arguments" else MAIL
    conversation = with_text_at(FULL, path, addition)
    assert isinstance(conversation, Conversation)
    result = before(guard(personal_data=(PersonalDataConfig(),)), conversation)
    if isinstance(result, Blocked):
        assert "extra" not in path
        assert path[-1] in {
            "name",
            "id",
            "call_id",
            "url",
            "tool_choice",
            "model",
            "reasoning_effort",
            "media_type",
            "detail",
        }
        assert MAIL not in result.message
    else:
        assert MAIL not in orjson.dumps(result.conversation).decode()
        assert "<EMAIL_1>" in orjson.dumps(result.conversation).decode()
    assert isinstance(
        before(guard(personal_data=(PersonalDataConfig(action=Action.BLOCK),)), conversation),
        Blocked,
    )


def test_a_clean_request_passes_as_it_is() -> None:
    made = guard(personal_data=(PersonalDataConfig(),), secrets=(SecretsConfig(),))
    result = before(made, FULL)
    assert isinstance(result, Passed)
    assert result.conversation is FULL
    assert result.restore is None
    assert result.flags == ()


def test_the_same_value_has_the_same_placeholder_and_comes_back_in_the_answer() -> None:
    made = guard(personal_data=(PersonalDataConfig(),))
    result = before(made, asked(f"Write to {MAIL}, cc bob@example.org, bcc {MAIL}"))
    assert isinstance(result, Passed)
    assert result.conversation == asked("Write to <EMAIL_1>, cc <EMAIL_2>, bcc <EMAIL_1>")
    answer = said("<EMAIL_1>, <EMAIL_2> and <EMAIL_3>, said eve@example.org")
    after = asyncio.run(made.after(answer, CONTEXT, result.restore))
    assert isinstance(after, PassedReply)
    assert text_of(after.reply) == (
        "ann@example.org, bob@example.org and <EMAIL_3>, said <EMAIL_3>"
    )
    assert [str(flag) for flag in after.flags] == ["personal-data=masked:EMAIL*1"]
    assert MAIL not in repr(result.restore)


def test_a_placeholder_that_the_caller_wrote_is_not_taken_for_ours() -> None:
    made = guard(personal_data=(PersonalDataConfig(),))
    result = before(made, asked(f"What is <EMAIL_1>? Write to {MAIL}"))
    assert isinstance(result, Passed)
    assert result.conversation == asked("What is <EMAIL_1>? Write to <EMAIL_2>")


def test_values_come_back_into_arguments_of_tools_as_json() -> None:
    made = guard(secrets=(SecretsConfig(action=Action.MASK),))
    secret = "password = 'aB3$xY7!qW9&zK'"
    result = before(made, asked(secret))
    assert isinstance(result, Passed)
    call = ToolCall("c", "login", '{"with":"<SECRET_1>"}')
    reply = replace(said(""), answers=(Answer((call,), Stop.TOOL),))
    after = asyncio.run(made.after(reply, CONTEXT, result.restore))
    assert isinstance(after, Blocked) or after.reply.answers[0].parts[0] == ToolCall(
        "c", "login", '{"with":"aB3$xY7!qW9&zK"}'
    )


def test_what_is_not_to_be_restored_stays_masked() -> None:
    made = guard(personal_data=(PersonalDataConfig(restore=False),))
    result = before(made, asked(MAIL))
    assert isinstance(result, Passed)
    assert result.restore is None


def test_a_flag_says_what_was_found_and_changes_nothing() -> None:
    made = guard(personal_data=(PersonalDataConfig(action=Action.FLAG),))
    result = before(made, asked(f"{MAIL} {MAIL}"))
    assert isinstance(result, Passed)
    assert result.conversation == asked(f"{MAIL} {MAIL}")
    assert [str(flag) for flag in result.flags] == ["personal-data=flagged:EMAIL*2"]


def test_a_rule_looks_at_the_routes_it_is_set_for() -> None:
    made = guard(personal_data=(PersonalDataConfig(action=Action.BLOCK, routes=("large",)),))
    assert isinstance(before(made, asked(MAIL)), Passed)
    large = asyncio.run(made.before(asked(MAIL), Context(route="large")))
    assert isinstance(large, Blocked)


def test_texts_to_embed_are_masked_and_token_ids_fail_by_setting() -> None:
    made = guard(personal_data=(PersonalDataConfig(),))
    context = Context(route="small", operation="embeddings")
    result = asyncio.run(made.before_texts(["a", f"to {MAIL}"], context))
    assert isinstance(result, PassedTexts)
    assert result.texts == ("a", "to <EMAIL_1>")
    assert isinstance(asyncio.run(made.before_texts([(1, 2)], context)), Blocked)
    opened = guard(personal_data=(PersonalDataConfig(on_failure=OnFailure.OPEN),))
    result = asyncio.run(opened.before_texts([(1, 2)], context))
    assert isinstance(result, PassedTexts)
    assert [str(flag) for flag in result.flags] == ["personal-data=failed"]


def test_what_is_masked_is_not_told_token_by_token_either() -> None:
    made = guard(personal_data=(PersonalDataConfig(),))
    tokens = {"content": [{"token": "ann", "logprob": -1}, {"token": "@example.org"}]}
    answer = replace(said(f"to {MAIL}").answers[0], extra={"logprobs": tokens, "index": 0})
    other = replace(said("to nobody").answers[0], extra={"logprobs": tokens})
    reply = replace(said(""), answers=(answer, other))
    after = asyncio.run(made.after(reply, CONTEXT))
    assert isinstance(after, PassedReply)
    assert after.reply.answers[0].extra == {"index": 0}
    assert after.reply.answers[1] == other


class Broken:
    in_units = False
    kind = "broken"

    def find(self, text: str, start: int = 0) -> list[Finding]:
        raise RuntimeError("out of order")

    def open_from(self, text: str) -> int:
        raise RuntimeError("out of order")


@pytest.mark.parametrize("stage", list(Stage))
def test_a_rule_that_cannot_look_fails_by_setting_and_is_counted(stage: Stage) -> None:
    observe = Observe()

    def look(on_failure: OnFailure) -> object:
        config = RuleConfig(action=Action.FLAG, stages=(stage,), on_failure=on_failure)
        made = Guard([Bound("sick", config, text=Broken())], observe)
        if stage is Stage.BEFORE:
            return before(made, PLAIN)
        if stage is Stage.BESIDE:
            return asyncio.run(made.beside(PLAIN, CONTEXT))  # type: ignore[arg-type]  # a coroutine
        return asyncio.run(made.after(said("x"), CONTEXT))

    assert isinstance(look(OnFailure.CLOSED), Blocked)
    assert not isinstance(look(OnFailure.OPEN), Blocked)
    for outcome in ("failed_closed", "failed_open"):
        labels = {"rule": "sick", "kind": "broken", "stage": stage.value, "outcome": outcome}
        assert observe.value("sensorium_gateway_guardrail_decisions_total", labels) == 1


def test_every_decision_is_counted_by_rule_and_none_with_content() -> None:
    observe = Observe()
    made = make_guard(GuardrailsConfig(personal_data=(PersonalDataConfig(name="pii"),)), observe)
    before(made, asked(MAIL))
    before(made, asked("hello"))
    samples = [
        sample
        for family in observe.registry.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    ]
    assert {one.labels["outcome"]: one.value for one in samples} == {"masked": 1, "passed": 1}
    assert MAIL not in str(samples)


def test_the_version_changes_with_the_settings() -> None:
    assert guard().version == guard().version
    assert guard().version != guard(personal_data=(PersonalDataConfig(),)).version


def test_what_cannot_be_done_is_refused_when_it_is_set() -> None:
    with pytest.raises(ValueError, match="beside"):
        PersonalDataConfig(stages=(Stage.BESIDE,))
    with pytest.raises(ValueError, match="PASSPORT"):
        guard(personal_data=(PersonalDataConfig(kinds=("PASSPORT",)),))
