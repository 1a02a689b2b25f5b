"""A server that speaks Anthropic's Messages API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.gateway.upstreams.openai import said, words
from tests.gateway.upstreams.server import Emulator, json_answer, stream


@dataclass
class AnthropicEmulator(Emulator):
    """Repeats what it was told."""

    key: str = "sk-ant-test-0123456789"

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.headers.get("x-api-key") != self.key:
            given = request.headers.get("x-api-key", "")
            return _error(401, "authentication_error", f"invalid x-api-key {given}")
        if "anthropic-version" not in request.headers:
            return _error(400, "invalid_request_error", "anthropic-version: header is required")
        if request.path.endswith("/models"):
            return json_answer({"data": [{"type": "model", "id": "echo"}], "has_more": False})
        if not request.path.endswith("/messages"):
            return _error(404, "not_found_error", "Not found")
        asked = json.loads(body)
        for name in ("model", "max_tokens", "messages"):
            if name not in asked:
                return _error(400, "invalid_request_error", f"{name}: Field required")
        if asked.get("stream"):
            return await stream(request, _pieces(asked))
        return json_answer(_whole(asked), request_id="req_1")


def _whole(asked: dict[str, Any]) -> dict[str, Any]:
    text = said(asked)
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": len(text)},
    }


def _pieces(asked: dict[str, Any]) -> list[bytes]:
    text = said(asked)
    start = {**_whole(asked), "content": [], "stop_reason": None}
    start["usage"] = {"input_tokens": 7, "output_tokens": 1}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
    ]
    for word in words(text):
        delta = {"type": "text_delta", "text": word}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    usage = {"output_tokens": len(text)}
    events += [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ended, "usage": usage},
        {"type": "message_stop"},
    ]
    return [f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in events]


def _error(status: int, kind: str, message: str) -> web.Response:
    return json_answer({"type": "error", "error": {"type": kind, "message": message}}, status)
