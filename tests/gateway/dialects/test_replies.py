"""Answers in which the dialects differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sensorium.gateway.conversation import Image, Text, Thinking, ToolCall, UntranslatableError
from sensorium.gateway.dialects.anthropic.replies import usage_of as anthropic_usage
from sensorium.gateway.dialects.bedrock.replies import usage_of as bedrock_usage
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.failure import CallFailedError, FailureKind
from sensorium.gateway.reply import Answer, Reply, Stop, Usage
from tests.gateway.dialects.examples.replies import anthropic, bedrock, chat, gemini

ALL = sorted(DIALECTS)
CHAT, ANTHROPIC, RESPONSES = (
    DIALECTS[name] for name in ("openai_chat", "anthropic", "openai_responses")
)


def reply(*parts: Any, stop: Stop = Stop.END, **more: Any) -> Reply:
    return Reply(id="a", model="m", answers=(Answer(parts, stop),), usage=Usage(1, 1), **more)


def test_what_only_openai_says_is_said_again_to_its_callers() -> None:
    body = chat({"content": "a"}, "stop")
    body |= {"system_fingerprint": "fp", "service_tier": "flex"}
    body["choices"][0]["logprobs"] = {"content": []}
    body["choices"][0]["message"]["annotations"] = [{"type": "url_citation"}]
    body["usage"]["completion_tokens_details"]["audio_tokens"] = 3
    parsed = CHAT.parse_reply(body)
    again = CHAT.render_reply(parsed)
    assert again == body
    assert "system_fingerprint" not in ANTHROPIC.render_reply(parsed)


def test_what_only_anthropic_says_is_said_again_to_its_callers() -> None:
    body = anthropic([{"type": "text", "text": "a", "citations": [{"type": "x"}]}], "end_turn")
    body["usage"]["server_tool_use"] = {"web_search_requests": 1}
    body["container"] = {"id": "c"}
    body["stop_reason"] = "model_context_window_exceeded"
    parsed = ANTHROPIC.parse_reply(body)
    assert parsed.answers[0].stop is Stop.LENGTH
    assert ANTHROPIC.render_reply(parsed) == body


def test_a_refusal_is_one_at_every_door() -> None:
    said = CHAT.parse_reply(chat({"content": None}, "stop") | {"choices": [REFUSED]})
    assert said.answers[0].stop is Stop.REFUSAL
    assert CHAT.render_reply(said)["choices"][0]["message"] == REFUSED["message"]
    assert ANTHROPIC.render_reply(said)["stop_reason"] == "refusal"
    assert ANTHROPIC.render_reply(said)["content"] == [{"type": "text", "text": "I cannot."}]
    output = RESPONSES.render_reply(said)["output"]
    assert output[0]["content"] == [{"type": "refusal", "refusal": "I cannot."}]
    anthropics = ANTHROPIC.parse_reply(anthropic([], "refusal"))
    choice = CHAT.render_reply(anthropics)["choices"][0]
    assert choice["finish_reason"] == "content_filter"


REFUSED = {
    "index": 0,
    "message": {"role": "assistant", "content": None, "refusal": "I cannot."},
    "finish_reason": "stop",
    "logprobs": None,
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("stop", list(Stop))
def test_every_reason_to_stop_has_a_word_in_every_dialect(name: str, stop: Stop) -> None:
    parts = (ToolCall("call_a", "hosts", "{}"),) if stop is Stop.TOOL else (Text("a"),)
    again = DIALECTS[name].parse_reply(DIALECTS[name].render_reply(reply(*parts, stop=stop)))
    allowed = {stop}
    if stop in (Stop.SEQUENCE, Stop.PAUSE):
        allowed.add(Stop.END)  # no word of its own in OpenAI's, Gemini's or Bedrock's
    if stop in (Stop.REFUSAL, Stop.FILTER):
        allowed |= {Stop.REFUSAL, Stop.FILTER}
    assert again.answers[0].stop in allowed


def test_a_stop_sequence_is_told_where_it_is_known() -> None:
    body = anthropic([{"type": "text", "text": "a"}], "stop_sequence") | {"stop_sequence": "END"}
    parsed = ANTHROPIC.parse_reply(body)
    assert parsed.answers[0].stop_sequence == "END"
    assert ANTHROPIC.render_reply(parsed) == body
    assert CHAT.render_reply(parsed)["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("gemini", {"promptFeedback": {"blockReason": "SAFETY"}}, FailureKind.CONTENT_FILTERED),
        ("gemini", gemini([], "MALFORMED_FUNCTION_CALL"), FailureKind.SERVER_ERROR),
        ("gemini", {"candidates": []}, FailureKind.PROTOCOL),
        ("bedrock", bedrock([], "malformed_tool_use"), FailureKind.SERVER_ERROR),
        ("openai_chat", {"error": {"message": "No."}}, FailureKind.SERVER_ERROR),
        ("openai_chat", {"choices": []}, FailureKind.PROTOCOL),
        ("openai_chat", {}, FailureKind.PROTOCOL),
        (
            "openai_responses",
            {"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "x"}},
            FailureKind.RATE_LIMITED,
        ),
        ("anthropic", {"type": "error", "error": {"type": "api_error"}}, FailureKind.SERVER_ERROR),
        ("anthropic", {"content": "a"}, FailureKind.PROTOCOL),
    ],
)
def test_an_answer_that_is_none_is_a_failed_call(name: str, body: Any, kind: FailureKind) -> None:
    with pytest.raises(CallFailedError) as caught:
        DIALECTS[name].parse_reply(body)
    assert caught.value.failure.kind is kind


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("body", [[], "text", 7, None, {"a": 1}])
def test_what_is_no_answer_at_all_is_a_failed_call(name: str, body: Any) -> None:
    with pytest.raises(CallFailedError) as caught:
        DIALECTS[name].parse_reply(body)
    assert caught.value.failure.kind is FailureKind.PROTOCOL


def test_counts_add_up_whatever_a_provider_leaves_out_of_its_input() -> None:
    usage = Usage(input=100, output=20, cache_read=60, cache_write=30, reasoning=5)
    for name in ("anthropic", "openai_chat", "openai_responses"):
        dialect = DIALECTS[name]
        body = dialect.render_reply(reply(Text("a")))
        again = dialect.parse_reply(
            dialect.render_reply(
                Reply(id="a", model="m", answers=(Answer((Text("a"),), Stop.END),), usage=usage)
            )
        )
        assert again.usage == usage, body


def test_gemini_s_thoughts_are_part_of_the_output() -> None:
    body = gemini([{"text": "a"}], "STOP")
    body["usageMetadata"] = {
        "promptTokenCount": 10,
        "toolUsePromptTokenCount": 4,
        "candidatesTokenCount": 7,
        "thoughtsTokenCount": 5,
        "totalTokenCount": 26,
    }
    parsed = DIALECTS["gemini"].parse_reply(body)
    assert parsed.usage == Usage(input=14, output=12, reasoning=5)
    assert parsed.usage.total == 26
    assert DIALECTS["gemini"].render_reply(parsed) == body


@pytest.mark.parametrize("name", ["anthropic", "bedrock", "openai_responses"])
def test_several_answers_are_refused_where_there_is_one(name: str) -> None:
    several = Reply(
        id="a",
        model="m",
        answers=(Answer((Text("a"),), Stop.END), Answer((Text("b"),), Stop.END)),
        usage=None,
    )
    with pytest.raises(UntranslatableError):
        DIALECTS[name].render_reply(several)


def test_signed_reasoning_is_shown_with_whose_it_is() -> None:
    thinking = reply(Thinking("hm", "bedrock:SIGN=="), Text("a"))
    message = CHAT.render_reply(thinking)["choices"][0]["message"]
    assert message["reasoning_content"] == "hm"
    assert message["thinking_blocks"][0]["signature"] == "bedrock:SIGN=="
    # The same model's signature holds on both platforms.
    content = ANTHROPIC.render_reply(thinking)["content"]
    assert content[0] == {"type": "thinking", "thinking": "hm", "signature": "SIGN=="}


def test_a_picture_in_an_answer_is_refused_where_it_cannot_be_shown() -> None:
    with pytest.raises(UntranslatableError):
        RESPONSES.render_reply(reply(Image("image/png", "AAAA")))


def test_what_is_written_to_a_cache_for_an_hour_is_told_apart() -> None:
    said = {
        "input_tokens": 10,
        "output_tokens": 2,
        "cache_creation_input_tokens": 700,
        "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 500},
    }
    usage = anthropic_usage(said)
    assert usage == Usage(710, 2, 0, 700, 0, cache_write_long=500)
    assert anthropic_usage({"output_tokens": 9}, usage) == replace(usage, output=9)
    body = {
        "inputTokens": 10,
        "outputTokens": 2,
        "cacheWriteInputTokens": 700,
        "cacheDetails": [{"ttl": "5m", "inputTokens": 200}, {"ttl": "1h", "inputTokens": 500}, 3],
    }
    assert bedrock_usage(body) == usage
