"""Streams that are not as smooth as the examples."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.conversation import Opaque, Text, Thinking, ToolCall, UntranslatableError
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.events import (
    Broken,
    Counted,
    Ended,
    Event,
    OpaquePiece,
    Started,
    Stopped,
    TextPiece,
    ThinkingPiece,
    ToolBegan,
    ToolPiece,
)
from sensorium.gateway.failure import FailureKind
from sensorium.gateway.reply import Stop, Usage
from tests.gateway.dialects.examples.streams import anthropic, chat, chunk, tool
from tests.gateway.dialects.streams import collected, events_of, frames_of, raw_of, written

ALL = sorted(DIALECTS)
each = pytest.mark.parametrize("name", ALL)


def chat_events(*deltas: dict[str, Any], finish: str = "tool_calls") -> list[Event]:
    return events_of("openai_chat", raw_of("openai_chat", chat(*deltas, finish=finish)))


INTERLEAVED = [
    tool(0, "call_a", "traffic"),
    tool(1, "call_b", "hosts"),
    tool(0, arguments='{"a":'),
    tool(1, arguments='{"b"'),
    {"content": "Meanwhile."},
    tool(0, arguments="1}"),
    tool(1, arguments=": 2}"),
    tool(2, "call_c", "hosts"),
]


@each
def test_mixed_calls_come_out_whole(name: str) -> None:
    events = chat_events(*INTERLEAVED)
    assert [type(event) for event in events[1:6]] == [
        ToolBegan,
        ToolBegan,
        ToolPiece,
        ToolPiece,
        TextPiece,
    ]
    again = collected(events_of(name, written(name, events)))
    assert again["texts"] == {0: "Meanwhile."}
    assert list(again["calls"].values()) == [
        ("call_a", "traffic", {"a": 1}),
        ("call_b", "hosts", {"b": 2}),
        ("call_c", "hosts", {}),
    ]


def test_blocks_of_anthropic_never_overlap() -> None:
    open_at = None
    for frame in frames_of(written("anthropic", chat_events(*INTERLEAVED))):
        if frame["type"] == "content_block_start":
            assert open_at is None
            open_at = frame["index"]
        elif frame["type"].startswith("content_block_"):
            assert frame["index"] == open_at
            open_at = None if frame["type"] == "content_block_stop" else open_at
    assert open_at is None


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), max_size=30), st.data())
def test_calls_mixed_in_any_way_come_out_whole(cuts: list[tuple[int, int]], data: Any) -> None:
    texts = {n: json.dumps({"n": n, "text": 'ä\\ud83d"{}' * n}) for n in range(3)}
    left = dict(texts)
    deltas = [tool(n, f"call_{n}", f"f{n}") for n in range(3)]
    for n, size in [*cuts, (0, 999), (1, 999), (2, 999)]:
        if left[n]:
            deltas.append(tool(n, arguments=left[n][:size]))
            left[n] = left[n][size:]
    name = data.draw(st.sampled_from(ALL))
    again = collected(events_of(name, written(name, chat_events(*deltas))))
    assert [call[2] for call in again["calls"].values()] == [json.loads(texts[n]) for n in range(3)]


def test_a_call_without_a_piece_is_written_with_an_empty_object() -> None:
    """Callers read what they collected as JSON."""
    began = [Started("a", "m"), ToolBegan(0, "call_a", "f"), ToolBegan(1, "call_b", "g")]
    events = [*began, ToolPiece(1, '{"n":1}'), Stopped(Stop.TOOL), Ended()]
    texts = {0: "", 1: ""}
    for frame in frames_of(written("openai_chat", events, usage=False))[:-1]:
        for call in frame["choices"][0]["delta"].get("tool_calls", ()):
            texts[call["index"]] += call["function"]["arguments"]
    assert texts == {0: "{}", 1: '{"n":1}'}
    last = frames_of(written("openai_responses", events))[-1]
    assert [item["arguments"] for item in last["response"]["output"]] == ["{}", '{"n":1}']


def test_calls_without_an_index_or_with_the_same_are_told_apart() -> None:
    def call(**fields: Any) -> dict[str, Any]:
        return {"tool_calls": [fields]}

    whole = {"name": "f", "arguments": '{"n":1}'}
    for deltas in (
        # Some servers send each call whole, all with the index 0.
        [
            call(index=0, id="a", type="function", function=whole),
            call(index=0, id="b", type="function", function=whole),
        ],
        # Others leave the index out, and the id after the first piece.
        [
            {"tool_calls": [{"id": "a", "function": whole}, {"id": "b", "function": whole}]},
        ],
        # Others repeat the id in every piece.
        [
            call(index=0, id="a", function={"name": "f", "arguments": '{"n"'}),
            call(index=0, id="a", function={"arguments": ":1}"}),
            call(index=1, id="b", function=whole),
        ],
    ):
        found = collected(chat_events(*deltas))["calls"]
        assert list(found.values()) == [("a", "f", {"n": 1}), ("b", "f", {"n": 1})]


def test_half_a_surrogate_pair_waits_for_its_other_half() -> None:
    def frame(text: str) -> bytes:
        return b"data: " + json.dumps(chunk({"content": text})).encode() + b"\n\n"

    stream = frame("a\ud83d") + frame("\ude00b") + frame("\ud83d") + frame("c")
    end = raw_of("openai_chat", [chunk({}, "stop"), "[DONE]"])
    events = events_of("openai_chat", stream + end)
    assert collected(events)["texts"] == {0: "a😀b\ufffdc"}
    assert isinstance(events[-1], Ended)
    for name in ALL:
        assert written(name, events)


def test_several_answers_are_kept_apart() -> None:
    frames: list[Any] = []
    for index, text in ((0, "a"), (1, "b"), (0, "c"), (1, "d")):
        frame = chunk({"content": text})
        frame["choices"][0]["index"] = index
        frames.append(frame)
    for index in (1, 0):
        frame = chunk({}, "stop")
        frame["choices"][0]["index"] = index
        frames.append(frame)
    events = events_of("openai_chat", raw_of("openai_chat", [*frames, "[DONE]"]))
    assert collected(events)["texts"] == {0: "ac", 1: "bd"}
    for name in ("openai_chat", "gemini"):
        assert collected(events_of(name, written(name, events)))["texts"] == {0: "ac", 1: "bd"}
    for name in ("anthropic", "bedrock", "openai_responses"):
        with pytest.raises(UntranslatableError):
            written(name, events)


def test_what_compatible_servers_send_beside_is_no_trouble() -> None:
    azure = {"id": "", "model": "", "object": "", "choices": [], "prompt_filter_results": []}
    nulls = chunk({"role": "assistant", "content": None, "tool_calls": None, "refusal": None})
    frames = [azure, nulls, chunk({"content": "a"}), chunk({}, "stop"), chunk({}, "stop")]
    stream = b": keep-alive\n\n" + raw_of("openai_chat", frames) + b"data: [DONE]"
    events = events_of("openai_chat", stream + b"\n")
    assert events == [
        Started("answer-1", "model-1", 1_790_000_000),
        TextPiece("a"),
        Stopped(Stop.END),
        Ended(),
    ]


def test_an_answer_that_goes_on_after_its_end_is_broken() -> None:
    frames = [chunk({"content": "a"}), chunk({}, "stop"), chunk({"content": "b"}), "[DONE]"]
    events = events_of("openai_chat", raw_of("openai_chat", frames))
    assert isinstance(events[-1], Broken)
    assert events[-1].failure.kind is FailureKind.PROTOCOL


def test_a_refusal_in_a_stream_is_one_at_its_end() -> None:
    events = chat_events({"refusal": "I can"}, {"refusal": "not."}, finish="stop")
    assert collected(events)["texts"] == {0: "I cannot."}
    assert collected(events)["ends"] == [(0, Stop.REFUSAL)]
    assert b'"stop_reason":"refusal"' in written("anthropic", events)
    assert b'"finish_reason":"content_filter"' in written("openai_chat", events)


@pytest.mark.parametrize("usage", [True, False])
def test_usage_is_written_to_openai_s_callers_who_asked_for_it(usage: bool) -> None:
    events = chat_events({"content": "a"}, finish="stop")
    frames = frames_of(written("openai_chat", events, usage=usage))
    assert frames[-1] == "[DONE]"
    assert [bool(frame.get("usage")) for frame in frames[:-1]].count(True) == usage
    if usage:
        assert frames[-2]["choices"] == []
        assert frames[-2]["usage"]["total_tokens"] == 42
        assert all(frame["usage"] is None for frame in frames[:-2])


def test_anthropic_s_cumulative_counts_are_joined() -> None:
    events = events_of("anthropic", raw_of("anthropic", anthropic(stop="end_turn")))
    counted = [event.usage for event in events if isinstance(event, Counted)]
    assert counted == [Usage(input=30, output=12, cache_read=10)]


def test_a_citation_stays_with_its_dialect() -> None:
    value = {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "citations_delta", "citation": {"type": "page_location"}},
    }
    frames = anthropic(
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        value,
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}},
        {"type": "content_block_stop", "index": 0},
        stop="end_turn",
    )
    events = events_of("anthropic", raw_of("anthropic", frames))
    assert OpaquePiece("anthropic", value) in events
    text_first = [event for event in events if not isinstance(event, OpaquePiece)]
    text_first.insert(2, OpaquePiece("anthropic", value))
    assert value in frames_of(written("anthropic", text_first))
    for name in set(ALL) - {"anthropic"}:
        with pytest.raises(UntranslatableError):
            written(name, events)


@pytest.mark.parametrize("door", ["openai_chat", "openai_responses", "anthropic"])
def test_a_gemini_signature_comes_back_through_every_door(door: str) -> None:
    """What a caller keeps of a streamed answer and sends in its next turn."""
    events: list[Event] = [
        Started("a1", "gemini-3-pro"),
        ThinkingPiece("hm"),
        ThinkingPiece("", "gemini:SIGN=="),
        ToolBegan(0, "call_a", "hosts"),
        ToolPiece(0, "{}"),
        Stopped(Stop.TOOL),
        Counted(Usage(1, 1)),
        Ended(),
    ]
    frames = frames_of(written(door, events))
    tools: list[dict[str, Any]]
    if door == "openai_chat":
        deltas = [frame["choices"][0]["delta"] for frame in frames[:-2]]
        blocks = [block for delta in deltas for block in delta.get("thinking_blocks", ())]
        call = {"id": "call_a", "type": "function", "function": {"name": "hosts", "arguments": ""}}
        said = {"role": "assistant", "tool_calls": [call], "thinking_blocks": blocks}
        tools = [{"type": "function", "function": {"name": "hosts"}}]
        body: dict[str, Any] = {"messages": [{"role": "user", "content": "a"}, said]}
    elif door == "openai_responses":
        tools = [{"type": "function", "name": "hosts"}]
        body = {"input": [{"role": "user", "content": "a"}, *frames[-1]["response"]["output"]]}
    else:
        blocks = [frame["content_block"] for frame in frames if "content_block" in frame]
        signatures = [
            frame["delta"]["signature"] for frame in frames if "signature" in frame.get("delta", {})
        ]
        thinking = {"type": "thinking", "thinking": "hm", "signature": signatures[0]}
        tools = [{"name": "hosts", "input_schema": {}}]
        content = [thinking, *(block for block in blocks if block["type"] == "tool_use")]
        turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": content}]
        body = {"messages": turns, "max_tokens": 5}
    conversation = DIALECTS[door].parse_request({"model": "gemini-3-pro", "tools": tools, **body})
    kept = [part for message in conversation.messages for part in message.parts]
    assert [part.signature for part in kept if isinstance(part, Thinking)] == ["gemini:SIGN=="]
    assert any(isinstance(part, ToolCall) for part in kept)
    parts = DIALECTS["gemini"].render_request(conversation)["contents"][1]["parts"]
    call_part = next(part for part in parts if "functionCall" in part)
    assert call_part["thoughtSignature"] == "SIGN=="
    # To another provider the signature would be noise, or an error.
    assert "SIGN==" not in json.dumps(DIALECTS["bedrock"].render_request(conversation))


@pytest.mark.parametrize("door", ["openai_chat", "anthropic"])
def test_redacted_reasoning_comes_back_to_anthropic(door: str) -> None:
    frames = anthropic(
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "redacted_thinking", "data": "HIDDEN=="},
        },
        {"type": "content_block_stop", "index": 0},
        stop="end_turn",
    )
    events = events_of("anthropic", raw_of("anthropic", frames))
    out = frames_of(written(door, events))
    if door == "anthropic":
        block = next(frame["content_block"] for frame in out if "content_block" in frame)
        assert block == {"type": "redacted_thinking", "data": "HIDDEN=="}
        return
    blocks = [
        block
        for frame in out[:-1]
        for choice in frame["choices"]
        for block in choice["delta"].get("thinking_blocks", ())
    ]
    said = {"role": "assistant", "content": "b", "thinking_blocks": blocks}
    conversation = DIALECTS[door].parse_request(
        {"model": "m", "messages": [{"role": "user", "content": "a"}, said]}
    )
    content = DIALECTS["anthropic"].render_request(conversation)["messages"][1]["content"]
    assert content[0] == {"type": "redacted_thinking", "data": "HIDDEN=="}


def test_gemini_s_stream_is_whole_only_when_every_candidate_is() -> None:
    def answer(index: int, **more: Any) -> dict[str, Any]:
        content = {"role": "model", "parts": [{"text": "a"}]}
        return {"candidates": [{"content": content, "index": index, **more}], "responseId": "r"}

    half = raw_of("gemini", [answer(0), answer(1), answer(0, finishReason="STOP")])
    assert isinstance(events_of("gemini", half)[-1], Broken)
    assert isinstance(
        events_of("gemini", half + raw_of("gemini", [answer(1, finishReason="SAFETY")]))[-1], Ended
    )


def test_gemini_s_calls_without_an_id_get_one_that_is_not_sent_back() -> None:
    part = {"functionCall": {"name": "hosts", "args": {}}}
    frame = {
        "responseId": "r",
        "candidates": [{"content": {"parts": [part, part]}, "finishReason": "STOP"}],
    }
    events = events_of("gemini", raw_of("gemini", [frame]))
    calls = list(collected(events)["calls"].values())
    assert len({identity for identity, _, _ in calls}) == 2
    reply = DIALECTS["gemini"].parse_reply(frame)
    ids = [part.id for part in reply.answers[0].parts if isinstance(part, ToolCall)]
    assert len(set(ids)) == 2
    assert all(len(one) <= 40 for one in ids)
    body = DIALECTS["gemini"].render_reply(reply)
    assert all("id" not in one["functionCall"] for one in body["candidates"][0]["content"]["parts"])


def test_content_in_parts_is_reasoning_and_text_streamed_and_whole() -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Let me "}]}
    more = {"type": "thinking", "thinking": [{"type": "text", "text": "see."}]}
    text = {"type": "text", "text": "Three."}
    cited = {"type": "reference", "reference_ids": [1]}

    def piece(*parts: Any, reason: str | None = None) -> dict[str, Any]:
        delta = {"content": list(parts)}
        return {"id": "a", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    frames = [piece(thought), piece(more, text), piece(cited, reason="stop"), "[DONE]"]
    found = collected(events_of("openai_chat", raw_of("openai_chat", frames)))
    assert found["thoughts"] == {0: "Let me see."}
    assert found["texts"] == {0: "Three."}
    assert found["ends"] == ["OpaquePiece", (0, Stop.END)]

    message = {"role": "assistant", "content": [thought, text]}
    body = {"id": "a", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    reply = DIALECTS["openai_chat"].parse_reply(body)
    assert reply.answers[0].parts == (Thinking("Let me "), Text("Three."))
    blocks = DIALECTS["anthropic"].render_reply(reply)["content"]
    assert [block["type"] for block in blocks] == ["thinking", "text"]
    odd = {"type": "thinking", "thinking": {"of": "another shape"}}
    message["content"] = [odd]
    (part,) = DIALECTS["openai_chat"].parse_reply(body).answers[0].parts
    assert part == Opaque("openai_chat", odd)
