"""A LiteLLM proxy's configuration as settings of ours, and what could not be carried over.

Source of the format: LiteLLM's documentation, "Config.yaml" and "All settings". No value that
may be a secret is copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from sensorium.gateway.importing import routing
from sensorium.gateway.importing.guarding import read_guardrails
from sensorium.gateway.importing.models import read_models
from sensorium.gateway.importing.notes import Note, Notes
from sensorium.gateway.importing.providers import Providers
from sensorium.gateway.importing.reading import read
from sensorium.gateway.importing.values import mapping, number

_SECTIONS: Final = {
    "model_list",
    "router_settings",
    "litellm_settings",
    "general_settings",
    "guardrails",
    "environment_variables",
    "credential_list",
}
_GENERAL: Final = {
    "master_key": "keys are made with `sensorium gateway keys`; the old ones were not copied",
    "database_url": "the ledger has a database of its own",
}
_LITELLM: Final = {
    "max_budget": "give the organisation a budget: docs/how-to/give-a-team-a-budget.md",
    "budget_duration": "give the organisation a budget: docs/how-to/give-a-team-a-budget.md",
    "drop_params": "what a provider cannot express is refused here, and not dropped",
    "success_callback": "spans go to observe.otlp_endpoint, and the ledger keeps every attempt",
    "failure_callback": "spans go to observe.otlp_endpoint, and the ledger keeps every attempt",
    "callbacks": "no code is run from settings; see guardrails and observe.otlp_endpoint",
}


@dataclass(frozen=True, slots=True)
class Imported:
    """``settings_yaml`` is a ``gateway.yaml``; ``notes`` what it lacks of the file."""

    settings_yaml: str
    notes: tuple[Note, ...]


def import_litellm(text: str, environment: Mapping[str, str] | None = None) -> Imported:
    """Read a LiteLLM configuration; raises ``UsageError`` for a file that is none.

    ``environment`` gives the values of references that stand where no secret may stand: addresses
    and Regions.
    """
    document = read(text)
    notes = Notes()
    providers = Providers(notes, environment or {})
    models = read_models(document, providers, notes)
    settings: dict[str, Any] = {}
    for name in ("litellm_settings", "router_settings"):  # the router's own word counts more
        given = mapping(document.get(name))
        routing.apply_routing(settings, models, given, name, notes)
        if name == "router_settings":
            notes.left(name, dict(given), set(routing.KNOWN))
    settings["providers"] = providers.entries
    settings["models"] = list(models.values())
    settings["guardrails"] = read_guardrails(document, notes)
    _rest(settings, document, notes)
    made = {name: value for name, value in settings.items() if value}
    text = yaml.dump(made, Dumper=_Indented, sort_keys=False, allow_unicode=True, width=100)
    return Imported(text, tuple(notes.all))


class _Indented(yaml.SafeDumper):
    """Lists stand deeper than their names, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _rest(settings: dict[str, Any], document: dict[str, Any], notes: Notes) -> None:
    given = mapping(document.get("litellm_settings"))
    if given.get("cache") is True:
        settings["cache"] = _cache(mapping(given.get("cache_params")), notes)
    known = {*routing.KNOWN, "cache", "cache_params"}
    _explained("litellm_settings", given, _LITELLM, known, notes)
    _explained(
        "general_settings", mapping(document.get("general_settings")), _GENERAL, set(), notes
    )
    for name in mapping(document.get("environment_variables")):
        notes.add(f"environment_variables.{name[:80]}", "set it in the environment; not copied")
    notes.left("(top)", dict(document), set(_SECTIONS))


def _explained(
    path: str, given: dict[str, Any], words: Mapping[str, str], known: set[str], notes: Notes
) -> None:
    for name in given:
        if name in words:
            notes.add(f"{path}.{name}", words[name])
    notes.left(path, given, {*known, *words})


def _cache(params: dict[str, Any], notes: Notes) -> dict[str, Any]:
    made: dict[str, Any] = {"enabled": True}
    seconds = number(params.get("ttl"))
    if seconds is not None and seconds > 0:
        made["ttl_seconds"] = float(seconds)
    kind = str(params.get("type", "local"))[:40]
    if kind != "local":
        notes.add(
            "litellm_settings.cache_params.type",
            f"{kind}: answers are kept in this process and, with cache.file, in a file",
        )
    notes.left("litellm_settings.cache_params", params, {"type", "ttl"})
    return made
