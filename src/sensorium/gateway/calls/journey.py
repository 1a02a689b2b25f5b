"""From deployment to deployment until one answers: what chat and embeddings share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sensorium.gateway.calls.attempt import Attempt
from sensorium.gateway.calls.rejection import (
    RejectedError,
    all_busy,
    from_failure,
    nothing_allowed,
    unknown_model,
    untranslatable,
)
from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.failure import CallFailedError, Failure, FailureKind
from sensorium.gateway.routing.way import Limits

if TYPE_CHECKING:
    from sensorium.gateway.access import Caller
    from sensorium.gateway.calls.facts import Facts
    from sensorium.gateway.calls.parts import Parts
    from sensorium.gateway.routing.deployment import Deployment
    from sensorium.gateway.routing.group import Group
    from sensorium.gateway.routing.way import Step, Way

# An end user is a word of the caller's own; the ledger has an account for each.
_LONGEST_NAME: Final = 200

A = TypeVar("A")
Body = Mapping[str, Any]
# The body, the most tokens of the answer where that is known, and how many more of the input than
# estimated this deployment may count.
Prepare = Callable[["Step"], tuple[Body, int | None, int]]
Send = Callable[[Attempt, Body, float], Awaitable[A]]


class Journey:
    """One call's attempts, each claimed before and settled after, within one deadline."""

    def __init__(
        self, parts: Parts, caller: Caller, facts: Facts, input_tokens: int, end_user: str
    ) -> None:
        self._parts = parts
        self._caller = caller
        self.scopes = caller.scopes
        if end_user:
            self.scopes = replace(caller.scopes, end_user=end_user[:_LONGEST_NAME])
        self._facts = facts
        self._input_tokens = input_tokens

    def check_model(self, name: str, *, chat: bool = True) -> None:
        """Raise ``RejectedError`` for a model that is unknown, or not the caller's.

        A switch judges conversations, so it is no model for anything but ``chat``.
        """
        router = self._parts.router
        known = router.knows(name) if chat else name in router.groups
        if not known or not self._may_use(name):
            raise unknown_model(name)

    async def go(self, group: Group, why: str, prepare: Prepare, send: Send[A]) -> A:
        """Send it until it is answered; ``RejectedError`` when nothing is left to try."""
        clock = self._parts.clock
        limits = Limits(
            allowed=self._is_allowed, cost=self._worst_cost, model_allowed=self._may_use
        )
        way = self._parts.router.way(group, limits, clock.now(), why)
        step = way.next(clock.now())
        if step is None:
            raise self._nothing(group)
        while True:
            if step.wait_s:
                await asyncio.sleep(step.wait_s)
                self._facts.upstream_s += step.wait_s
            rejection, failure, result = await self._try(way, step, prepare, send)
            if failure is None:
                return result  # type: ignore[return-value]  # there is one where nothing failed
            step = way.next(clock.now(), failure)
            if step is None:
                raise rejection or from_failure(failure)

    async def _try(
        self, way: Way, step: Step, prepare: Prepare, send: Send[A]
    ) -> tuple[RejectedError | None, Failure | None, A | None]:
        try:
            body, max_output, more = prepare(step)
        except UntranslatableError as error:
            # Nothing was sent: another deployment may speak a dialect that can say it.
            failure = Failure(FailureKind.PROTOCOL, str(error))
            return untranslatable(str(error)), failure, None
        attempt = Attempt(
            self._parts, self._facts, step, self._input_tokens, max_output, body, more
        )
        await attempt.open(self.scopes, self._caller.privacy_class)
        left_s = max(way.deadline - self._parts.clock.now(), 0.001)
        try:
            return None, None, await send(attempt, body, left_s)
        except CallFailedError as error:
            return None, error.failure, None
        finally:
            attempt.count_upstream()

    def _may_use(self, name: str) -> bool:
        allowed = self._caller.allowed_models
        return allowed is None or name in allowed

    def _is_allowed(self, deployment: Deployment) -> bool:
        return not self._parts.confinement.denial(deployment, self._caller.privacy_class)

    def _nothing(self, group: Group) -> RejectedError:
        """Why not even a first deployment could be asked."""
        privacy, confinement = self._caller.privacy_class, self._parts.confinement
        reasons = [confinement.denial(one, privacy) for one in group.deployments]
        return nothing_allowed(reasons[0]) if all(reasons) else all_busy()

    def _worst_cost(self, deployment: Deployment) -> int | None:
        config = deployment.config
        kind = self._parts.providers[config.provider].kind
        model = config.price_as or config.model
        cost = self._parts.prices.worst(
            kind, model, self._input_tokens, config.max_output_tokens or None
        )
        return None if cost is None else cost.nanodollars
