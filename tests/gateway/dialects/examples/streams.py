"""The same streams as each provider sends them, one value for each frame."""

from __future__ import annotations

from typing import Any

ID = "answer-1"
MODEL = "model-1"

USAGE = {
    "openai_chat": {
        "prompt_tokens": 30,
        "completion_tokens": 12,
        "total_tokens": 42,
        "prompt_tokens_details": {"cached_tokens": 10},
    },
    "openai_responses": {
        "input_tokens": 30,
        "input_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 0},
        "output_tokens": 12,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 42,
    },
    "gemini": {
        "promptTokenCount": 30,
        "candidatesTokenCount": 12,
        "totalTokenCount": 42,
        "cachedContentTokenCount": 10,
    },
    "bedrock": {
        "inputTokens": 20,
        "outputTokens": 12,
        "totalTokens": 42,
        "cacheReadInputTokens": 10,
    },
}


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": MODEL,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **more,
    }


def chat(*deltas: dict[str, Any], finish: str) -> list[Any]:
    counted = {**chunk({}), "choices": [], "usage": USAGE["openai_chat"]}
    first = chunk({"role": "assistant", "content": ""})
    return [first, *map(chunk, deltas), chunk({}, finish), counted, "[DONE]"]


def tool(index: int, identity: str = "", name: str = "", arguments: str = "") -> dict[str, Any]:
    call: dict[str, Any] = {"index": index, "function": {"arguments": arguments}}
    if identity:
        call |= {"id": identity, "type": "function"}
        call["function"]["name"] = name
    return {"tool_calls": [call]}


def responses(*events: dict[str, Any]) -> list[Any]:
    response = {"id": f"resp_{ID}", "model": MODEL, "created_at": 1_790_000_000, "output": []}
    done = {**response, "status": "completed", "usage": USAGE["openai_responses"]}
    all_of = [
        {"type": "response.created", "response": response},
        {"type": "response.in_progress", "response": response},
        *events,
        {"type": "response.completed", "response": done},
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(all_of)]


def item(index: int, **fields: Any) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": index, "item": fields}


def done(index: int, **fields: Any) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": fields}


def more(kind: str, index: int, delta: str) -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "output_index": index, "delta": delta}


def anthropic(*events: dict[str, Any], stop: str) -> list[Any]:
    message = {
        "id": ID,
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 20, "cache_read_input_tokens": 10, "output_tokens": 1},
    }
    return [
        {"type": "message_start", "message": message},
        {"type": "ping"},
        *events,
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop, "stop_sequence": None},
            "usage": {"output_tokens": 12},
        },
        {"type": "message_stop"},
    ]


def block(index: int, begin: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": begin},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def gemini(*parts: list[dict[str, Any]], last: list[dict[str, Any]]) -> list[Any]:
    def answer(of: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
        candidate = {"content": {"role": "model", "parts": of}, "index": 0, **fields}
        return {"candidates": [candidate], "modelVersion": MODEL, "responseId": ID}

    end = {**answer(last, finishReason="STOP"), "usageMetadata": USAGE["gemini"]}
    return [*map(answer, parts), end]


def bedrock(*events: tuple[str, dict[str, Any]], stop: str) -> list[Any]:
    all_of = [
        ("messageStart", {"role": "assistant"}),
        *events,
        ("messageStop", {"stopReason": stop}),
        ("metadata", {"usage": USAGE["bedrock"], "metrics": {"latencyMs": 5}}),
    ]
    return [{"event-type": name, "payload": payload} for name, payload in all_of]


def within(index: int, *deltas: dict[str, Any], start: Any = None) -> list[tuple[str, Any]]:
    begin = [("contentBlockStart", {"start": start, "contentBlockIndex": index})] if start else []
    middle = [
        ("contentBlockDelta", {"delta": delta, "contentBlockIndex": index}) for delta in deltas
    ]
    return [*begin, *middle, ("contentBlockStop", {"contentBlockIndex": index})]


PIECES = ["„edge", "-1“ ", "Größe – ", "😀", "!"]
TEXT = {
    "openai_chat": chat(*({"content": piece} for piece in PIECES), finish="stop"),
    "openai_responses": responses(
        item(0, type="message", id="m", role="assistant", content=[]),
        *(more("output_text", 0, piece) for piece in PIECES),
        {"type": "response.output_text.done", "output_index": 0, "text": "".join(PIECES)},
        done(0, type="message", id="m", role="assistant", content=[]),
    ),
    "anthropic": anthropic(
        *block(
            0,
            {"type": "text", "text": ""},
            *({"type": "text_delta", "text": piece} for piece in PIECES),
        ),
        stop="end_turn",
    ),
    "gemini": gemini(*([{"text": piece}] for piece in PIECES), last=[]),
    "bedrock": bedrock(*within(0, *({"text": piece} for piece in PIECES)), stop="end_turn"),
}

TRAFFIC = ['{"host":', '"edge-\\u00e4', '","why":"', "\\ud83d\\", 'ude00"}']
DONE_A = {"type": "function_call", "id": "i", "call_id": "call_a", "name": "traffic"}
DONE_B = {"type": "function_call", "id": "j", "call_id": "call_b", "name": "hosts"}
# A word, a call in pieces with an escape cut in two, and a call without arguments.
TOOLS = {
    "openai_chat": chat(
        {"content": "I look."},
        tool(0, "call_a", "traffic"),
        *(tool(0, arguments=piece) for piece in TRAFFIC),
        tool(1, "call_b", "hosts"),
        tool(1, arguments="{}"),
        finish="tool_calls",
    ),
    "openai_responses": responses(
        item(0, type="message", id="m", role="assistant", content=[]),
        more("output_text", 0, "I look."),
        done(0, type="message", id="m", role="assistant", content=[]),
        item(1, **DONE_A, arguments=""),
        *(more("function_call_arguments", 1, piece) for piece in TRAFFIC),
        done(1, **DONE_A, arguments="".join(TRAFFIC)),
        item(2, **DONE_B, arguments=""),
        done(2, **DONE_B, arguments="{}"),
    ),
    "anthropic": anthropic(
        *block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "I look."}),
        *block(
            1,
            {"type": "tool_use", "id": "call_a", "name": "traffic", "input": {}},
            {"type": "input_json_delta", "partial_json": ""},
            *({"type": "input_json_delta", "partial_json": piece} for piece in TRAFFIC),
        ),
        *block(
            2,
            {"type": "tool_use", "id": "call_b", "name": "hosts", "input": {}},
            {"type": "input_json_delta", "partial_json": ""},
        ),
        stop="tool_use",
    ),
    "gemini": gemini(
        [{"text": "I look."}],
        [
            {
                "functionCall": {
                    "id": "call_a",
                    "name": "traffic",
                    "args": {"host": "edge-ä", "why": "😀"},
                }
            }
        ],
        last=[{"functionCall": {"id": "call_b", "name": "hosts", "args": {}}}],
    ),
    "bedrock": bedrock(
        *within(0, {"text": "I look."}),
        *within(
            1,
            *({"toolUse": {"input": piece}} for piece in TRAFFIC),
            start={"toolUse": {"toolUseId": "call_a", "name": "traffic"}},
        ),
        *within(
            2,
            {"toolUse": {"input": ""}},
            start={"toolUse": {"toolUseId": "call_b", "name": "hosts"}},
        ),
        stop="tool_use",
    ),
}

THOUGHTS = ["Is it ", "edge-1?"]
BLOCK = {"type": "thinking", "thinking": "Is it edge-1?", "signature": "SIGN=="}
# Signed reasoning before the text.
THINKING = {
    "openai_chat": chat(
        *({"reasoning_content": piece} for piece in THOUGHTS),
        {"thinking_blocks": [BLOCK]},
        {"content": "Yes."},
        finish="stop",
    ),
    "openai_responses": responses(
        item(0, type="reasoning", id="r", summary=[]),
        *(more("reasoning_summary_text", 0, piece) for piece in THOUGHTS),
        done(0, type="reasoning", id="r", summary=[], encrypted_content="SIGN=="),
        item(1, type="message", id="m", role="assistant", content=[]),
        more("output_text", 1, "Yes."),
        done(1, type="message", id="m", role="assistant", content=[]),
    ),
    "anthropic": anthropic(
        *block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            *({"type": "thinking_delta", "thinking": piece} for piece in THOUGHTS),
            {"type": "signature_delta", "signature": "SIGN=="},
        ),
        *block(1, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Yes."}),
        stop="end_turn",
    ),
    "gemini": gemini(
        *([{"text": piece, "thought": True}] for piece in THOUGHTS),
        [{"text": "Yes."}],
        last=[{"text": "", "thoughtSignature": "SIGN=="}],
    ),
    "bedrock": bedrock(
        *within(
            0,
            *({"reasoningContent": {"text": piece}} for piece in THOUGHTS),
            {"reasoningContent": {"signature": "SIGN=="}},
        ),
        *within(1, {"text": "Yes."}),
        stop="end_turn",
    ),
}

STREAMS: dict[str, dict[str, list[Any]]] = {"text": TEXT, "tools": TOOLS, "thinking": THINKING}
