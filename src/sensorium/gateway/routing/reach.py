"""Which names lead to which models, by switches and fallbacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sensorium.gateway.routing.config import ModelConfig, SwitchConfig


def reach(
    models: Sequence[ModelConfig], switches: Sequence[SwitchConfig]
) -> Mapping[str, frozenset[str]]:
    """For every name that a caller can write: the models that may come to answer, itself among it.

    What is ruled for a model must hold for each name that leads to it, or a switch or a fallback
    would be a way around the rule.
    """
    found: dict[str, frozenset[str]] = {}
    for model in models:
        onward = (name for fallback in model.fallbacks for name in fallback.to)
        found[model.name] = frozenset((model.name, *onward))
    for switch in switches:
        chosen = (*(task.model for task in switch.tasks), switch.normal, switch.complex)
        beyond = frozenset().union(*(found.get(name, frozenset()) for name in chosen))
        found[switch.name] = frozenset((switch.name, *chosen)) | beyond
    return found


def leading_to(reaches: Mapping[str, frozenset[str]], models: Iterable[str]) -> tuple[str, ...]:
    """The names by which one of these models may be reached, and the names themselves."""
    wanted = frozenset(models)
    return tuple(sorted(wanted | {name for name, targets in reaches.items() if targets & wanted}))
