"""Why the gateway itself says no, or passes on a provider's no, in the words of the door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sensorium.gateway.dialects.failures import STATUS
from sensorium.gateway.failure import Failure, FailureKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.gateway.calls.facts import Facts
    from sensorium.gateway.guardrails.decision import Blocked
    from sensorium.gateway.ledger import Refused

# What a caller is told where the fault is in our own set-up: the kind of failure, not its text.
_OURS: Final = {
    FailureKind.UNAUTHENTICATED: "The gateway could not authenticate with the model's provider.",
    FailureKind.NOT_FOUND: "The model's provider does not know the model the gateway asked for.",
    FailureKind.PROTOCOL: "The model's provider gave an answer that cannot be read.",
}


class RejectedError(Exception):
    """A call that gets an error for an answer. ``message`` is safe to show.

    ``should_retry`` is False where the same call would only be refused again, or has been tried
    often enough already; SDKs go by it.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str = "",
        retry_after_s: float | None = None,
        should_retry: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s
        self.should_retry = should_retry
        self.facts: Facts | None = None


def unknown_model(name: str) -> RejectedError:
    """No such model, or none that this caller may use: which of the two is not told."""
    shown = name[:100]
    return RejectedError(
        404,
        "model_not_found",
        f"The model '{shown}' does not exist, or this key may not use it.",
        param="model",
        should_retry=False,
    )


def nothing_allowed(reason: str) -> RejectedError:
    """No deployment may take this call."""
    return RejectedError(
        403, "privacy_denied", f"No deployment may take this call: {reason}.", should_retry=False
    )


def all_busy() -> RejectedError:
    """Every deployment has as many calls under way as it may."""
    message = "Every deployment of the model is busy; try again shortly."
    return RejectedError(503, "overloaded", message, retry_after_s=1.0)


def untranslatable(message: str) -> RejectedError:
    """The request holds what no provider of the model can be told."""
    return RejectedError(400, "unsupported", message, should_retry=False)


def price_unknown(deployment: str, tariffs: Sequence[str] = ()) -> RejectedError:
    """No price, so no budget could hold; ``tariffs`` where the request asks for such."""
    if tariffs:
        named = ", ".join(repr(one) for one in tariffs)
        return RejectedError(
            400,
            "price_unknown",
            f"'{deployment}' has a price, but none for {named}, so no budget could be kept; ask "
            "for the ordinary service, or name its factor in the prices (times).",
            should_retry=False,
        )
    return RejectedError(
        400,
        "price_unknown",
        f"The price of '{deployment}' is not known, so no budget could be kept; "
        "set a price, or allow_unknown_price on the deployment.",
        should_retry=False,
    )


def from_failure(failure: Failure) -> RejectedError:
    """What a provider's failure is to a caller, once nothing is left to try."""
    return RejectedError(
        502 if failure.kind is FailureKind.NOT_FOUND else STATUS[failure.kind],
        failure.kind.value,
        _OURS.get(failure.kind, failure.message),
        retry_after_s=failure.retry_after_s,
    )


def from_blocked(blocked: Blocked) -> RejectedError:
    """What a guardrail refused."""
    return RejectedError(
        400, "guardrail_blocked", blocked.message, param=blocked.rule, should_retry=False
    )


def from_refused(refused: Refused) -> RejectedError:
    """What a budget or limit refused."""
    wait = refused.retry_after_s
    budget = refused.reason.value == "budget"
    return RejectedError(
        429,
        "insufficient_quota" if budget else f"{refused.reason.value}_limit_exceeded",
        refused.message,
        retry_after_s=None if budget else wait,
        should_retry=False if budget else None,
    )
