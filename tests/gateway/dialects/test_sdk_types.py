"""What callers get is what the providers' own SDKs know, and those take what providers get."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import botocore.session
import httpx
import httpx2
import openai
import pytest
from anthropic.types import Message as AnthropicMessage
from anthropic.types import RawMessageStreamEvent
from botocore.validate import ParamValidator
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.events import Broken, Started, TextPiece
from sensorium.gateway.failure import Failure, FailureKind
from sensorium.gateway.reply import Stop
from tests.gateway.dialects.examples.replies import REPLIES
from tests.gateway.dialects.examples.requests import REQUESTS
from tests.gateway.dialects.examples.streams import STREAMS
from tests.gateway.dialects.streams import events_of, frames_of, raw_of, written

ALL = sorted(DIALECTS)
each_source = pytest.mark.parametrize("source", ALL)
WHOLE = {"openai_chat": ChatCompletion, "openai_responses": Response, "anthropic": AnthropicMessage}
FRAMES = {
    "openai_chat": TypeAdapter(ChatCompletionChunk),
    "openai_responses": TypeAdapter(ResponseStreamEvent),
    "anthropic": TypeAdapter(RawMessageStreamEvent),
}
# What an SDK keeps beside its own fields: those of the servers that are compatible with OpenAI's.
BESIDE = {"reasoning_content", "thinking_blocks"}
FAILURE = Failure(FailureKind.OVERLOADED, "The provider is overloaded.", 529)


def served(stream: bytes, status: int, library: Any) -> Any:
    """A server that answers with these bytes; each SDK has an HTTP library of its own."""
    headers = {"content-type": "text/event-stream" if status == 200 else "application/json"}
    return library.MockTransport(
        lambda _: library.Response(status, content=stream, headers=headers)
    )


def openai_client(stream: bytes, status: int = 200) -> openai.OpenAI:
    http = httpx.Client(transport=served(stream, status, httpx))
    return openai.OpenAI(api_key="x", base_url="http://test", http_client=http, max_retries=0)


def strict(model: Any, value: Any) -> None:
    """No field that the SDK has no name for, at any depth of the models."""
    for name in getattr(model, "model_extra", None) or {}:
        assert name in BESIDE, f"{type(model).__name__} has no {name}: {value}"
    for name in type(model).model_fields:
        inner = getattr(model, name, None)
        for item in inner if isinstance(inner, list) else [inner]:
            if hasattr(type(item), "model_fields"):
                strict(item, value)


@each_source
@pytest.mark.parametrize("target", sorted(WHOLE))
@pytest.mark.parametrize("case", sorted(REPLIES))
def test_an_answer_is_one_of_the_sdk(case: str, source: str, target: str) -> None:
    reply = DIALECTS[source].parse_reply(REPLIES[case][source])
    body = DIALECTS[target].render_reply(reply)
    strict(WHOLE[target].model_validate(body), body)


@each_source
@pytest.mark.parametrize("target", sorted(FRAMES))
@pytest.mark.parametrize("case", sorted(STREAMS))
def test_every_frame_is_one_of_the_sdk(case: str, source: str, target: str) -> None:
    events = events_of(source, raw_of(source, STREAMS[case][source]))
    for frame in frames_of(written(target, events)):
        if frame != "[DONE]":
            strict(FRAMES[target].validate_python(frame), frame)


@each_source
def test_openais_chat_stream_collects_what_was_said(source: str) -> None:
    events = events_of(source, raw_of(source, STREAMS["tools"][source]))
    client = openai_client(written("openai_chat", events))
    with client.chat.completions.stream(
        model="m", messages=[{"role": "user", "content": "Look."}]
    ) as stream:
        final = stream.get_final_completion()
    choice = final.choices[0]
    assert choice.message.content == "I look."
    assert choice.finish_reason == "tool_calls"
    calls = [
        (one.id, one.function.name, one.function.arguments)
        for one in choice.message.tool_calls or []
    ]  # type: ignore[union-attr]
    assert [(identity, name, json.loads(text)) for identity, name, text in calls] == [
        ("call_a", "traffic", {"host": "edge-ä", "why": "😀"}),
        ("call_b", "hosts", {}),
    ]
    assert final.usage is not None
    assert final.usage.total_tokens == 42


@each_source
def test_openais_responses_stream_collects_what_was_said(source: str) -> None:
    events = events_of(source, raw_of(source, STREAMS["tools"][source]))
    client = openai_client(written("openai_responses", events))
    with client.responses.stream(model="m", input="Look.") as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert final.output_text == "I look."
    calls = [one for one in final.output if one.type == "function_call"]
    assert [(one.call_id, one.name, json.loads(one.arguments)) for one in calls] == [
        ("call_a", "traffic", {"host": "edge-ä", "why": "😀"}),
        ("call_b", "hosts", {}),
    ]
    assert final.usage is not None
    assert final.usage.input_tokens_details.cached_tokens == 10


def anthropic_client(stream: bytes, status: int = 200) -> anthropic.Anthropic:
    http = httpx2.Client(transport=served(stream, status, httpx2))
    return anthropic.Anthropic(api_key="x", base_url="http://test", http_client=http, max_retries=0)


@each_source
@pytest.mark.parametrize("case", ["tools", "thinking"])
def test_anthropics_stream_collects_what_was_said(case: str, source: str) -> None:
    events = events_of(source, raw_of(source, STREAMS[case][source]))
    client = anthropic_client(written("anthropic", events))
    with client.messages.stream(
        model="m", max_tokens=9, messages=[{"role": "user", "content": "Look."}]
    ) as stream:
        final = stream.get_final_message()
    texts = [one.text for one in final.content if one.type == "text"]
    calls = [(one.id, one.name, one.input) for one in final.content if one.type == "tool_use"]
    if case == "tools":
        assert texts == ["I look."]
        assert calls == [
            ("call_a", "traffic", {"host": "edge-ä", "why": "😀"}),
            ("call_b", "hosts", {}),
        ]
        assert final.stop_reason == "tool_use"
    else:
        thoughts = [one for one in final.content if one.type == "thinking"]
        assert "".join(one.thinking for one in thoughts) == "Is it edge-1?"
        assert "".join(one.signature for one in thoughts).endswith("SIGN==")
        assert texts == ["Yes."]
    assert final.usage.output_tokens == 12
    assert final.usage.cache_read_input_tokens == 10


BROKEN = [Started("answer-1", "model-1"), TextPiece("I lo"), Broken(FAILURE)]


def test_openais_sdk_raises_an_error_after_the_beginning() -> None:
    chat = openai_client(written("openai_chat", BROKEN))
    chunks = chat.chat.completions.create(model="m", messages=[], stream=True)
    with pytest.raises(openai.APIError, match="overloaded"):
        list(chunks)
    responses = openai_client(written("openai_responses", BROKEN))
    events = responses.responses.create(model="m", input="x", stream=True)
    with pytest.raises(openai.APIError, match="overloaded"):
        list(events)


def test_anthropics_sdk_raises_an_error_after_the_beginning() -> None:
    client = anthropic_client(written("anthropic", BROKEN))
    events = client.messages.create(model="m", max_tokens=9, messages=[], stream=True)
    with pytest.raises(anthropic.APIStatusError, match="overloaded"):
        list(events)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (503, openai.InternalServerError),
    ],
)
def test_openais_sdk_reads_our_errors(status: int, kind: type[openai.APIStatusError]) -> None:
    body = DIALECTS["openai_chat"].render_error(status, "why_it_is", "What it is.", "model")
    with pytest.raises(kind) as caught:
        openai_client(body, status).chat.completions.create(model="m", messages=[])
    assert (caught.value.code, caught.value.param) == ("why_it_is", "model")
    assert "What it is." in str(caught.value)


def test_anthropics_sdk_reads_our_errors() -> None:
    body = DIALECTS["anthropic"].render_error(429, "budget_exceeded", "The budget is spent.")
    with pytest.raises(anthropic.RateLimitError, match="The budget is spent") as caught:
        anthropic_client(body, 429).messages.create(model="m", max_tokens=9, messages=[])
    assert caught.value.body["error"]["type"] == "rate_limit_error"  # type: ignore[index]


@pytest.fixture(scope="module")
def bedrock() -> Any:
    """AWS's own model of the service."""
    session = botocore.session.get_session()
    return session.get_service_model("bedrock-runtime")


@each_source
@pytest.mark.parametrize("case", sorted(REQUESTS))
def test_bedrocks_requests_fit_awss_model(case: str, source: str, bedrock: Any) -> None:
    conversation = DIALECTS[source].parse_request(REQUESTS[case][source])
    body = {"modelId": "model-1", **DIALECTS["bedrock"].render_request(conversation)}
    for operation in ("Converse", "ConverseStream"):
        shape = bedrock.operation_model(operation).input_shape
        report = ParamValidator().validate(body, shape)
        assert not report.has_errors(), report.generate_report()


@each_source
@pytest.mark.parametrize("case", sorted(REPLIES))
def test_bedrocks_answers_fit_awss_model(case: str, source: str, bedrock: Any) -> None:
    reply = DIALECTS[source].parse_reply(REPLIES[case][source])
    body = DIALECTS["bedrock"].render_reply(reply)
    report = ParamValidator().validate(body, bedrock.operation_model("Converse").output_shape)
    assert not report.has_errors(), report.generate_report()
    assert body["stopReason"] in bedrock.shape_for("StopReason").enum


@each_source
@pytest.mark.parametrize("case", sorted(STREAMS))
def test_bedrocks_streams_fit_awss_model(case: str, source: str, bedrock: Any) -> None:
    events = events_of(source, raw_of(source, STREAMS[case][source]))
    members = bedrock.shape_for("ConverseStreamOutput").members
    for frame in frames_of(written("bedrock", events)):
        report = ParamValidator().validate(frame["payload"], members[frame["event-type"]])
        assert not report.has_errors(), report.generate_report()


def test_every_reason_to_stop_is_one_that_the_other_side_knows(bedrock: Any) -> None:
    known = {
        "openai_chat": {"stop", "length", "tool_calls", "content_filter"},
        "anthropic": {
            "end_turn",
            "max_tokens",
            "stop_sequence",
            "tool_use",
            "pause_turn",
            "refusal",
        },
        "bedrock": set(bedrock.shape_for("StopReason").enum),
    }
    from sensorium.gateway.dialects.anthropic.replies import REASONS as ANTHROPIC
    from sensorium.gateway.dialects.bedrock.replies import REASONS as BEDROCK
    from sensorium.gateway.dialects.openai_chat.replies import FINISH

    for name, table in (("openai_chat", FINISH), ("anthropic", ANTHROPIC), ("bedrock", BEDROCK)):
        assert set(table) == set(Stop)
        assert set(table.values()) <= known[name]
