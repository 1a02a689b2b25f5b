"""Models and failures for the tests of routing."""

from __future__ import annotations

from random import Random
from typing import Any

from sensorium.gateway.conversation import Conversation, Message, Role, Text
from sensorium.gateway.failure import Failure, FailureKind
from sensorium.gateway.routing.config import (
    CooldownConfig,
    DeploymentConfig,
    FallbackConfig,
    ModelConfig,
    Strategy,
    SwitchConfig,
)
from sensorium.gateway.routing.deployment import Deployment
from sensorium.gateway.routing.group import Group
from sensorium.gateway.routing.router import Router
from sensorium.gateway.routing.way import Limits, Way

COOLDOWN = CooldownConfig(failures=2, window_s=60, first_s=10, longest_s=40)


def deployments(*names: str, **more: Any) -> tuple[DeploymentConfig, ...]:
    return tuple(DeploymentConfig(provider="p", model=name, name=name, **more) for name in names)


def model(name: str, *names: str, **more: Any) -> ModelConfig:
    return ModelConfig(name=name, deployments=deployments(*names), **more)


def group(*names: str, strategy: Strategy = Strategy.WEIGHTED) -> Group:
    return Group(model("m", *names, strategy=strategy), COOLDOWN)


def router(*models: ModelConfig, switches: tuple[SwitchConfig, ...] = ()) -> Router:
    return Router(models, switches, COOLDOWN, Random(7))


def limits(*, forbidden: tuple[str, ...] = (), models: tuple[str, ...] | None = None) -> Limits:
    return Limits(
        allowed=lambda one: one.label not in forbidden,
        cost=lambda _: None,
        model_allowed=lambda name: models is None or name in models,
    )


def way(of: Router, name: str, given: Limits | None = None) -> Way:
    return of.way(of.groups[name], given or limits(), 0.0)


def failure(kind: FailureKind, retry_after_s: float | None = None) -> Failure:
    return Failure(kind, "it failed", retry_after_s=retry_after_s)


def fail(of: Group, label: str, kind: FailureKind, now: float, after: float | None = None) -> None:
    one = named(of, label)
    one.began(now)
    of.failed(one, failure(kind, after), now)


def named(of: Group, label: str) -> Deployment:
    return next(one for one in of.deployments if one.label == label)


def asking(text: str, model_name: str = "m", **more: Any) -> Conversation:
    return Conversation(model=model_name, messages=(Message(Role.USER, (Text(text),)),), **more)


def fallback(to: str, *kinds: FailureKind) -> FallbackConfig:
    return FallbackConfig(on=kinds, to=tuple(to.split())) if kinds else FallbackConfig(to=(to,))
