"""Many requests to the ledger in one transaction: what is asked at once is written at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sensorium.gateway.ledger.account import Account
from sensorium.gateway.ledger.limits import Limit, period_start_ns, scope_keys, template_of
from sensorium.gateway.ledger.words import (
    AlreadyOpenError,
    Claim,
    Cost,
    Outcome,
    Recovered,
    Scopes,
    Ticket,
)
from sensorium.store.records.types import storable

if TYPE_CHECKING:
    from sensorium.gateway.ledger.statements import Statements

_SWEEP: Final = 500
"""Run-out leases taken in one transaction."""
_REMEMBERED: Final = 10_000
"""Callers whose limits are remembered; end users are the callers' words, so there is no bound."""


@dataclass(frozen=True, slots=True)
class Open:
    """Reserve and write down; answers with a ``Ticket``, or with the ``Refused`` to raise."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class Settle:
    """Replace a reservation by its outcome; answers whether this did it."""

    ticket: Ticket
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Renew:
    """Let a lease run on."""

    ticket: Ticket
    until_ns: int


@dataclass(frozen=True, slots=True)
class Recover:
    """Abandon attempts whose lease ran out before ``now_ns``; answers with ``Recovered``."""

    now_ns: int


Request = Open | Settle | Renew | Recover


class Books:
    """Carries out batches on one connection; belongs to one thread.

    ``reached`` is told each step's name, for tests that end the process there.
    """

    def __init__(
        self, statements: Statements, reached: Callable[[str], None] = lambda _step: None
    ) -> None:
        self._sql = statements
        self._reached = reached
        self._version: str | None = None
        self._limits: dict[str, Limit] = {}
        self._limited_of: dict[Scopes, list[tuple[str, Limit]]] = {}

    def carry_out(self, requests: Sequence[Request]) -> list[Any]:
        """All of them in one transaction, in their order; an answer for each."""
        self._reached("before_transaction")
        with self._sql.transaction():
            self._read_limits()
            expired = self._run_out(requests)
            accounts = self._accounts(requests, expired)
            answers = [self._one(request, accounts, expired) for request in requests]
            self._sql.put_accounts(list(accounts.values()))
            self._reached("before_commit")
        self._reached("after_commit")
        return answers

    def _read_limits(self) -> None:
        version = self._sql.limits_version()
        if version != self._version:
            self._limits, self._version = self._sql.limits(), version
            self._limited_of.clear()

    def _limit(self, key: str) -> Limit | None:
        found = self._limits.get(key)
        return found if found is not None else self._limits.get(template_of(key))

    def _limited(self, claim: Claim) -> list[tuple[str, Limit]]:
        """The accounts that a claim counts in, and their limits."""
        if not self._limits:
            return []
        found = self._limited_of.get(claim.scopes)
        if found is None:
            if len(self._limited_of) >= _REMEMBERED:
                self._limited_of.clear()
            pairs = ((key, self._limit(key)) for key in scope_keys(claim.scopes))
            found = [(key, limit) for key, limit in pairs if limit is not None]
            self._limited_of[claim.scopes] = found
        return found

    def _run_out(self, requests: Sequence[Request]) -> list[Claim]:
        for request in requests:
            if isinstance(request, Recover):
                return [_claim(row) for row in self._sql.run_out(request.now_ns, _SWEEP)]
        return []

    def _accounts(self, requests: Sequence[Request], expired: list[Claim]) -> dict[str, Account]:
        """The accounts that these requests touch, locked; made from the rows where missing."""
        claims = list(expired)
        for request in requests:
            if isinstance(request, Open):
                claims.append(request.claim)
            elif isinstance(request, Settle):
                claims.append(request.ticket.claim)
        touched = {
            key: (limit, claim.started_ns)
            for claim in claims
            for key, limit in self._limited(claim)
        }
        keys = sorted(touched)
        accounts = self._sql.accounts(keys)
        if len(accounts) < len(keys):
            for key in keys:
                if key not in accounts:
                    self._sql.make_account(key)
            accounts = self._sql.accounts(keys)
        for key, account in accounts.items():
            if account.period_start_ns < 0:
                limit, now_ns = touched[key]
                start = period_start_ns(limit.period, now_ns)
                account.period_start_ns = start
                account.settled, account.reserved, account.calls = self._sql.sums(key, start)
        return accounts

    def _one(self, request: Request, accounts: dict[str, Account], expired: list[Claim]) -> Any:
        if isinstance(request, Open):
            return self._open(request.claim, accounts)
        if isinstance(request, Settle):
            return self._settle(request, accounts)
        if isinstance(request, Renew):
            claim = request.ticket.claim
            return self._sql.renew(claim.request_id, claim.attempt, request.until_ns)
        return self._recover(request, accounts, expired)

    def _open(self, claim: Claim, accounts: dict[str, Account]) -> Any:
        limited = self._limited(claim)
        for key, limit in limited:
            accounts[key].advance(limit, claim.started_ns)
            refused = accounts[key].refusal(limit, claim)
            if refused is not None:
                return refused
        if not self._sql.insert_attempt(_opened(claim)):
            return AlreadyOpenError(f"{claim.request_id}/{claim.attempt} stands in the ledger")
        self._reached("inserted")
        for key, _ in limited:
            accounts[key].take(claim)
        return Ticket(claim)

    def _settle(self, request: Settle, accounts: dict[str, Account]) -> bool:
        claim, outcome = request.ticket.claim, request.outcome
        state = self._sql.attempt_state(claim.request_id, claim.attempt)
        if state not in {"open", "abandoned"}:
            return False
        self._sql.close_attempt(claim.request_id, claim.attempt, _closed(outcome))
        self._reached("closed")
        cost = outcome.cost.nanodollars if outcome.cost else 0
        tokens = outcome.usage.total if outcome.usage else None
        for key, limit in self._limited(claim):
            account = accounts[key]
            if state == "abandoned":
                # Its reservation is gone already; what it cost after all is still counted.
                account.settled += cost
            else:
                account.give_back(claim, limit, cost=cost, tokens=tokens)
        return True

    def _recover(
        self, request: Recover, accounts: dict[str, Account], expired: list[Claim]
    ) -> Recovered:
        attempts = released = 0
        for claim in expired:
            if not self._sql.abandon(claim.request_id, claim.attempt, request.now_ns):
                continue
            attempts += 1
            released += claim.worst.nanodollars if claim.worst else 0
            for key, limit in self._limited(claim):
                accounts[key].give_back(claim, limit, cost=0, tokens=None)
        self._reached("abandoned")
        return Recovered(attempts, released)


def _opened(claim: Claim) -> tuple[Any, ...]:
    scopes, worst = claim.scopes, claim.worst
    return (
        claim.request_id,
        claim.attempt,
        "open",
        scopes.key_id,
        scopes.user_id,
        scopes.team_id,
        scopes.organisation_id,
        storable(scopes.end_user),
        claim.route,
        claim.deployment,
        claim.provider,
        storable(claim.model),
        claim.privacy,
        worst.price_version if worst else "",
        worst.nanodollars if worst else None,
        claim.worst_tokens,
        claim.started_ns + int(claim.lease_s * 1e9),
        claim.started_ns,
    )


def _closed(outcome: Outcome) -> tuple[Any, ...]:
    usage = outcome.usage
    used = (
        (usage.input, usage.output, usage.cache_read, usage.cache_write, usage.reasoning)
        if usage
        else (None,) * 5
    )
    return (
        "settled",
        outcome.status,
        outcome.failure.kind.value if outcome.failure else "",
        outcome.first_byte_ns,
        outcome.ended_ns,
        outcome.cost.nanodollars if outcome.cost else None,
        *used,
        outcome.cached,
        outcome.policy,
    )


def _claim(row: dict[str, Any]) -> Claim:
    """A row back as the claim that it was."""
    worst = None if row["worst"] is None else Cost(row["worst"], row["price_version"])
    return Claim(
        request_id=row["request_id"],
        attempt=row["attempt"],
        scopes=Scopes(
            row["key_id"],
            row["user_id"],
            row["team_id"],
            row["organisation_id"],
            row["end_user"],
        ),
        route=row["route"],
        deployment=row["deployment"],
        provider=row["provider"],
        model=row["model"],
        privacy=row["privacy"],
        worst=worst,
        worst_tokens=row["worst_tokens"],
        lease_s=0.0,
        started_ns=row["started_ns"],
    )
