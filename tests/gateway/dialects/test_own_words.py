"""What only one dialect can say: it says all of it again, and no other says a word of it."""

from __future__ import annotations

from typing import Any

import pytest

from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialects import wire
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.events import Ended, OpaquePiece
from tests.gateway.dialects.examples.streams import bedrock, responses
from tests.gateway.dialects.streams import events_of, frames_of, raw_of, written

ALL = sorted(DIALECTS)
BODIES: dict[str, list[dict[str, Any]]] = {
    "openai_chat": [
        {
            "model": "m",
            "messages": [
                {
                    "role": "user",
                    "name": "ann",
                    "content": [
                        {"type": "text", "text": "a", "cache": 1},
                        {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
                        {"type": "file", "file": {"file_id": "f"}},
                        {
                            "type": "image_url",
                            "image_url": {"url": "https://example.org/a", "detail": "high"},
                        },
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"type": "refusal", "refusal": "no"},
                        {"type": "text", "text": "b"},
                    ],
                    "audio": {"id": "au"},
                    "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "x"}}],
                },
                {"role": "assistant", "content": None, "refusal": "I cannot."},
            ],
            "tools": [{"type": "custom", "custom": {"name": "x"}}],
            "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto"}},
            "response_format": {"type": "grammar", "grammar": "root ::= x"},
            "stop": ["x"],
            "n": 2,
            "logit_bias": {"1": 2},
            "stream": True,
        },
        {
            "model": "m",
            "messages": [{"role": "user", "content": "a"}],
            "response_format": {"type": "json_object"},
            "tools": [
                {
                    "type": "function",
                    "function": {"name": "f", "strict": False, "parameters": {"type": "object"}},
                }
            ],
        },
    ],
    "openai_responses": [
        {
            "model": "m",
            "input": [
                {
                    "type": "message",
                    "role": "developer",
                    "content": [{"type": "input_file", "file_id": "f"}],
                },
                {
                    "type": "message",
                    "id": "msg_1",
                    "role": "assistant",
                    "status": "completed",
                    "content": [{"type": "refusal", "refusal": "no"}],
                },
                {"type": "web_search_call", "id": "ws_1", "status": "completed"},
                {
                    "type": "function_call_output",
                    "call_id": "c",
                    "output": [{"type": "input_image", "file_id": "f"}],
                    "status": "completed",
                },
            ],
            "tools": [{"type": "web_search"}],
            "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": []},
            "text": {"format": {"type": "grammar", "syntax": "lark"}, "verbosity": "low"},
            "reasoning": {"effort": "low", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
        },
        {
            "model": "m",
            "input": [{"type": "message", "role": "user", "content": "a"}],
            "text": {"format": {"type": "json_object"}},
            "tools": [{"type": "function", "name": "f", "parameters": None, "defer_loading": True}],
        },
    ],
    "anthropic": [
        {
            "model": "m",
            "max_tokens": 5,
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "source": {"type": "file", "file_id": "f"}},
                        {"type": "document", "source": {"type": "text", "data": "x"}},
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "hm", "signature": "S"},
                        {"type": "redacted_thinking", "data": "R"},
                        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
                    ],
                },
            ],
            "tools": [{"type": "bash_20250124", "name": "bash"}],
            "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
            "output_config": {"format": {"type": "regex", "pattern": "x"}, "task_budget": 1},
            "thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"},
            "service_tier": "auto",
        }
    ],
    "gemini": [
        {
            "contents": [
                {
                    "role": "user",
                    "parts": [
                        {"text": "a", "videoMetadata": {"fps": 1}},
                        {"inlineData": {"mimeType": "audio/wav", "data": "AA"}},
                        {"fileData": {"mimeType": "image/png", "fileUri": "gs://b/a.png"}},
                    ],
                },
                {
                    "role": "model",
                    "parts": [
                        {"text": "hm", "thought": True, "thoughtSignature": "S"},
                        {"executableCode": {"language": "PYTHON", "code": "1"}},
                        {
                            "functionCall": {"id": "c", "name": "f", "args": {"n": 1}},
                            "thoughtSignature": "T",
                        },
                    ],
                },
                {
                    "role": "user",
                    "parts": [
                        {"functionResponse": {"id": "c", "name": "f", "response": {"rows": [1]}}}
                    ],
                },
            ],
            "tools": [
                {"functionDeclarations": [{"name": "f", "behavior": "BLOCKING"}]},
                {"googleSearch": {}},
            ],
            "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED"}},
            "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
            "generationConfig": {
                "topK": 3,
                "responseMimeType": "text/x.enum",
                "responseJsonSchema": {"enum": ["a"]},
                "thinkingConfig": {"thinkingBudget": -1, "includeThoughts": True},
            },
        }
    ],
    "bedrock": [
        {
            "system": [{"text": "a"}, {"cachePoint": {"type": "default"}}],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"document": {"name": "d", "source": {"text": "x"}}},
                        {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/a"}}}},
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "S"}}},
                        {"reasoningContent": {"redactedContent": "UkVE"}},
                        {"toolUse": {"toolUseId": "c", "name": "f", "input": {}}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "toolResult": {
                                "toolUseId": "c",
                                "content": [{"json": {"n": 1}}],
                                "status": "error",
                            }
                        }
                    ],
                },
            ],
            "toolConfig": {
                "tools": [
                    {
                        "toolSpec": {
                            "name": "f",
                            "inputSchema": {"json": {"type": "object"}},
                            "strict": True,
                        }
                    },
                    {"cachePoint": {"type": "default"}},
                ],
                "toolChoice": {"auto": {}},
            },
            "inferenceConfig": {"maxTokens": 5},
            "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
            "additionalModelRequestFields": {"top_k": 3},
        }
    ],
}


@pytest.mark.parametrize(
    ("name", "body"), [(name, body) for name, bodies in BODIES.items() for body in bodies]
)
def test_a_dialect_says_all_of_its_own_words_again(name: str, body: dict[str, Any]) -> None:
    dialect = DIALECTS[name]
    assert dialect.render_request(dialect.parse_request(body)) == body


@pytest.mark.parametrize("name", ALL)
def test_no_other_dialect_drops_them_in_silence(name: str) -> None:
    conversation = DIALECTS[name].parse_request({"model": "m", **BODIES[name][0]})
    for other in set(ALL) - {name}:
        with pytest.raises(UntranslatableError):
            DIALECTS[other].render_request(conversation)


def test_a_server_side_tool_of_responses_is_streamed_on() -> None:
    item = {"type": "web_search_call", "id": "ws_1", "status": "in_progress"}
    frames = responses(
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.web_search_call.searching", "output_index": 0, "item_id": "ws_1"},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
    )
    events = events_of("openai_responses", raw_of("openai_responses", frames))
    assert sum(isinstance(event, OpaquePiece) for event in events) == 3
    again = frames_of(written("openai_responses", events))
    assert [frame["type"] for frame in again] == [frame["type"] for frame in frames]
    assert again[-1]["response"]["output"] == [item]
    for other in set(ALL) - {"openai_responses"}:
        with pytest.raises(UntranslatableError):
            written(other, events)


def test_a_server_side_tool_of_bedrock_is_streamed_on() -> None:
    use = {"toolUseId": "t", "name": "web", "type": "server_tool_use"}
    frames = bedrock(
        ("contentBlockStart", {"start": {"toolUse": use}, "contentBlockIndex": 0}),
        ("contentBlockDelta", {"delta": {"toolUse": {"input": "{}"}}, "contentBlockIndex": 0}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        (
            "contentBlockDelta",
            {"delta": {"reasoningContent": {"redactedContent": "UkVE"}}, "contentBlockIndex": 1},
        ),
        ("contentBlockStop", {"contentBlockIndex": 1}),
        stop="end_turn",
    )
    events = events_of("bedrock", raw_of("bedrock", frames))
    assert isinstance(events[-1], Ended)
    again = frames_of(written("bedrock", events))
    assert [frame["payload"] for frame in again[:-1]] == [frame["payload"] for frame in frames[:-1]]
    with pytest.raises(UntranslatableError):
        written("anthropic", events)


def test_json_with_half_a_surrogate_pair_is_read() -> None:
    text = b'{"a": ["\\ud83d\\ude00", "\\ud83d"], "n": 123456789012345678901234567890}'
    found = wire.loads(text)
    assert found["a"] == ["😀", "\ufffd"]
    assert wire.dumps(found)
    for bad in (b"", b"{", b'{"\\u"', b'["\\ud83d", NaN]', b"[" * 100_000 + b'"\\u0020"'):
        with pytest.raises(wire.NotJsonError):
            wire.loads(bad)
