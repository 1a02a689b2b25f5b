"""An OpenAI-compatible server: chat completions, embeddings, models."""

from __future__ import annotations

import base64
import json
import re
import struct
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.gateway.upstreams.server import Emulator, json_answer, stream


@dataclass
class OpenAIEmulator(Emulator):
    """Repeats what it was told. ``header`` is where the key stands (``api-key`` at Azure)."""

    key: str = "sk-test-0123456789"
    header: str = "authorization"

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        given = request.headers.get(self.header, "").removeprefix("Bearer ")
        if given != self.key:
            # OpenAI says part of the key; careless servers say all of it.
            return _error(401, f"Incorrect API key provided: {given}.", "invalid_api_key")
        path = request.path
        if path.endswith("/models"):
            return json_answer({"object": "list", "data": [{"id": "echo", "object": "model"}]})
        try:
            asked = json.loads(body)
        except ValueError:
            return _error(400, "We could not parse the JSON body of your request.", None)
        if path.endswith("/embeddings"):
            return json_answer(_embeddings(asked))
        if not path.endswith("/chat/completions"):
            return _error(404, f"Invalid URL ({request.method} {path})", None)
        if not asked.get("messages"):
            return _error(400, "Missing required parameter: 'messages'.", "missing")
        if asked.get("stream"):
            return await stream(request, _pieces(asked))
        return json_answer(_whole(asked), x_request_id="req_1", set_cookie="a=b")


def said(asked: dict[str, Any]) -> str:
    content = asked["messages"][-1]["content"]
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    return f"You said: {content}"


def words(text: str) -> list[str]:
    """The text in pieces, as a stream brings it."""
    return re.findall(r"\S+\s*", text)


def _usage(text: str) -> dict[str, int]:
    return {"prompt_tokens": 7, "completion_tokens": len(text), "total_tokens": 7 + len(text)}


def _whole(asked: dict[str, Any]) -> dict[str, Any]:
    text = said(asked)
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": asked.get("model", "echo"),
        "choices": [choice],
        "usage": _usage(text),
    }


def _pieces(asked: dict[str, Any]) -> list[bytes]:
    text = said(asked)
    deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": ""}, None)]
    deltas += [({"content": word}, None) for word in words(text)]
    deltas.append(({}, "stop"))
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000}
    head["model"] = asked.get("model", "echo")
    chunks = [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        for delta, reason in deltas
    ]
    if asked.get("stream_options", {}).get("include_usage"):
        chunks.append({**head, "choices": [], "usage": _usage(text)})
    return [
        *(b"data: " + json.dumps(one).encode() + b"\n\n" for one in chunks),
        b"data: [DONE]\n\n",
    ]


def _embeddings(asked: dict[str, Any]) -> dict[str, Any]:
    inputs = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    data = [
        {
            "object": "embedding",
            "index": i,
            "embedding": _vector(asked, [float(len(str(text))), 0.5]),
        }
        for i, text in enumerate(inputs)
    ]
    usage = {"prompt_tokens": len(inputs), "total_tokens": len(inputs)}
    return {"object": "list", "data": data, "model": asked.get("model"), "usage": usage}


def _vector(asked: dict[str, Any], numbers: list[float]) -> list[float] | str:
    """OpenAI's own client asks for base64."""
    if asked.get("encoding_format") != "base64":
        return numbers
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def _error(status: int, message: str, code: str | None) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return json_answer({"error": error}, status)
