"""A server that speaks Google's Gemini API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.gateway.upstreams.openai import words
from tests.gateway.upstreams.server import Emulator, json_answer, stream


@dataclass
class GeminiEmulator(Emulator):
    """Repeats what it was told."""

    key: str = "AIza-test-0123456789"

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        given = request.headers.get("x-goog-api-key", "")
        if given != self.key:
            return _error(400, "INVALID_ARGUMENT", f"API key not valid: {given}")
        if request.method == "GET" and request.path.endswith("/models"):
            return json_answer({"models": [{"name": "models/echo"}]})
        name, _, verb = request.path.rpartition(":")
        if "/models/" not in name:
            return _error(404, "NOT_FOUND", "no such model")
        asked = json.loads(body)
        if verb == "embedContent":
            return json_answer({"embedding": {"values": [0.25, 0.5]}})
        if verb == "batchEmbedContents":
            return json_answer({"embeddings": [{"values": [0.25, 0.5]} for _ in asked["requests"]]})
        if verb == "generateContent":
            return json_answer(_piece(_said(asked), "STOP"))
        if verb == "streamGenerateContent" and request.query.get("alt") == "sse":
            text = _said(asked)
            pieces = [_piece(word, None) for word in words(text)]
            pieces.append(_piece("", "STOP", written=len(text)))
            return await stream(
                request, [b"data: " + json.dumps(one).encode() + b"\r\n\r\n" for one in pieces]
            )
        return _error(404, "NOT_FOUND", "no such method")


def _said(asked: dict[str, Any]) -> str:
    parts = asked["contents"][-1]["parts"]
    return "You said: " + "".join(part.get("text", "") for part in parts)


def _piece(text: str, reason: str | None, written: int = 0) -> dict[str, Any]:
    candidate: dict[str, Any] = {
        "content": {"parts": [{"text": text}], "role": "model"},
        "index": 0,
    }
    if reason:
        candidate["finishReason"] = reason
    written = written or len(text)
    usage = {"promptTokenCount": 7, "candidatesTokenCount": written, "totalTokenCount": 7 + written}
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": "echo",
        "responseId": "r1",
    }


def _error(status: int, kind: str, message: str) -> web.Response:
    return json_answer({"error": {"code": status, "message": message, "status": kind}}, status)
