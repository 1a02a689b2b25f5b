"""From ``router_settings`` and ``litellm_settings`` to strategies, attempts and fallbacks."""

from __future__ import annotations

import copy
from typing import Any, Final

from sensorium.gateway.importing.models import NAME
from sensorium.gateway.importing.notes import Notes
from sensorium.gateway.importing.values import listed, mapping, number

_STRATEGIES: Final = {
    "simple-shuffle": "weighted",
    "least-busy": "least_busy",
    "latency-based-routing": "lowest_latency",
    "cost-based-routing": "lowest_cost",
}
_KINDS: Final = {
    "fallbacks": None,
    "default_fallbacks": None,
    "context_window_fallbacks": ["context_too_long"],
    "content_policy_fallbacks": ["content_filtered"],
}
KNOWN: Final = _KINDS.keys() | {
    "routing_strategy",
    "num_retries",
    "timeout",
    "stream_timeout",
    "request_timeout",
    "allowed_fails",
    "cooldown_time",
    "model_group_alias",
}


def apply_routing(
    settings: dict[str, Any], models: dict[str, Any], given: dict[str, Any], path: str, notes: Notes
) -> None:
    """What one section says of how calls are routed, for every model."""
    for alias, target in mapping(given.get("model_group_alias")).items():
        _alias(models, alias, target, f"{path}.model_group_alias", notes)
    strategy = given.get("routing_strategy")
    if strategy is not None:
        ours = _STRATEGIES.get(str(strategy))
        if ours is None:
            notes.add(
                f"{path}.routing_strategy", f"{str(strategy)[:60]} is not known here: weighted"
            )
        for model in models.values():
            model["strategy"] = ours or "weighted"
    retries = number(given.get("num_retries"))
    if retries is not None and retries >= 0:
        for model in models.values():
            model["attempts"] = min(int(retries) + 1, 20)
    _times(models, given)
    cooldown = settings.setdefault("cooldown", {})
    fails, seconds = number(given.get("allowed_fails")), number(given.get("cooldown_time"))
    if fails is not None and fails >= 0:
        cooldown["failures"] = int(fails) + 1
    if seconds is not None and seconds > 0:
        cooldown["first_s"] = float(seconds)
        if seconds > 300:
            cooldown["longest_s"] = float(seconds)
    for name, kinds in _KINDS.items():
        _fallbacks(models, given.get(name), kinds, f"{path}.{name}", notes)


def _times(models: dict[str, Any], given: dict[str, Any]) -> None:
    for names, ours in (
        (("timeout", "request_timeout"), "deadline_s"),
        (("stream_timeout",), "first_byte_s"),
    ):
        for name in names:
            seconds = number(given.get(name))
            if seconds is not None and 0 < seconds <= 7200:
                for model in models.values():
                    model[ours] = float(seconds)


def _alias(models: dict[str, Any], alias: str, target: Any, path: str, notes: Notes) -> None:
    if isinstance(target, dict):
        target = target.get("model")
    if not isinstance(target, str) or target not in models or not NAME.fullmatch(alias):
        notes.add(path, f"{alias[:80]} stands for no model of the file; left out")
    elif alias not in models:
        models[alias] = {**copy.deepcopy(models[target]), "name": alias}


def _fallbacks(
    models: dict[str, Any], given: Any, kinds: list[str] | None, path: str, notes: Notes
) -> None:
    for one in listed(given):
        if isinstance(one, str):  # of `default_fallbacks`: for every model
            for name in models:
                _fall_back(models, name, [one], kinds, path, notes)
            continue
        for name, targets in mapping(one).items():
            names = list(models) if name == "*" else [name]
            for model in names:
                _fall_back(models, model, listed(targets), kinds, path, notes)


def _fall_back(
    models: dict[str, Any],
    name: str,
    targets: list[Any],
    kinds: list[str] | None,
    path: str,
    notes: Notes,
) -> None:
    known = [one for one in targets if isinstance(one, str) and one in models and one != name]
    for one in targets:
        if one not in known and one != name:
            notes.add(path, f"{name[:80]} falls back to what is no model of the file; left out")
    if name not in models:
        notes.add(path, f"{name[:80]} is no model of the file; left out")
    elif known:
        chains = models[name].setdefault("fallbacks", [])
        for chain in chains:
            if chain.get("on") == kinds:
                chain["to"] += [one for one in known if one not in chain["to"]]
                return
        chains.append({"to": known} if kinds is None else {"on": kinds, "to": known})
