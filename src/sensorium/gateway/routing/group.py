"""A named model: its deployments, and the choice among them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from random import Random

from sensorium.gateway.failure import Failure
from sensorium.gateway.record import record
from sensorium.gateway.routing.breaker import Standing
from sensorium.gateway.routing.config import CooldownConfig, ModelConfig
from sensorium.gateway.routing.deployment import Deployment
from sensorium.gateway.routing.strategies import STRATEGIES, Setting


@record()
class Chosen:
    """A deployment, and why it."""

    deployment: Deployment
    reason: str


class Group:
    """The deployments behind one name."""

    def __init__(self, config: ModelConfig, cooldown: CooldownConfig) -> None:
        self.config = config
        self.name = config.name
        self.deployments = tuple(Deployment(one, cooldown) for one in config.deployments)
        self._choose = STRATEGIES[config.strategy]

    def choose(
        self,
        now: float,
        rng: Random,
        *,
        but: Collection[str] = (),
        allowed: Callable[[Deployment], bool] = lambda _: True,
        cost: Callable[[Deployment], int | None] = lambda _: None,
    ) -> Chosen | None:
        """The deployment for the next call; None where every one is used up, full or forbidden.

        One whose cooldown is over gets the call before others, alone, as its probe. Where all
        cool, the one that is over first is asked all the same.
        """
        ready: list[Deployment] = []
        cooling: list[Deployment] = []
        for one in self.deployments:
            if one.label in but or one.is_full or not allowed(one):
                continue
            standing = one.breaker.standing(now)
            if standing is Standing.PROBING:
                return Chosen(one, "probe after cooldown")
            (ready if standing is Standing.READY else cooling).append(one)
        if not ready:
            if not cooling:
                return None
            return Chosen(min(cooling, key=lambda one: one.breaker.until), "all cool down")
        strategy = self.config.strategy.value
        if len(ready) == 1:
            return Chosen(ready[0], "only one" if len(self.deployments) == 1 else "only one ready")
        chosen, why = self._choose(ready, Setting(now, rng, cost))
        return Chosen(chosen, f"{strategy} {why}")

    def failed(self, deployment: Deployment, failure: Failure, now: float) -> None:
        """One of them failed; the last that is well is never left alone."""
        others = any(
            one.breaker.standing(now) is Standing.READY
            for one in self.deployments
            if one is not deployment
        )
        deployment.failed(failure, now, may_open=others)
