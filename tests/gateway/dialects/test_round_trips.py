"""Any conversation and any answer that a dialect can say, it says again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.conversation import (
    Choice,
    Conversation,
    Format,
    Image,
    Message,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    UntranslatableError,
)
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.reply import Answer, Reply, Stop, Usage

ALL = sorted(DIALECTS)
each = pytest.mark.parametrize("name", ALL)

words = st.text(min_size=1, max_size=12)
names = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=5,
)
objects = st.dictionaries(words, values, max_size=3)
json_texts = objects.map(lambda value: orjson.dumps(value).decode())
texts = words.map(Text)
pictures = st.sampled_from([Image("image/png", "AAAA"), Image("image/webp", "QUJD")])
results = st.lists(texts, min_size=1, max_size=1).map(tuple)


@st.composite
def messages(draw: st.DrawFn) -> tuple[Message, ...]:
    """Instructions; then turns, in which every call has its result."""
    found = []
    if draw(st.booleans()):
        found.append(Message(Role.SYSTEM, (draw(texts),)))
    for turn in range(draw(st.integers(1, 3))):
        said = draw(st.lists(texts | pictures, min_size=1, max_size=3))
        found.append(Message(Role.USER, tuple(said)))
        calls = [
            ToolCall(f"call_{turn}_{at}", draw(names), draw(json_texts))
            for at in range(draw(st.integers(0, 3)))
        ]
        before = draw(st.lists(texts, max_size=1))
        if calls or before:
            found.append(Message(Role.ASSISTANT, (*before, *calls)))
        if calls:
            found.append(
                Message(Role.TOOL, tuple(ToolResult(call.id, draw(results)) for call in calls))
            )
    return tuple(found)


conversations = st.builds(
    Conversation,
    model=names,
    messages=messages(),
    tools=st.lists(
        st.builds(
            Tool,
            names,
            st.just("") | words,
            objects.map(lambda properties: {"type": "object", "properties": properties}),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
    tool_choice=st.sampled_from([None, Choice.AUTO, Choice.REQUIRED, "lookup"]),
    max_output_tokens=st.integers(1, 10_000),
    temperature=st.none() | st.floats(0, 1),
    top_p=st.none() | st.floats(0, 1),
    format=st.none() | st.builds(Format, objects),
)


def merged(conversation: Conversation) -> list[tuple[Role, list[Any]]]:
    """Turns of one side are one; who answers, the tool or the user, is the same side."""
    turns: list[tuple[Role, list[Any]]] = []
    for message in conversation.messages:
        if turns and turns[-1][0] is message.role:
            turns[-1][1].extend(message.parts)
        else:
            turns.append((message.role, list(message.parts)))
    return turns


def bare(parts: list[Any]) -> list[Any]:
    """Without the fields that a dialect adds of its own; arguments as what they mean."""
    return [
        replace(part, extra=None, arguments=orjson.loads(part.arguments))
        if isinstance(part, ToolCall)
        else replace(part, extra=None)
        for part in parts
    ]


@each
@given(conversation=conversations)
def test_any_conversation_is_read_as_it_was_written(name: str, conversation: Conversation) -> None:
    body = DIALECTS[name].render_request(conversation)
    orjson.dumps(body)
    again = DIALECTS[name].parse_request(body)
    assert [(role, bare(parts)) for role, parts in merged(again)] == [
        (role, bare(parts)) for role, parts in merged(conversation)
    ]
    fields = ["tool_choice", "max_output_tokens", "temperature", "top_p"]
    for field in fields:
        assert getattr(again, field) == getattr(conversation, field)
    assert [(tool.name, tool.description, tool.parameters) for tool in again.tools] == [  # type: ignore[union-attr]
        (tool.name, tool.description, tool.parameters) for tool in conversation.tools
    ]
    schemas = [getattr(one.format, "schema", None) for one in (again, conversation)]
    assert schemas[0] == schemas[1]


@each
@given(conversation=conversations, extra=st.dictionaries(names.map("x_{}".format), values))
def test_unknown_fields_come_through_their_dialect(
    name: str, conversation: Conversation, extra: dict[str, Any]
) -> None:
    dialect = DIALECTS[name]
    body = {"model": "m", **dialect.render_request(conversation), **extra}
    again = dialect.render_request(dialect.parse_request(body))
    assert {key: again.get(key) for key in extra} == extra


replies = st.builds(
    Reply,
    id=names,
    model=names,
    answers=st.builds(
        Answer,
        st.tuples(texts, st.builds(ToolCall, names, names, json_texts)),
        st.just(Stop.TOOL),
    ).map(lambda answer: (answer,)),
    usage=st.builds(Usage, st.integers(100, 999), st.integers(0, 999), st.integers(0, 50)),
    created=st.integers(0, 2**32),
)


@each
@given(reply=replies)
def test_any_answer_is_read_as_it_was_written(name: str, reply: Reply) -> None:
    body = DIALECTS[name].render_reply(reply)
    orjson.dumps(body)
    again = DIALECTS[name].parse_reply(body)
    assert bare(list(again.answers[0].parts)) == bare(list(reply.answers[0].parts))
    assert again.answers[0].stop is reply.answers[0].stop
    assert again.usage == reply.usage
    if name != "bedrock":
        assert again.id.removeprefix("resp_") == reply.id
        assert again.model == reply.model


def nested(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"a": value}
    return value


@each
@pytest.mark.parametrize("depth", [200, 400, 1_500, 100_000])
def test_nesting_that_is_too_deep_is_refused_and_no_crash(name: str, depth: int) -> None:
    call = ToolCall("call_a", "f", '{"a":' * depth + "{}" + "}" * depth)
    reply = Reply(id="a", model="m", answers=(Answer((call,), Stop.TOOL),), usage=None)
    try:
        DIALECTS[name].render_reply(reply)
    except UntranslatableError:
        assert depth > 900
    given_input = {"a": nested(min(depth, 400))}
    block = {"type": "tool_use", "id": "a", "name": "f", "input": given_input}
    message = DIALECTS["anthropic"].parse_reply({"content": [block], "stop_reason": "tool_use"})
    call_again = message.answers[0].parts[0]
    assert isinstance(call_again, ToolCall)
    try:
        DIALECTS[name].render_reply(message)
    except (UntranslatableError, CallFailedError, BadRequestError):
        pytest.fail("what was read can be written")


def test_reasoning_keeps_its_signature_only_with_those_who_signed_it() -> None:
    for signer in ("anthropic", "bedrock"):
        message = Message(Role.ASSISTANT, (Thinking("hm", f"{signer}:S"), Text("a")))
        conversation = Conversation(model="m", messages=(message,))
        for name in ("anthropic", "bedrock"):
            body = DIALECTS[name].render_request(conversation)
            assert "hm" in str(body)
        for name in ("openai_chat", "openai_responses", "gemini"):
            assert "hm" not in str(DIALECTS[name].render_request(conversation))
