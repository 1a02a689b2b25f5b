"""Many requests to the ledger in one transaction: what is asked at once is written at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sensorium.gateway.ledger.account import Account
from sensorium.gateway.ledger.limits import Limit, period_start_ns, scope_keys, template_of
from sensorium.gateway.ledger.rows import (
    DEAREST,
    MOST_TOKENS,
    bounded,
    claim_of,
    closed_row,
    opened_row,
)
from sensorium.gateway.ledger.words import (
    AlreadyOpenError,
    Claim,
    Outcome,
    Recovered,
    RefusalReason,
    Refused,
    Scopes,
    Ticket,
)
from sensorium.gateway.record import record

if TYPE_CHECKING:
    from sensorium.gateway.ledger.statements import Statements

_SWEEP: Final = 500
"""Run-out leases taken in one transaction."""
_REMEMBERED: Final = 10_000
"""Callers whose limits, and accounts that are kept in memory: end users are the callers' words, so
there may be any number."""
_TRIES: Final = 10
"""How often a transaction is begun again because limits were changed meanwhile."""


@record()
class Open:
    """Reserve and write down; answers with a ``Ticket``, or with the ``Refused`` to raise."""

    claim: Claim


@record()
class Settle:
    """Replace a reservation by its outcome; answers whether this did it."""

    ticket: Ticket
    outcome: Outcome


@record()
class Renew:
    """Let a lease run on."""

    ticket: Ticket
    until_ns: int


@dataclass(frozen=True, slots=True)
class Recover:
    """Abandon attempts whose lease ran out before ``now_ns``; answers with ``Recovered``."""

    now_ns: int


Request = Open | Settle | Renew | Recover


class _LimitsChangedError(Exception):
    """Limits were changed between the reading of them and of their accounts; begin again."""


@dataclass(slots=True)
class _Page:
    """One batch: what it touches, as it was read, and the rows to write at its end."""

    accounts: dict[str, Account]
    states: dict[tuple[str, int], str]
    expired: list[Claim]
    opened: list[tuple[Any, ...]] = field(default_factory=list)
    closed: list[tuple[Any, ...]] = field(default_factory=list)
    renewed: list[tuple[Any, ...]] = field(default_factory=list)


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
        self._kept: dict[str, Account] = {}
        self._open_rows: set[tuple[Any, ...]] = set()

    def carry_out(self, requests: Sequence[Request]) -> list[Any]:
        """All of them in one transaction, in their order; an answer for each.

        Raises what went wrong with any of them, after which nothing of the batch has been done.
        ``AlreadyOpenError`` is that an attempt stands in the ledger before it was opened.
        """
        self._reached("before_transaction")
        for _ in range(_TRIES):
            try:
                self._sql.begin()
                page = self._page(requests)
                answers = [self._one(request, page) for request in requests]
                self._write(page)
                self._reached("before_commit")
                self._sql.commit()
            except BaseException as error:
                self._sql.rollback()
                if isinstance(error, _LimitsChangedError):
                    continue
                self._forget()
                raise
            self._reached("after_commit")
            self._remember(page)
            return answers
        raise RuntimeError("limits are changed faster than they can be read")

    def _page(self, requests: Sequence[Request]) -> _Page:
        """What these requests are about, read and locked."""
        if not self._sql.is_all_ours():
            self._forget()
            self._read_limits()
        if len(requests) == 1 and isinstance(requests[0], Open):
            remembered = self._remembered(requests[0].claim)
            if remembered is not None:
                return _Page(remembered, {}, [])
        expired = self._run_out(requests)
        return _Page(self._accounts(requests, expired), self._states(requests), expired)

    def _remembered(self, claim: Claim) -> dict[str, Account] | None:
        """The accounts of a claim that is alone in its transaction; None where one is not known."""
        accounts = {}
        for key, _ in self._limited(claim):
            account = self._kept.get(key)
            if account is None or account.period_start_ns < 0:
                return None
            accounts[key] = account
        return accounts

    def _states(self, requests: Sequence[Request]) -> dict[tuple[str, int], str]:
        """How the rows stand that are to be completed; those not remembered are read."""
        states: dict[tuple[str, int], str] = {}
        unknown: list[tuple[str, int]] = []
        for one in requests:
            if isinstance(one, Settle):
                row = one.ticket.claim.request_id, one.ticket.claim.attempt
                if row in self._open_rows:
                    states[row] = "open"
                else:
                    unknown.append(row)
        return {**states, **self._sql.states(unknown)} if unknown else states

    def _remember(self, page: _Page) -> None:
        """What a transaction left behind, which holds until somebody else writes."""
        for opened in page.opened:
            self._open_rows.add(opened[:2])
        for row, state in page.states.items():
            if state != "open":
                self._open_rows.discard(row)
        if len(self._kept) > _REMEMBERED:
            self._kept.clear()

    def _forget(self) -> None:
        self._kept.clear()
        self._open_rows.clear()

    def _write(self, page: _Page) -> None:
        if page.opened:
            if self._sql.open_attempts(page.opened) != len(page.opened):
                raise AlreadyOpenError("an attempt stands in the ledger already")
            self._reached("inserted")
        if page.closed:
            self._sql.close_attempts(page.closed)
            self._reached("closed")
        self._sql.renew(page.renewed)
        self._sql.put_accounts(list(page.accounts.values()))

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
                return [claim_of(row) for row in self._sql.run_out(request.now_ns, _SWEEP)]
        return []

    def _accounts(self, requests: Sequence[Request], expired: list[Claim]) -> dict[str, Account]:
        """The accounts that these requests touch, locked; made from the rows where missing."""
        now_ns: dict[str, int] = {}
        limits: dict[str, Limit] = {}
        for claim, at_ns in _moments(requests, expired):
            for key, limit in self._limited(claim):
                limits[key] = limit
                now_ns[key] = max(at_ns, now_ns.get(key, 0))
        missing = sorted(key for key in limits if key not in self._kept)
        if missing:
            self._kept.update(self._read_accounts(missing))
        accounts = {key: self._kept[key] for key in limits}
        for key, account in accounts.items():
            if account.period_start_ns < 0:
                self._make(account, limits[key], now_ns[key])
        return accounts

    def _read_accounts(self, keys: list[str]) -> dict[str, Account]:
        accounts, version = self._sql.accounts(keys)
        if len(accounts) < len(keys):
            for key in keys:
                if key not in accounts:
                    self._sql.make_account(key)
            accounts, version = self._sql.accounts(keys)
        if version != self._version:
            # An account goes by its limit's period, so it and an older limit do not fit.
            raise _LimitsChangedError
        return accounts

    def _make(self, account: Account, limit: Limit, now_ns: int) -> None:
        """Sum up the rows of the period. One that is newer than now counts: clocks differ."""
        start = period_start_ns(limit.period, now_ns)
        sums = self._sql.sums(account.scope, start)
        newest = period_start_ns(limit.period, sums.newest_ns)
        if newest > start:
            start, sums = newest, self._sql.sums(account.scope, newest)
        account.period_start_ns = start
        account.settled, account.reserved, account.calls = sums.settled, sums.reserved, sums.calls

    def _one(self, request: Request, page: _Page) -> Any:
        if isinstance(request, Open):
            return self._open(request.claim, page)
        if isinstance(request, Settle):
            return self._settle(request, page)
        if isinstance(request, Renew):
            claim = request.ticket.claim
            page.renewed.append((request.until_ns, claim.request_id, claim.attempt))
            return None
        return self._recover(request, page)

    def _open(self, claim: Claim, page: _Page) -> Any:
        if too_much := _too_much(claim):
            return too_much
        limited = self._limited(claim)
        for key, limit in limited:
            account = page.accounts[key]
            account.advance(limit, claim.started_ns)
            if account.period_start_ns > claim.started_ns:
                # It comes late into a period that another clock has begun, and belongs to that.
                claim = replace(claim, started_ns=account.period_start_ns)
        for key, limit in limited:
            refused = page.accounts[key].refusal(limit, claim)
            if refused is not None:
                return refused
        page.opened.append(opened_row(claim))
        for key, _ in limited:
            page.accounts[key].take(claim)
        return Ticket(claim)

    def _settle(self, request: Settle, page: _Page) -> bool:
        claim, outcome = request.ticket.claim, request.outcome
        row = claim.request_id, claim.attempt
        state = page.states.get(row)
        if state not in {"open", "abandoned"}:
            return False
        page.states[row] = "settled"
        closed = closed_row(outcome)
        page.closed.append((*closed, *row))
        cost = bounded(outcome.cost.nanodollars, DEAREST) if outcome.cost else 0
        tokens = bounded(outcome.usage.total, MOST_TOKENS) if outcome.usage else None
        for key, limit in self._limited(claim):
            account = page.accounts[key]
            if state == "abandoned":
                # Its reservation is gone already; what it cost after all is still counted.
                account.charge(claim, limit, cost)
            else:
                account.give_back(claim, limit, cost=cost, tokens=tokens)
        return True

    def _recover(self, request: Recover, page: _Page) -> Recovered:
        attempts = released = 0
        for claim in page.expired:
            row = claim.request_id, claim.attempt
            if page.states.get(row) == "settled" or not self._sql.abandon(*row, request.now_ns):
                continue
            page.states[row] = "abandoned"
            attempts += 1
            released += claim.worst.nanodollars if claim.worst else 0
            for key, limit in self._limited(claim):
                page.accounts[key].give_back(claim, limit, cost=0, tokens=None)
        self._reached("abandoned")
        return Recovered(attempts, released)


def _moments(requests: Sequence[Request], expired: list[Claim]) -> Iterator[tuple[Claim, int]]:
    """Every claim that is touched, and the time at which it is."""
    for request in requests:
        if isinstance(request, Open):
            yield request.claim, request.claim.started_ns
        elif isinstance(request, Settle):
            claim = request.ticket.claim
            yield claim, max(claim.started_ns, request.outcome.ended_ns)
        elif isinstance(request, Recover):
            for claim in expired:
                yield claim, max(claim.started_ns, request.now_ns)


def _too_much(claim: Claim) -> Refused | None:
    """Why no ledger could hold such a claim, if so."""
    if claim.worst is not None and claim.worst.nanodollars > DEAREST:
        said = "This call could cost more than a million dollars; lower its largest answer."
        return Refused(RefusalReason.BUDGET, "call:", None, said)
    if claim.worst_tokens > MOST_TOKENS:
        said = f"This call could use more than {MOST_TOKENS} tokens; lower its largest answer."
        return Refused(RefusalReason.TOKENS, "call:", None, said)
    return None
