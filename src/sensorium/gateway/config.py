"""The gateway's settings tree: each part's own config dataclass, and rules between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sensorium.component import setting
from sensorium.gateway.access.config import AccessConfig
from sensorium.gateway.door.config import DoorConfig
from sensorium.gateway.ledger.config import LedgerConfig
from sensorium.gateway.routing.config import CooldownConfig, ModelConfig, SwitchConfig
from sensorium.observe.config import ObserveConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """All settings of one gateway."""

    data_dir: Path = setting(Path("var"), "folder of the ledger and of what else is kept")
    door: DoorConfig = setting(DoorConfig, "")
    models: tuple[ModelConfig, ...] = setting((), "the models that callers can ask for")
    switches: tuple[SwitchConfig, ...] = setting(
        (), "names that choose one of the models by task or difficulty"
    )
    cooldown: CooldownConfig = setting(CooldownConfig, "")
    ledger: LedgerConfig = setting(LedgerConfig, "")
    access: AccessConfig = setting(AccessConfig, "")
    observe: ObserveConfig = setting(ObserveConfig, "")

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise ValueError("; ".join(problems))


def _problems(settings: GatewaySettings) -> Iterator[str]:
    models = {model.name for model in settings.models}
    names = [model.name for model in settings.models]
    names += [switch.name for switch in settings.switches]
    yield from (f"two models are called {name!r}" for name in _twice(names))
    for model in settings.models:
        labels = [deployment.label for deployment in model.deployments]
        yield from (f"{model.name}: two deployments are called {one!r}" for one in _twice(labels))
        for fallback in model.fallbacks:
            for name in fallback.to:
                if name not in models:
                    yield f"{model.name}: falls back to {name!r}, which is no model"
    for switch in settings.switches:
        chosen = [task.model for task in switch.tasks]
        for name in (*chosen, switch.normal, switch.complex):
            if name not in models:
                yield f"{switch.name}: chooses {name!r}, which is no model"


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    again = []
    for name in names:
        if name in seen:
            again.append(name)
        seen.add(name)
    return again
