"""Errors as OpenAI and the servers that follow it write them, for all of its APIs.

OpenAI, "Error codes"; Azure's content filter (``innererror``); vLLM, llama.cpp and Ollama, which
have types of their own or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.dialects import failures, wire
from sensorium.gateway.failure import Failure, FailureKind

_CODES: Final = {
    "context_length_exceeded": FailureKind.CONTEXT_TOO_LONG,
    "exceed_context_size_error": FailureKind.CONTEXT_TOO_LONG,
    "content_filter": FailureKind.CONTENT_FILTERED,
    "content_policy_violation": FailureKind.CONTENT_FILTERED,
    "responsibleaipolicyviolation": FailureKind.CONTENT_FILTERED,
    "moderation_blocked": FailureKind.CONTENT_FILTERED,
    "invalid_prompt": FailureKind.CONTENT_FILTERED,
    "bio_policy": FailureKind.CONTENT_FILTERED,
    "rate_limit_exceeded": FailureKind.RATE_LIMITED,
    "rate_limit_error": FailureKind.RATE_LIMITED,
    "insufficient_quota": FailureKind.RATE_LIMITED,
    "requests": FailureKind.RATE_LIMITED,
    "tokens": FailureKind.RATE_LIMITED,
    "engine_overloaded": FailureKind.OVERLOADED,
    "overloaded_error": FailureKind.OVERLOADED,
    "slow_down": FailureKind.OVERLOADED,
    "unavailable_error": FailureKind.OVERLOADED,
    "server_error": FailureKind.SERVER_ERROR,
    "internal_error": FailureKind.SERVER_ERROR,
    "internal_server_error": FailureKind.SERVER_ERROR,
    "model_not_found": FailureKind.NOT_FOUND,
    "deploymentnotfound": FailureKind.NOT_FOUND,
    "not_found_error": FailureKind.NOT_FOUND,
    "invalid_api_key": FailureKind.UNAUTHENTICATED,
    "authentication_error": FailureKind.UNAUTHENTICATED,
    "permission_error": FailureKind.UNAUTHENTICATED,
    "billing_hard_limit_reached": FailureKind.UNAUTHENTICATED,
    "billing_not_active": FailureKind.UNAUTHENTICATED,
    "timeout": FailureKind.TIMEOUT,
    "request_too_large": FailureKind.TOO_LARGE,
}
_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def from_answer(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """Classify an error answer."""
    found = failures.body_of(body)
    if isinstance(found, list) and found:
        found = found[0]
    error = found.get("error", found) if isinstance(found, dict) else None
    return from_value(status, headers, error)


def from_value(status: int, headers: Mapping[str, str], error: Any) -> Failure:
    """Classify what stands under ``error``; ``status`` is 200 inside a stream."""
    if not isinstance(error, dict):
        error = {"message": error}
    words = error.get("message") or error.get("detail")
    code = error.get("code")
    inner = error.get("innererror")
    inner_code = inner.get("code") if isinstance(inner, dict) else None
    kind = None
    for name in (inner_code, code, error.get("type")):
        if isinstance(name, str) and kind is None:
            kind = _CODES.get(name.lower())
    stated = status
    if status < 400 and type(code) is int and 400 <= code < 600:
        stated = code  # some servers put the status there, inside a stream
    if kind is FailureKind.SERVER_ERROR and stated == 503:
        kind = FailureKind.OVERLOADED  # "The engine is currently overloaded" is a server error too
    if kind is None:
        kind = failures.by_words(stated if stated >= 400 else 400, words)
    if kind is None:
        # A stream cannot say by its status whose fault it was; the request had been accepted.
        kind = failures.by_status(stated) if stated >= 400 else FailureKind.SERVER_ERROR
    return failures.failure(kind, status, headers, words, code or error.get("type"))


def body_of(status: int, failure_type: str, message: str, param: str) -> bytes:
    """An error for a caller. ``type`` is OpenAI's word for the status, ``code`` is ours."""
    return wire.dumps({"error": value_of(status, failure_type, message, param)})


def value_of(status: int, failure_type: str, message: str, param: str = "") -> dict[str, Any]:
    """The object under ``error``."""
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"message": message, "type": kind, "param": param or None, "code": failure_type}
