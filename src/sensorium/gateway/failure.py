"""Why a model call failed, in a closed set that routing, retries and callers' errors go by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """Classes of failure. The first seven can be retried or sent elsewhere; the rest cannot."""

    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    SERVER_ERROR = "server_error"
    CONTEXT_TOO_LONG = "context_too_long"
    CONTENT_FILTERED = "content_filtered"
    UNAUTHENTICATED = "unauthenticated"  # our credential with the provider, not the caller's
    NOT_FOUND = "not_found"
    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    PROTOCOL = "protocol"  # an answer that is not what the dialect says
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed call. ``message`` is safe to show: no key, no provider's internal address.

    ``retry_after_s`` is what the provider asked for, from any of the header's forms; ``status``
    its HTTP status, 0 where there was none.
    """

    kind: FailureKind
    message: str
    status: int = 0
    code: str = ""
    retry_after_s: float | None = None


class CallFailedError(Exception):
    """Carries a :class:`Failure` up from a provider."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure
