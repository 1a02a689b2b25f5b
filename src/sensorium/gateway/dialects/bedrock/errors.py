"""Errors of Bedrock's runtime. Botocore's model of ``bedrock-runtime``; AWS, "Common errors".

The name of the error stands in the header ``x-amzn-errortype``, or in the body's ``__type``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.dialects import failures, wire
from sensorium.gateway.failure import Failure, FailureKind

_KINDS: Final = {
    "throttlingexception": FailureKind.RATE_LIMITED,
    "toomanyrequestsexception": FailureKind.RATE_LIMITED,
    "servicequotaexceededexception": FailureKind.RATE_LIMITED,
    "modelnotreadyexception": FailureKind.OVERLOADED,
    "serviceunavailableexception": FailureKind.OVERLOADED,
    "serviceunavailable": FailureKind.OVERLOADED,
    "modeltimeoutexception": FailureKind.TIMEOUT,
    "internalserverexception": FailureKind.SERVER_ERROR,
    "internalfailure": FailureKind.SERVER_ERROR,
    "modelstreamerrorexception": FailureKind.SERVER_ERROR,
    "modelerrorexception": FailureKind.SERVER_ERROR,
    "resourcenotfoundexception": FailureKind.NOT_FOUND,
    "accessdeniedexception": FailureKind.UNAUTHENTICATED,
    "unrecognizedclientexception": FailureKind.UNAUTHENTICATED,
    "expiredtokenexception": FailureKind.UNAUTHENTICATED,
    "invalidsignatureexception": FailureKind.UNAUTHENTICATED,
    "incompletesignatureexception": FailureKind.UNAUTHENTICATED,
    "missingauthenticationtokenexception": FailureKind.UNAUTHENTICATED,
    "notauthorized": FailureKind.UNAUTHENTICATED,
    "optinrequired": FailureKind.UNAUTHENTICATED,
    "requestexpired": FailureKind.UNAUTHENTICATED,
}
_NAMES: Final = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}


def from_answer(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """Classify an error answer."""
    found = failures.body_of(body)
    value = found if isinstance(found, dict) else {}
    name = headers.get("x-amzn-errortype") or value.get("__type") or value.get("code") or ""
    return from_event(str(name), value, status, headers)


def from_event(
    name: str, value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Failure:
    """Classify an exception by its name; ``status`` is 200 inside a stream."""
    # A header says ``ThrottlingException:http:...``, a body ``com.amazonaws#ThrottlingException``.
    short = name.partition(":")[0].rpartition("#")[2]
    value = value if isinstance(value, dict) else {}
    words = value.get("message") or value.get("Message")
    kind = _KINDS.get(short.lower())
    inner = value.get("originalStatusCode")
    if kind is FailureKind.SERVER_ERROR and type(inner) is int and inner >= 400:
        kind = failures.by_status(inner)
    if kind is None:
        known = 400 if short.lower() == "validationexception" else 500
        actual = status if status >= 400 else known
        kind = failures.by_words(actual, words) or failures.by_status(actual)
    return failures.failure(kind, status, headers or {}, words, short)


def body_of(status: int, failure_type: str, message: str, param: str = "") -> bytes:
    """An error for a caller; its name goes into the header, here also into the body."""
    name = _NAMES.get(status, "ValidationException" if status < 500 else "InternalServerException")
    body = {"__type": name, "message": message, "code": failure_type}
    if param:
        body["param"] = param
    return wire.dumps(body)
