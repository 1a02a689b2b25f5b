"""What is said to the ledger, and what it answers. Money is in nano-dollars, whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sensorium.gateway.failure import Failure
from sensorium.gateway.record import record
from sensorium.gateway.reply import Usage


@record()
class Scopes:
    """For whom a call is made; empty where there is no such party.

    ``end_user`` is whom the caller says it acts for: a word of the caller's own, which counts
    inside its organisation only.
    """

    key_id: str = ""
    user_id: str = ""
    team_id: str = ""
    organisation_id: str = ""
    end_user: str = ""


@record()
class Cost:
    """A price for an amount, and the version of the price list that it stands on."""

    nanodollars: int
    price_version: str = ""


@record(kw_only=True)
class Claim:
    """One attempt that is about to be made, at its worst.

    ``worst`` is None where the price is unknown and the deployment allows that: nothing is reserved
    then, and the row says so. ``attempt`` counts from 1 within the request. ``started_ns`` is wall
    clock time.
    """

    request_id: str
    attempt: int
    scopes: Scopes
    route: str
    deployment: str
    provider: str
    model: str
    privacy: str
    worst: Cost | None
    worst_tokens: int
    lease_s: float
    started_ns: int


@record()
class Ticket:
    """An open attempt: what was claimed, and has to be settled."""

    claim: Claim

    @property
    def id(self) -> str:
        """Its name in logs."""
        return f"{self.claim.request_id}/{self.claim.attempt}"


@record(kw_only=True)
class Outcome:
    """What an attempt came to. ``cost`` is None where the price or the use is not known."""

    status: str
    usage: Usage | None
    cost: Cost | None
    failure: Failure | None = None
    first_byte_ns: int = 0
    ended_ns: int = 0
    cached: bool = False
    policy: str = ""


class RefusalReason(StrEnum):
    """What there is not enough of."""

    BUDGET = "budget"
    REQUESTS = "requests"
    TOKENS = "tokens"
    CONCURRENCY = "concurrency"


class Refused(Exception):  # noqa: N818 - a decision of the ledger, and not an error of anything
    """No room in one of the scopes. ``message`` is for the caller and names no other's figures.

    ``retry_after_s`` is when asking again can help; None where waiting does not.
    """

    def __init__(
        self, reason: RefusalReason, scope: str, retry_after_s: float | None, message: str
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.scope = scope
        self.retry_after_s = retry_after_s
        self.message = message


class AlreadyOpenError(Exception):
    """This attempt of this request stands in the ledger already."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a sweep over run-out leases found: attempts abandoned, nano-dollars set free."""

    attempts: int
    released: int
