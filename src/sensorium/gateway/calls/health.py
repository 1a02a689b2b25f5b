"""Asking deployments now and then whether they are well, by questions that cost nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sensorium.gateway.failure import CallFailedError, Failure, FailureKind

if TYPE_CHECKING:
    from sensorium.gateway.calls.parts import Parts
    from sensorium.gateway.routing.deployment import Deployment
    from sensorium.gateway.routing.group import Group
    from sensorium.observe import Observe

_TIMEOUT_S: Final = 10.0


class HealthChecks:
    """One loop for each deployment whose settings ask for it.

    What a check finds counts as a call's outcome does: a failure brings the deployment nearer to
    being left alone, and an answer ends its cooldown. It says nothing about its latency.
    """

    def __init__(self, parts: Parts, observe: Observe) -> None:
        self._parts = parts
        self._checks = observe.counter(
            "sensorium_gateway_health_checks",
            "Checks of deployments by questions that cost nothing, by outcome",
            ("deployment", "outcome"),
        )

    async def run_forever(self) -> None:
        """Check until cancelled; returns at once where no deployment asks for it."""
        async with asyncio.TaskGroup() as tasks:
            for group in self._parts.router.groups.values():
                for one in group.deployments:
                    if one.config.check_every_s:
                        tasks.create_task(self._check_forever(group, one))

    async def check(self, group: Group, deployment: Deployment) -> Failure | None:
        """Check one, and let its group know."""
        clock = self._parts.clock
        provider = self._parts.providers[deployment.config.provider]
        deployment.began(clock.now())
        try:
            await provider.probe(_TIMEOUT_S)
        except CallFailedError as error:
            group.failed(deployment, error.failure, clock.now())
            self._checks.labels(deployment.label, error.failure.kind.value).inc()
            return error.failure
        except BaseException:
            cancelled = Failure(FailureKind.CANCELLED, "the check was cancelled")
            group.failed(deployment, cancelled, clock.now())
            raise
        deployment.well()
        self._checks.labels(deployment.label, "ok").inc()
        return None

    async def _check_forever(self, group: Group, deployment: Deployment) -> None:
        while True:
            await asyncio.sleep(deployment.config.check_every_s)
            await self.check(group, deployment)
