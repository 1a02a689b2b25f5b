"""The same answers as each dialect writes them."""

from __future__ import annotations

from typing import Any

ID = "answer-1"
MODEL = "model-1"
CREATED = 1_790_000_000


def chat(message: dict[str, Any], finish: str) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": {"role": "assistant", **message, "refusal": None},
        "finish_reason": finish,
        "logprobs": None,
    }
    return {
        "id": ID,
        "object": "chat.completion",
        "created": CREATED,
        "model": MODEL,
        "choices": [choice],
        "usage": {
            "prompt_tokens": 30,
            "completion_tokens": 12,
            "total_tokens": 42,
            "prompt_tokens_details": {"cached_tokens": 10},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def responses(output: list[dict[str, Any]], incomplete: str = "") -> dict[str, Any]:
    return {
        "id": f"resp_{ID}",
        "object": "response",
        "created_at": CREATED,
        "status": "incomplete" if incomplete else "completed",
        "error": None,
        "incomplete_details": {"reason": incomplete} if incomplete else None,
        "instructions": None,
        "metadata": {},
        "model": MODEL,
        "output": output,
        "parallel_tool_calls": True,
        "temperature": None,
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "usage": {
            "input_tokens": 30,
            "input_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 0},
            "output_tokens": 12,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 42,
        },
    }


def message(text: str) -> dict[str, Any]:
    return {
        "type": "message",
        "id": f"msg_{ID}_0",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }


def call(index: int, identity: str, name: str, arguments: str) -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": f"fc_{ID}_{index}",
        "call_id": identity,
        "name": name,
        "arguments": arguments,
        "status": "completed",
    }


def anthropic(content: list[dict[str, Any]], stop: str) -> dict[str, Any]:
    return {
        "id": ID,
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 20,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 10,
            "output_tokens": 12,
        },
    }


def gemini(parts: list[dict[str, Any]], finish: str) -> dict[str, Any]:
    return {
        "candidates": [
            {"content": {"role": "model", "parts": parts}, "finishReason": finish, "index": 0}
        ],
        "usageMetadata": {
            "promptTokenCount": 30,
            "candidatesTokenCount": 12,
            "totalTokenCount": 42,
            "cachedContentTokenCount": 10,
        },
        "modelVersion": MODEL,
        "responseId": ID,
    }


def bedrock(content: list[dict[str, Any]], stop: str) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop,
        "metrics": {"latencyMs": 0},
        "usage": {
            "inputTokens": 20,
            "outputTokens": 12,
            "totalTokens": 42,
            "cacheReadInputTokens": 10,
        },
    }


def all_of(text: str, stops: dict[str, str]) -> dict[str, dict[str, Any]]:
    return {
        "openai_chat": chat({"content": text}, stops["openai_chat"]),
        "openai_responses": responses([message(text)], stops["openai_responses"]),
        "anthropic": anthropic([{"type": "text", "text": text}], stops["anthropic"]),
        "gemini": gemini([{"text": text}], stops["gemini"]),
        "bedrock": bedrock([{"text": text}], stops["bedrock"]),
    }


TEXT = all_of(
    "„edge-1“ – 😀",
    {
        "openai_chat": "stop",
        "openai_responses": "",
        "anthropic": "end_turn",
        "gemini": "STOP",
        "bedrock": "end_turn",
    },
)
CUT = all_of(
    "edge-1 is lou",
    {
        "openai_chat": "length",
        "openai_responses": "max_output_tokens",
        "anthropic": "max_tokens",
        "gemini": "MAX_TOKENS",
        "bedrock": "max_tokens",
    },
)
TOOLS: dict[str, dict[str, Any]] = {
    "openai_chat": chat(
        {
            "content": "I look.",
            "tool_calls": [
                {
                    "id": "call_a",
                    "type": "function",
                    "function": {"name": "traffic", "arguments": '{"host":"ä","n":[1,null]}'},
                },
                {
                    "id": "call_b",
                    "type": "function",
                    "function": {"name": "hosts", "arguments": "{}"},
                },
            ],
        },
        "tool_calls",
    ),
    "openai_responses": responses(
        [
            message("I look."),
            call(1, "call_a", "traffic", '{"host":"ä","n":[1,null]}'),
            call(2, "call_b", "hosts", "{}"),
        ]
    ),
    "anthropic": anthropic(
        [
            {"type": "text", "text": "I look."},
            {
                "type": "tool_use",
                "id": "call_a",
                "name": "traffic",
                "input": {"host": "ä", "n": [1, None]},
            },
            {"type": "tool_use", "id": "call_b", "name": "hosts", "input": {}},
        ],
        "tool_use",
    ),
    "gemini": gemini(
        [
            {"text": "I look."},
            {
                "functionCall": {
                    "id": "call_a",
                    "name": "traffic",
                    "args": {"host": "ä", "n": [1, None]},
                }
            },
            {"functionCall": {"id": "call_b", "name": "hosts", "args": {}}},
        ],
        "STOP",
    ),
    "bedrock": bedrock(
        [
            {"text": "I look."},
            {
                "toolUse": {
                    "toolUseId": "call_a",
                    "name": "traffic",
                    "input": {"host": "ä", "n": [1, None]},
                }
            },
            {"toolUse": {"toolUseId": "call_b", "name": "hosts", "input": {}}},
        ],
        "tool_use",
    ),
}

REPLIES = {"text": TEXT, "cut": CUT, "tools": TOOLS}
