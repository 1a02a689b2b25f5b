"""The order in which the deployments of a group are asked, by each strategy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final

from sensorium.gateway.record import record
from sensorium.gateway.routing.config import Strategy
from sensorium.gateway.routing.deployment import Deployment


@record()
class Setting:
    """What a choice depends on. ``cost`` is what a call costs at most there, None if unknown."""

    now: float
    rng: Random
    cost: Callable[[Deployment], int | None]


Choose = Callable[[Sequence[Deployment], Setting], tuple[Deployment, str]]


def weighted(ready: Sequence[Deployment], setting: Setting) -> tuple[Deployment, str]:
    """By lot, in proportion to the weights; one of weight 0 only where there is no other."""
    total = sum(one.config.weight for one in ready)
    if not total:
        return setting.rng.choice(ready), "spare"
    drawn = setting.rng.random() * total
    chosen = ready[-1]
    for one in ready:
        weight = one.config.weight
        if weight and drawn < weight:
            chosen = one
            break
        drawn -= weight
    return chosen, f"{chosen.config.weight:g} of {total:g}"


def least_busy(ready: Sequence[Deployment], setting: Setting) -> tuple[Deployment, str]:
    """Fewest calls under way for its weight; ties by lot."""
    rng = setting.rng
    chosen = min(
        ready,
        key=lambda one: (_per_weight(one.in_flight, one), not one.config.weight, rng.random()),
    )
    return chosen, f"{chosen.in_flight} under way"


def lowest_latency(ready: Sequence[Deployment], setting: Setting) -> tuple[Deployment, str]:
    """Shortest time to the first byte, as last seen; one never seen is tried first."""
    now, rng = setting.now, setting.rng
    chosen = min(ready, key=lambda one: (one.latency(now), one.in_flight, rng.random()))
    latency = chosen.latency(now)
    return chosen, f"{latency * 1e3:.0f} ms" if latency else "not measured yet"


def lowest_cost(ready: Sequence[Deployment], setting: Setting) -> tuple[Deployment, str]:
    """Least to pay for this call at worst; unknown prices last, ties by fewest calls under way."""
    costs = {one.label: setting.cost(one) for one in ready}

    def rank(one: Deployment) -> tuple[bool, int, int, float]:
        cost = costs[one.label]
        return cost is None, cost or 0, one.in_flight, setting.rng.random()

    chosen = min(ready, key=rank)
    cost = costs[chosen.label]
    return chosen, "price unknown" if cost is None else f"at most {cost} nano-dollars"


def _per_weight(amount: int, one: Deployment) -> float:
    return amount / one.config.weight if one.config.weight else float(amount)


STRATEGIES: Final[Mapping[Strategy, Choose]] = {
    Strategy.WEIGHTED: weighted,
    Strategy.LEAST_BUSY: least_busy,
    Strategy.LOWEST_LATENCY: lowest_latency,
    Strategy.LOWEST_COST: lowest_cost,
}
