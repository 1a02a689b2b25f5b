"""What each of several processes may use, so that together they keep to the settings.

What the database, the evidence's log and the cache's file hold is shared and not divided. What
remains each process's own, and cannot be divided, is said in ``docs/reference/gateway.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sensorium.errors import UsageError

if TYPE_CHECKING:
    from sensorium.gateway.config import GatewaySettings
    from sensorium.gateway.routing.config import DeploymentConfig, ModelConfig

_LEAST_CACHE: Final = 1024


def divided(settings: GatewaySettings) -> list[GatewaySettings]:
    """The settings of each worker; ``UsageError`` for a bound that has not one for each."""
    workers = settings.workers
    problems = list(_too_few(settings))
    if problems:
        raise UsageError(
            f"{'; '.join(problems)}: fewer than the {workers} workers",
            next_step="raise the bound, or set fewer workers",
        )
    return [_share(settings, number) for number in range(workers)]


def _too_few(settings: GatewaySettings) -> Iterator[str]:
    bounds = {"door.max_connections": settings.door.max_connections}
    bounds |= {f"{one.name}: max_connections": one.max_connections for one in settings.providers}
    bounds |= {
        f"{one.label}: max_concurrent": one.max_concurrent
        for model in settings.models
        for one in model.deployments
        if one.max_concurrent
    }
    yield from (f"{name} is {most}" for name, most in bounds.items() if most < settings.workers)


def _share(settings: GatewaySettings, number: int) -> GatewaySettings:
    def part(whole: int) -> int:
        """Shares differ by one at most, and make up the whole."""
        return whole // settings.workers + (number < whole % settings.workers)

    def deployment(given: DeploymentConfig) -> DeploymentConfig:
        return replace(given, max_concurrent=part(given.max_concurrent))

    def model(given: ModelConfig) -> ModelConfig:
        return replace(given, deployments=tuple(map(deployment, given.deployments)))

    cache = settings.cache
    semantic = replace(cache.semantic, max_entries=max(part(cache.semantic.max_entries), 1))
    return replace(
        settings,
        door=replace(settings.door, max_connections=part(settings.door.max_connections)),
        providers=tuple(
            replace(one, max_connections=part(one.max_connections)) for one in settings.providers
        ),
        models=tuple(map(model, settings.models)),
        cache=replace(cache, max_bytes=max(part(cache.max_bytes), _LEAST_CACHE), semantic=semantic),
    )
