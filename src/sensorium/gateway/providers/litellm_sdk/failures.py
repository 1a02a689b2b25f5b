"""What an exception of LiteLLM's SDK says, without its text where that may say too much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.dialect import Dialect
from sensorium.gateway.failure import CallFailedError, Failure, FailureKind
from sensorium.gateway.providers.endpoint import passed
from sensorium.gateway.providers.secret import Secret

# By the name of its class, or of the first of its bases that is listed.
_KINDS: Final[Mapping[str, FailureKind]] = {
    "ContextWindowExceededError": FailureKind.CONTEXT_TOO_LONG,
    "ContentPolicyViolationError": FailureKind.CONTENT_FILTERED,
    "AuthenticationError": FailureKind.UNAUTHENTICATED,
    "PermissionDeniedError": FailureKind.UNAUTHENTICATED,
    "PaymentRequiredError": FailureKind.UNAUTHENTICATED,
    "NotFoundError": FailureKind.NOT_FOUND,
    "RateLimitError": FailureKind.RATE_LIMITED,
    "Timeout": FailureKind.TIMEOUT,
    "APIConnectionError": FailureKind.UNREACHABLE,
    "ServiceUnavailableError": FailureKind.OVERLOADED,
    "BadGatewayError": FailureKind.SERVER_ERROR,
    "InternalServerError": FailureKind.SERVER_ERROR,
    "UnsupportedParamsError": FailureKind.BAD_REQUEST,
    "UnprocessableEntityError": FailureKind.BAD_REQUEST,
    "BadRequestError": FailureKind.BAD_REQUEST,
    "APIResponseValidationError": FailureKind.PROTOCOL,
    "APIError": FailureKind.SERVER_ERROR,
}
_TOLD: Final = frozenset(
    {FailureKind.BAD_REQUEST, FailureKind.CONTEXT_TOO_LONG, FailureKind.NOT_FOUND}
)
_LONGEST: Final = 500


def failure_of(error: BaseException, dialect: Dialect, secret: Secret) -> CallFailedError:
    """The failure that an exception stands for; to be raised ``from None``."""
    name = next((one.__name__ for one in type(error).__mro__ if one.__name__ in _KINDS), "")
    kind = _KINDS.get(name, FailureKind.PROTOCOL)
    found = getattr(error, "status_code", 0)
    status = found if isinstance(found, int) and 100 <= found <= 599 else 0
    message = f"the provider failed, as LiteLLM has it: {name or 'unknown'}"
    if kind in _TOLD:
        message = secret.removed_from(str(getattr(error, "message", "")))[:_LONGEST] or message
    wait = dialect.parse_error(status, _headers(error), b"").retry_after_s
    return CallFailedError(Failure(kind, message, status=status, code=name, retry_after_s=wait))


def _headers(error: BaseException) -> dict[str, str]:
    response = getattr(error, "response", None)
    headers: Any = getattr(error, "litellm_response_headers", None)
    headers = headers or getattr(response, "headers", None) or {}
    return passed({str(name).lower(): str(value) for name, value in headers.items()})
