"""The gateway's settings tree: each part's own config dataclass, and rules between them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sensorium.component import setting
from sensorium.gateway.access.config import AccessConfig
from sensorium.gateway.cache.config import CacheConfig
from sensorium.gateway.calls.config import CallsConfig
from sensorium.gateway.door.config import DoorConfig
from sensorium.gateway.guardrails.config import GuardrailsConfig
from sensorium.gateway.ledger.config import LedgerConfig
from sensorium.gateway.privacy.config import PrivacyConfig
from sensorium.gateway.providers.config import ProviderConfig
from sensorium.gateway.routing.config import CooldownConfig, ModelConfig, SwitchConfig
from sensorium.observe.config import ObserveConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """All settings of one gateway."""

    data_dir: Path = setting(Path("var"), "folder of the ledger and of what else is kept")
    workers: int = setting(
        1,
        "processes that answer, on one port, each on a core of its own; more than 1 needs Linux",
        ge=1,
        le=128,
    )
    door: DoorConfig = setting(DoorConfig, "")
    providers: tuple[ProviderConfig, ...] = setting((), "where models are called")
    models: tuple[ModelConfig, ...] = setting((), "the models that callers can ask for")
    switches: tuple[SwitchConfig, ...] = setting(
        (), "names that choose one of the models by task or difficulty"
    )
    cooldown: CooldownConfig = setting(CooldownConfig, "")
    calls: CallsConfig = setting(CallsConfig, "")
    guardrails: GuardrailsConfig = setting(GuardrailsConfig, "")
    cache: CacheConfig = setting(CacheConfig, "")
    privacy: PrivacyConfig = setting(PrivacyConfig, "")
    ledger: LedgerConfig = setting(LedgerConfig, "")
    access: AccessConfig = setting(AccessConfig, "")
    observe: ObserveConfig = setting(ObserveConfig, "")

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise ValueError("; ".join(problems))


def _problems(settings: GatewaySettings) -> Iterator[str]:
    models = [model.name for model in settings.models]
    switches = [switch.name for switch in settings.switches]
    providers = [provider.name for provider in settings.providers]
    yield from (f"two models are called {name!r}" for name in _twice([*models, *switches]))
    yield from (f"two providers are called {name!r}" for name in _twice(providers))
    for model in settings.models:
        yield from _problems_of_model(model, models, providers)
    yield from _two_of_one_label(settings.models)
    for switch in settings.switches:
        chosen = (*(task.model for task in switch.tasks), switch.normal, switch.complex)
        yield from _unknown(chosen, models, f"{switch.name}: chooses")
    rules = settings.guardrails
    for kind in dataclasses.fields(rules):
        for rule in getattr(rules, kind.name):
            yield from _unknown(
                rule.routes, [*models, *switches], f"guardrails.{kind.name}: covers"
            )
    asked = [rule.route for rule in rules.moderation]
    yield from _unknown(asked, models, "guardrails.moderation: asks")


def _problems_of_model(
    model: ModelConfig, models: list[str], providers: list[str]
) -> Iterator[str]:
    labels = [deployment.label for deployment in model.deployments]
    yield from (f"{model.name}: two deployments are called {one!r}" for one in _twice(labels))
    for deployment in model.deployments:
        if deployment.provider not in providers:
            yield f"{model.name}: is deployed at {deployment.provider!r}, which is no provider"
    for fallback in model.fallbacks:
        yield from _unknown(fallback.to, models, f"{model.name}: falls back to")


def _two_of_one_label(models: Iterable[ModelConfig]) -> Iterator[str]:
    """Policies, spend and logs know a deployment by its label alone."""
    known: dict[str, tuple[str, str]] = {}
    for model in models:
        for one in model.deployments:
            where = one.provider, one.model
            if known.setdefault(one.label, where) != where:
                yield f"{model.name}: a deployment elsewhere is called {one.label!r} too"


def _unknown(names: Iterable[str], known: list[str], what: str) -> Iterator[str]:
    yield from (f"{what} {name!r}, which is no model" for name in names if name not in known)


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    again = []
    for name in names:
        if name in seen:
            again.append(name)
        seen.add(name)
    return again
