"""Errors of Google's APIs: ``google.rpc.Status`` under ``error``, with details.

Google Cloud, "Errors" (AIP-193); Gemini API, "Troubleshooting"; ``google.rpc.RetryInfo``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sensorium.gateway.dialects import failures, retry_after, wire
from sensorium.gateway.failure import Failure, FailureKind

_KINDS: Final = {
    "UNAUTHENTICATED": FailureKind.UNAUTHENTICATED,
    "PERMISSION_DENIED": FailureKind.UNAUTHENTICATED,
    "NOT_FOUND": FailureKind.NOT_FOUND,
    "RESOURCE_EXHAUSTED": FailureKind.RATE_LIMITED,
    "UNAVAILABLE": FailureKind.OVERLOADED,
    "DEADLINE_EXCEEDED": FailureKind.TIMEOUT,
    "INTERNAL": FailureKind.SERVER_ERROR,
    "UNKNOWN": FailureKind.SERVER_ERROR,
    "ABORTED": FailureKind.SERVER_ERROR,
    "CANCELLED": FailureKind.CANCELLED,
}
_REASONS: Final = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_SERVICE_BLOCKED"})
_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def from_answer(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """Classify an error answer; streams without ``alt=sse`` send a list of one."""
    found = failures.body_of(body)
    if isinstance(found, list) and found:
        found = found[0]
    error = found.get("error") if isinstance(found, dict) else None
    return from_value(status, headers, error)


def from_value(status: int, headers: Mapping[str, str], error: Any) -> Failure:
    """Classify what stands under ``error``; ``status`` is 200 inside a stream."""
    if not isinstance(error, dict):
        error = {"message": error}
    words = error.get("message")
    stated = error.get("status")
    code = error.get("code")
    actual = code if status < 400 and type(code) is int and 400 <= code < 600 else status
    details = [item for item in _list(error.get("details")) if isinstance(item, dict)]
    kind = _KINDS.get(stated) if isinstance(stated, str) else None
    if any(str(item.get("reason")) in _REASONS for item in details):
        kind = FailureKind.UNAUTHENTICATED
    if kind is None:
        refused = actual if actual >= 400 else 500
        kind = failures.by_words(refused, words) or failures.by_status(refused)
    failure = failures.failure(kind, status, headers, words, stated)
    for item in details:
        delay = item.get("retryDelay")
        if isinstance(delay, str):
            return replace(failure, retry_after_s=retry_after.duration(delay))
    return failure


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def body_of(status: int, failure_type: str, message: str, param: str = "") -> bytes:
    """An error for a caller."""
    kind = _STATUSES.get(status, "INVALID_ARGUMENT" if status < 500 else "INTERNAL")
    details: dict[str, Any] = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": failure_type.upper(),
    }
    if param:
        details["metadata"] = {"field": param}
    error = {"code": status, "message": message, "status": kind, "details": [details]}
    return wire.dumps({"error": error})
