"""One attempt: a call to one deployment, from its claim on the budgets to its settlement."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from sensorium.gateway.calls.config import UnknownUse
from sensorium.gateway.calls.rejection import from_refused, price_unknown
from sensorium.gateway.failure import Failure, FailureKind
from sensorium.gateway.ledger import Claim, Outcome, Refused
from sensorium.gateway.reply import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sensorium.gateway.calls.facts import Facts
    from sensorium.gateway.calls.parts import Parts
    from sensorium.gateway.ledger import Cost, Scopes
    from sensorium.gateway.provider import Provider
    from sensorium.gateway.routing.way import Step

# Answers are counted in characters while they come; no tokeniser writes less than one for each of
# these, on text that is not made to defeat it.
_CHARACTERS_A_TOKEN: Final = 2.5
# A failure before the provider can have begun to work: nothing was used.
_UNUSED: Final = frozenset(FailureKind) - {FailureKind.TIMEOUT, FailureKind.CANCELLED}


class Attempt:
    """Exactly one of the endings is called.

    ``more`` is how many tokens of the input the provider may count beyond the estimate.
    """

    def __init__(
        self,
        parts: Parts,
        facts: Facts,
        step: Step,
        input_tokens: int,
        max_output: int | None,
        body: Mapping[str, Any],
        more: int,
    ) -> None:
        self._parts = parts
        self._facts = facts
        self._step = step
        self._input_tokens = input_tokens
        self._most_input = input_tokens + more
        self._max_output = max_output
        self.deployment = step.deployment
        self.provider: Provider = parts.providers[step.deployment.config.provider]
        self._priced_as = step.deployment.config.price_as or step.deployment.config.model
        self._asked = parts.prices.asked(self.provider.kind, self._priced_as, body)
        self._longest = parts.config.unknown_max_output_tokens
        self._policy = ""
        self._began = 0.0
        self._upstream_end = 0.0
        self._latency_s = 0.0
        self._first_byte_ns = 0

    async def open(self, scopes: Scopes, privacy: str) -> None:
        """Reserve the worst case in all scopes; raises ``RejectedError``."""
        parts, facts, config = self._parts, self._facts, self.deployment.config
        model = self._priced_as
        kind = self.provider.kind
        worst = parts.prices.worst(kind, model, self._most_input, self._max_output, self._asked)
        if worst is None and not config.allow_unknown_price:
            known = parts.prices.entry(kind, model) is not None
            raise price_unknown(self.deployment.label, self._asked.tariffs if known else ())
        if self._max_output is None and (entry := parts.prices.entry(kind, model)) is not None:
            self._longest = entry.longest
        claim = Claim(
            request_id=facts.request_id,
            attempt=facts.attempts + 1,
            scopes=scopes,
            route=facts.route,
            deployment=self.deployment.label,
            provider=config.provider,
            model=config.model,
            privacy=privacy,
            worst=worst,
            worst_tokens=self._most_input + self._most_output,
            lease_s=parts.config.lease_s,
            started_ns=parts.clock.wall_ns(),
        )
        try:
            self._ticket = await parts.books.open(claim)
        except Refused as refused:
            raise from_refused(refused) from None
        self._policy = parts.confinement.name(privacy)
        try:
            await parts.confinement.record(claim)
        except BaseException:
            self._ended("not_sent", None, None, estimated=False)
            raise
        facts.attempts += 1
        facts.deployment = self.deployment.label
        facts.provider = config.provider
        facts.model = config.model
        facts.reason = self._step.reason
        self._began = parts.clock.now()
        self.deployment.began(self._began)

    def first_byte(self) -> None:
        """The answer has begun."""
        now = self._parts.clock.now()
        self._first_byte_ns = self._parts.clock.wall_ns()
        if self._facts.first_byte_s is None:
            self._facts.first_byte_s = now - self._facts.started
        self._latency_s = now - self._began

    def count_upstream(self) -> None:
        """Count the time from the attempt's beginning to its answer as the provider's."""
        self._facts.upstream_s += (self._upstream_end or self._parts.clock.now()) - self._began

    def arrived(self) -> None:
        """What was waited for is here; what follows is the gateway's own time."""
        self._upstream_end = self._parts.clock.now()

    @property
    def kind(self) -> str:
        """The provider's."""
        return self.provider.kind

    @property
    def first_byte_limit(self) -> float:
        """Seconds until a stream must begin."""
        return self._step.group.config.first_byte_s

    def answered(self, usage: Usage | None, *, seen: int = 0) -> None:
        """It ended well; ``usage`` is what the provider counted, ``seen`` characters if nothing.

        What the answer's headers do not tell is written down once the answer is on its way.
        """
        used = usage or self._estimate(seen)
        cost = self._priced(used, estimated=usage is None)
        parts = self._parts
        parts.background.soon(self._answered, used, cost, parts.clock.now(), parts.clock.wall_ns())

    def _answered(self, usage: Usage, cost: Cost | None, now: float, wall_ns: int) -> None:
        self.deployment.answered(self._latency_s, now)
        self._settle("ok", usage, cost, None, wall_ns)

    def failed(self, failure: Failure, *, usage: Usage | None = None, seen: int = 0) -> None:
        """It failed. Before the first byte, only a time-out may have cost something."""
        self._step.group.failed(self.deployment, failure, self._parts.clock.now())
        estimated = usage is None
        if usage is None:
            begun = seen or self._first_byte_ns
            unused = failure.kind in _UNUSED and not begun
            usage = Usage(0, 0) if unused else self._unknown(seen)
        self._ended("failed", usage, failure, estimated=estimated)

    def abandoned(self, *, usage: Usage | None = None, seen: int = 0) -> None:
        """The caller left; what was used until then is charged."""
        failure = Failure(FailureKind.CANCELLED, "the caller left")
        self._step.group.failed(self.deployment, failure, self._parts.clock.now())
        used = usage if usage is not None and usage.output else self._unknown(seen)
        self._ended("cancelled", used, failure, estimated=used is not usage)

    def _unknown(self, seen: int) -> Usage:
        if self._parts.config.unknown_use is UnknownUse.SEEN:
            return self._estimate(seen)
        return Usage(self._input_tokens, self._most_output)

    @property
    def _most_output(self) -> int:
        return self._longest if self._max_output is None else self._max_output

    def _estimate(self, seen: int) -> Usage:
        return Usage(self._input_tokens, math.ceil(seen / _CHARACTERS_A_TOKEN))

    def _ended(
        self, status: str, usage: Usage | None, failure: Failure | None, *, estimated: bool
    ) -> None:
        cost = None if usage is None else self._priced(usage, estimated=estimated)
        self._settle(status, usage, cost, failure, self._parts.clock.wall_ns())

    def _priced(self, usage: Usage, *, estimated: bool) -> Cost | None:
        facts = self._facts
        cost = self._parts.prices.cost(self.provider.kind, self._priced_as, usage, self._asked)
        facts.usage = usage
        facts.estimated = estimated
        if cost is not None:
            facts.cost = (facts.cost or 0) + cost.nanodollars
        return cost

    def _settle(
        self,
        status: str,
        usage: Usage | None,
        cost: Cost | None,
        failure: Failure | None,
        wall_ns: int,
    ) -> None:
        outcome = Outcome(
            status=status,
            usage=usage,
            cost=cost,
            failure=failure,
            first_byte_ns=self._first_byte_ns,
            ended_ns=wall_ns,
            cached=False,
            policy=self._policy,
        )
        self._parts.books.settle(self._ticket, outcome)
        self._parts.measures.attempt(self.deployment.label, failure, usage, cost)
