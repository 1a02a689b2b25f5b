"""One scope's state: what is spent, reserved and under way, and the rate of the last minute.

Pure arithmetic: the database's transaction around it makes it safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sensorium.gateway.ledger.limits import Limit, period_start_ns
from sensorium.gateway.ledger.words import Claim, RefusalReason, Refused

MINUTE_NS: Final = 60_000_000_000
_DOLLAR: Final = 1_000_000_000


@dataclass(slots=True)
class Account:
    """A row of ``gateway_accounts``.

    Rates are a sliding minute: the count of this calendar minute, and that of the one before in
    the share of it that still lies within the last sixty seconds.
    """

    scope: str
    period_start_ns: int = 0
    settled: int = 0
    reserved: int = 0
    calls: int = 0
    minute: int = 0
    requests: int = 0
    tokens: int = 0
    last_requests: int = 0
    last_tokens: int = 0

    def advance(self, limit: Limit, now_ns: int) -> None:
        """Begin a new period or minute where one has begun; time that goes back changes nothing."""
        start = period_start_ns(limit.period, now_ns)
        if start > self.period_start_ns:
            self.period_start_ns, self.settled, self.reserved = start, 0, 0
        minute = now_ns // MINUTE_NS
        if minute > self.minute:
            follows = minute == self.minute + 1
            self.last_requests = self.requests if follows else 0
            self.last_tokens = self.tokens if follows else 0
            self.minute, self.requests, self.tokens = minute, 0, 0

    def refusal(self, limit: Limit, claim: Claim) -> Refused | None:
        """Why this claim has no room here, if it has none. Call :meth:`advance` first."""
        worst = claim.worst.nanodollars if claim.worst else 0
        if limit.budget is not None and self.settled + self.reserved + worst > limit.budget:
            return self._out_of_budget(limit)
        if limit.concurrency is not None and self.calls >= limit.concurrency:
            message = f"{self._who()} has {limit.concurrency} calls under way, as many as it may."
            return Refused(RefusalReason.CONCURRENCY, self.scope, 1.0, message)
        share, left_s = self._minute_left(claim.started_ns)
        bound = limit.requests_per_minute
        if bound is not None and self.requests + self.last_requests * share + 1 > bound:
            message = f"{self._who()} may make {bound} requests a minute."
            return Refused(RefusalReason.REQUESTS, self.scope, left_s, message)
        bound = limit.tokens_per_minute
        if bound is None:
            return None
        if self.tokens + self.last_tokens * share + claim.worst_tokens > bound:
            message = (
                f"{self._who()} may use {bound} tokens a minute, and this call "
                f"{claim.worst_tokens} at worst."
            )
            wait = left_s if claim.worst_tokens <= bound else None
            return Refused(RefusalReason.TOKENS, self.scope, wait, message)
        return None

    def take(self, claim: Claim) -> None:
        """Reserve what :meth:`refusal` found room for."""
        self.reserved += claim.worst.nanodollars if claim.worst else 0
        self.calls += 1
        self.requests += 1
        self.tokens += claim.worst_tokens

    def give_back(self, claim: Claim, limit: Limit, *, cost: int, tokens: int | None) -> None:
        """Replace a reservation by what was used. ``tokens`` None: not known, the worst stands.

        A claim of a period that is over touches this one's money no more.
        """
        self.calls = max(self.calls - 1, 0)
        if self._is_current(claim, limit):
            self.reserved -= claim.worst.nanodollars if claim.worst else 0
            self.settled += cost
        if tokens is not None and claim.started_ns // MINUTE_NS == self.minute:
            self.tokens = max(self.tokens + tokens - claim.worst_tokens, 0)

    def charge(self, claim: Claim, limit: Limit, cost: int) -> None:
        """Count a cost that nothing was reserved for any more."""
        if self._is_current(claim, limit):
            self.settled += cost

    def _is_current(self, claim: Claim, limit: Limit) -> bool:
        """Whether a claim belongs to the period that this account is in."""
        return period_start_ns(limit.period, claim.started_ns) >= self.period_start_ns

    def _minute_left(self, now_ns: int) -> tuple[float, float]:
        """The share of the last minute that still counts, and seconds until this one ends."""
        left = 1 - (now_ns % MINUTE_NS) / MINUTE_NS
        return left, left * 60

    def _out_of_budget(self, limit: Limit) -> Refused:
        assert limit.budget is not None
        whole, part = divmod(limit.budget, _DOLLAR)
        dollars = f"{whole:,}.{part:09d}".rstrip("0").rstrip(".")
        message = (
            f"{self._who()} has no room left in its {limit.period} budget of {dollars} dollars "
            "for this call at its worst; lower its largest answer, or have the budget raised."
        )
        return Refused(RefusalReason.BUDGET, self.scope, None, message)

    def _who(self) -> str:
        kind, _, _ = self.scope.partition(":")
        return f"This {kind.replace('_', ' ')}"
