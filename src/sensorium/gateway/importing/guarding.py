"""From LiteLLM's guardrails to ours, where there is one of the same purpose."""

from __future__ import annotations

import re
from typing import Any, Final

from sensorium.gateway.importing.notes import Notes
from sensorium.gateway.importing.values import listed, mapping

_STAGES: Final = {"pre_call": "before", "during_call": "beside", "post_call": "after"}
# Presidio's names of what is found by its form.
_ENTITIES: Final = {
    "CREDIT_CARD": "CARD",
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
    "MAC_ADDRESS": "MAC",
    "US_SSN": "US_SSN",
    "UK_NHS": "GB_NHS",
    "ES_NIF": "ES_DNI",
    "ES_NIE": "ES_NIE",
    "DE_TAX_ID": "DE_TAX_ID",
}


def read_guardrails(document: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """The section ``guardrails``; empty where nothing could be carried over."""
    made: dict[str, list[dict[str, Any]]] = {}
    for place, given in enumerate(listed(document.get("guardrails"))):
        path = f"guardrails[{place}]"
        entry = mapping(given)
        params = mapping(entry.get("litellm_params"))
        kind = str(params.get("guardrail", ""))[:60]
        if params.get("default_on") is not True:
            notes.add(
                path, f"{kind}: ran only for calls that asked for it; here a rule always runs"
            )
            continue
        if kind == "presidio":
            rule = _common(entry, params, path, notes)
            rule |= _entities(params, path, notes)
            made.setdefault("personal_data", []).append(rule)
        elif kind in {"hide-secrets", "hide_secrets"}:
            rule = _common(entry, params, path, notes) | {"action": "mask"}
            made.setdefault("secrets", []).append(rule)
        else:
            notes.add(
                path,
                f"{kind or 'it'} has no like here; see personal_data, secrets, injection,"
                " denied_topics and moderation",
            )
    return made


def _common(
    entry: dict[str, Any], params: dict[str, Any], path: str, notes: Notes
) -> dict[str, Any]:
    stages = []
    for mode in listed(params.get("mode")):
        stage = _STAGES.get(str(mode))
        if stage is None or stage == "beside":
            notes.add(f"{path}.mode", f"{str(mode)[:40]}: what masks looks before and after")
        elif stage not in stages:
            stages.append(stage)
    name = re.sub(r"[^a-z0-9_.-]", "-", str(entry.get("guardrail_name", "")).lower())[:60].lstrip(
        "_.-"
    )
    made: dict[str, Any] = {"name": name} if name else {}
    return made | {"stages": stages or ["before", "after"]}


def _entities(params: dict[str, Any], path: str, notes: Notes) -> dict[str, Any]:
    asked = mapping(params.get("pii_entities_config"))
    kinds, blocked = [], False
    for name, action in asked.items():
        if name in _ENTITIES:
            kinds.append(_ENTITIES[name])
            blocked = blocked or str(action).upper() == "BLOCK"
        else:
            notes.add(
                f"{path}.pii_entities_config",
                f"{name[:60]} is not found here: it has no form of its own",
            )
    made: dict[str, Any] = {"action": "block" if blocked else "mask"}
    return made | {"kinds": kinds} if kinds else made
