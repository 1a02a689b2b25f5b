"""From ``model_list`` to models and their deployments."""

from __future__ import annotations

import re
from typing import Any, Final

from sensorium.gateway.importing.notes import Notes
from sensorium.gateway.importing.providers import KNOWN, Providers
from sensorium.gateway.importing.values import listed, mapping, number

NAME = re.compile(r"[\w./:@+-]{1,200}")
_PARAMS: Final = KNOWN | {
    "weight",
    "max_tokens",
    "max_parallel_requests",
    "rpm",
    "tpm",
    "input_cost_per_token",
    "output_cost_per_token",
}


def read_models(document: dict[str, Any], providers: Providers, notes: Notes) -> dict[str, Any]:
    """Models by their name, each with its deployments, in the order of the file."""
    models: dict[str, dict[str, Any]] = {}
    credentials = _credentials(document)
    for place, given in enumerate(listed(document.get("model_list"))):
        path = f"model_list[{place}]"
        entry = mapping(given)
        name = entry.get("model_name")
        params = mapping(entry.get("litellm_params"))
        if not isinstance(name, str) or not name:
            notes.add(path, "has no model_name; left out")
            continue
        if "*" in name or "*" in str(params.get("model", "")):
            notes.add(path, f"{name[:80]}: patterns of names are not known here; name each model")
            continue
        if isinstance(named := params.pop("litellm_credential_name", None), str):
            if named not in credentials:
                at = f"{path}.litellm_params.litellm_credential_name"
                notes.add(at, "names no credential of the file")
            params = {**credentials.get(named, {}), **params}
        found = providers.of(params, f"{path}.litellm_params")
        if found is None:
            continue
        if not NAME.fullmatch(name) or not NAME.fullmatch(found[1]):
            notes.add(path, "its name has characters that a name cannot have here; left out")
            continue
        deployment = _deployment(entry, params, found, path, notes)
        model = models.setdefault(name, {"name": name, "deployments": []})
        _add(model["deployments"], deployment)
    return models


def _credentials(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Parameters that several models share, by their name."""
    listed_here = [mapping(one) for one in listed(document.get("credential_list"))]
    return {
        str(one.get("credential_name")): mapping(one.get("credential_values"))
        for one in listed_here
    }


def _add(deployments: list[dict[str, Any]], new: dict[str, Any]) -> None:
    """Two deployments of one model need two names."""
    labels = {one.get("name") or f"{one['provider']}/{one['model']}" for one in deployments}
    label = new.get("name") or f"{new['provider']}/{new['model']}"
    if label in labels:
        new["name"] = f"{label}-{len(deployments) + 1}"
    deployments.append(new)


def _deployment(
    entry: dict[str, Any],
    params: dict[str, Any],
    found: tuple[str, str],
    path: str,
    notes: Notes,
) -> dict[str, Any]:
    made: dict[str, Any] = {"provider": found[0], "model": found[1]}
    weight = number(params.get("weight"))
    if weight is not None and weight >= 0:
        made["weight"] = weight
    for theirs, ours in (
        ("max_tokens", "max_output_tokens"),
        ("max_parallel_requests", "max_concurrent"),
    ):
        value = number(params.get(theirs))
        if value is not None and value >= 1:
            made[ours] = int(value)
    info = mapping(entry.get("model_info"))
    base = info.get("base_model")
    if isinstance(base, str) and base:
        made["price_as"] = base.partition("/")[2] or base
    for where, given in (("litellm_params", params), ("model_info", info), ("", entry)):
        at = f"{path}.{where}".rstrip(".")
        if "input_cost_per_token" in given or "output_cost_per_token" in given:
            notes.add(f"{at}.input_cost_per_token", "prices stand in the price list here")
        for name in sorted(given.keys() & {"rpm", "tpm"}):
            notes.add(f"{at}.{name}", "limits are of keys and teams here, not of deployments")
    notes.left(f"{path}.litellm_params", dict(params), set(_PARAMS))
    known = {"model_name", "litellm_params", "model_info", "rpm", "tpm"}
    notes.left(path, dict(entry), known)
    return made
