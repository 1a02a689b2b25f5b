"""Errors of Anthropic's API. "Errors": HTTP errors, error shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.dialects import failures, wire
from sensorium.gateway.failure import Failure, FailureKind

_KINDS: Final = {
    "authentication_error": FailureKind.UNAUTHENTICATED,
    "billing_error": FailureKind.UNAUTHENTICATED,
    "permission_error": FailureKind.UNAUTHENTICATED,
    "not_found_error": FailureKind.NOT_FOUND,
    "request_too_large": FailureKind.TOO_LARGE,
    "rate_limit_error": FailureKind.RATE_LIMITED,
    "api_error": FailureKind.SERVER_ERROR,
    "timeout_error": FailureKind.TIMEOUT,
    "overloaded_error": FailureKind.OVERLOADED,
}
_TYPES: Final = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def from_answer(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """Classify an error answer."""
    found = failures.body_of(body)
    error = found.get("error") if isinstance(found, dict) else None
    return from_value(status, headers, error)


def from_value(status: int, headers: Mapping[str, str], error: Any) -> Failure:
    """Classify what stands under ``error``; ``status`` is 200 inside a stream."""
    if not isinstance(error, dict):
        error = {"message": error}
    words = error.get("message")
    stated = error.get("type")
    kind = _KINDS.get(stated) if isinstance(stated, str) else None
    if kind is None:
        refused = status if status >= 400 else 400 if stated == "invalid_request_error" else 500
        kind = failures.by_words(refused, words) or failures.by_status(refused)
    return failures.failure(kind, status, headers, words, stated)


def body_of(status: int, failure_type: str, message: str, param: str = "") -> bytes:
    """An error for a caller. ``type`` is Anthropic's word for the status, ``code`` is ours."""
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    error: dict[str, Any] = {"type": kind, "message": message, "code": failure_type}
    if param:
        error["param"] = param
    return wire.dumps({"type": "error", "error": error})
