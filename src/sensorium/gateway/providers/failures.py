"""Short ways to say why a provider's call failed, in words that are safe to show."""

from __future__ import annotations

from sensorium.gateway.failure import CallFailedError, Failure, FailureKind


def unreachable(message: str, code: str = "unreachable") -> CallFailedError:
    """No answer, since there was no connection or it broke."""
    return CallFailedError(Failure(FailureKind.UNREACHABLE, message, code=code))


def timed_out(message: str, code: str) -> CallFailedError:
    """No answer in time; ``code`` says which of the limits ran out."""
    return CallFailedError(Failure(FailureKind.TIMEOUT, message, code=code))


def bad_answer(message: str, code: str, status: int = 0) -> CallFailedError:
    """An answer that is not what HTTP or the dialect says."""
    return CallFailedError(Failure(FailureKind.PROTOCOL, message, status=status, code=code))


def bad_request(message: str, code: str) -> CallFailedError:
    """A call that cannot be written as a request."""
    return CallFailedError(Failure(FailureKind.BAD_REQUEST, message, code=code))


def no_credential(message: str, code: str = "credential") -> CallFailedError:
    """The gateway has no credential that it could use."""
    return CallFailedError(Failure(FailureKind.UNAUTHENTICATED, message, code=code))
