from __future__ import annotations

from collections import Counter
from random import Random

from sensorium.gateway.failure import FailureKind
from sensorium.gateway.routing.config import DeploymentConfig, ModelConfig, Strategy
from sensorium.gateway.routing.deployment import Deployment
from sensorium.gateway.routing.group import Group
from tests.gateway.routing.models import COOLDOWN, fail, group, named


def chosen(of: Group, now: float = 0.0, cost: dict[str, int] | None = None) -> str:
    found = of.choose(now, Random(1), cost=lambda one: (cost or {}).get(one.label))
    assert found is not None
    return found.deployment.label


def weighted(**weights: float) -> Group:
    entries = tuple(
        DeploymentConfig(provider="p", model=name, name=name, weight=weight)
        for name, weight in weights.items()
    )
    return Group(ModelConfig(name="m", deployments=entries), COOLDOWN)


def draws(of: Group, times: int) -> Counter[str]:
    rng = Random(3)
    found = (of.choose(0, rng) for _ in range(times))
    return Counter(one.deployment.label for one in found if one is not None)


def test_calls_are_shared_by_weight() -> None:
    seen = draws(weighted(a=3, b=1), 4000)
    assert 0.72 < seen["a"] / 4000 < 0.78


def test_a_spare_is_asked_only_when_nothing_else_is_well() -> None:
    spare = weighted(a=1, b=0)
    assert draws(spare, 200) == {"a": 200}
    for _ in range(2):
        fail(spare, "a", FailureKind.TIMEOUT, 0)
    assert chosen(spare) == "b"


def test_the_least_busy_is_chosen() -> None:
    busy = group("a", "b", "c", strategy=Strategy.LEAST_BUSY)
    for name in ("a", "a", "b", "c", "c"):
        named(busy, name).began(0)
    assert chosen(busy) == "b"


def test_the_quickest_is_chosen_and_one_never_measured_is_tried_first() -> None:
    quick = group("a", "b", strategy=Strategy.LOWEST_LATENCY)
    answer(named(quick, "a"), 0.1)
    assert chosen(quick) == "b"
    answer(named(quick, "b"), 0.5)
    assert chosen(quick) == "a"


def test_one_that_was_slow_long_ago_is_tried_again() -> None:
    quick = group("a", "b", strategy=Strategy.LOWEST_LATENCY)
    answer(named(quick, "b"), 0.5)
    answer(named(quick, "a"), 0.1, now=300)
    assert chosen(quick, now=300) == "b"


def test_the_cheapest_is_chosen_and_unknown_prices_come_last() -> None:
    cheap = group("a", "b", "c", strategy=Strategy.LOWEST_COST)
    assert chosen(cheap, cost={"a": 30, "c": 20}) == "c"
    assert chosen(cheap, cost={"b": 90}) == "b"


def test_a_full_deployment_is_passed_over() -> None:
    entries = (
        DeploymentConfig(provider="p", model="a", name="a", max_concurrent=1),
        DeploymentConfig(provider="p", model="b", name="b", weight=0.001),
    )
    both = Group(ModelConfig(name="m", deployments=entries), COOLDOWN)
    named(both, "a").began(0)
    assert chosen(both) == "b"
    named(both, "b").began(0)
    answer(named(both, "a"), 0.1, begin=False)
    assert "a" in draws(both, 50)


def test_the_reason_says_what_decided() -> None:
    cheap = group("a", "b", strategy=Strategy.LOWEST_COST)
    found = cheap.choose(0, Random(1), cost=lambda one: 5 if one.label == "a" else 7)
    assert found is not None
    assert found.reason == "lowest_cost at most 5 nano-dollars"


def answer(one: Deployment, latency_s: float, now: float = 0.0, begin: bool = True) -> None:
    if begin:
        one.began(now)
    one.answered(latency_s, now)
