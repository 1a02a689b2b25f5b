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
# What only Presidio finds, by a model; and by patterns, of which these are on for English.
_BY_MODEL: Final = ("PERSON", "LOCATION", "NRP", "ORGANIZATION", "DATE_TIME")
_BY_PATTERN: Final = (
    "CRYPTO", "MEDICAL_LICENSE", "URL", "US_BANK_NUMBER", "US_DRIVER_LICENSE", "US_ITIN",
    "US_PASSPORT",
)  # fmt: skip
_USUAL: Final = ("PERSON", "LOCATION", "NRP")


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
            forms, named = _presidio(params, path, notes)
            if forms:
                made.setdefault("personal_data", []).append(rule | forms)
            if named:
                made.setdefault("named_entities", []).append(_renamed(rule) | named)
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


def _renamed(rule: dict[str, Any]) -> dict[str, Any]:
    """The same for names, so that the two can be told apart where decisions are counted."""
    return rule | {"name": f"{rule['name'][:57]}-names"} if "name" in rule else dict(rule)


def _presidio(
    params: dict[str, Any], path: str, notes: Notes
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is found by its form, and what Presidio is needed for; empty where there is none."""
    asked = mapping(params.get("pii_entities_config"))
    given = str(params.get("presidio_language") or "en").lower()
    language = re.sub(r"[^a-z].*", "", given, flags=re.DOTALL)[:2]
    language = language if len(language) == 2 else "en"
    by_presidio = (*_BY_MODEL, *(_BY_PATTERN if language == "en" else ()))
    forms = [name for name in asked if name in _ENTITIES]
    named = [name for name in asked if name in by_presidio]
    for name in asked:
        if name not in _ENTITIES and name not in by_presidio:
            notes.add(f"{path}.pii_entities_config", f"{str(name)[:60]} is not found here")
    made: dict[str, Any] = {}
    if forms or not asked:
        made = _action(asked, forms)
        if forms:
            made["kinds"] = [_ENTITIES[name] for name in forms]
    if not named and asked:
        return made, {}
    return made, _named(params, language, asked, named or list(_USUAL), path, notes)


def _named(
    params: dict[str, Any],
    language: str,
    asked: dict[str, Any],
    entities: list[str],
    path: str,
    notes: Notes,
) -> dict[str, Any]:
    model = f"{language}_core_{'web' if language in {'en', 'zh'} else 'news'}_lg"
    notes.add(
        path,
        f"{', '.join(entities)}: found by Presidio within the gateway, with a spaCy model that you"
        f" install: pip install 'sensorium[presidio]' and python -m spacy download {model}",
    )
    made = _action(asked, entities) | {"entities": entities, "model": model, "language": language}
    thresholds = mapping(params.get("presidio_score_thresholds"))
    for name, value in thresholds.items():
        if name == "ALL" and isinstance(value, int | float) and 0 <= value <= 1:
            made["threshold"] = float(value)
        else:
            notes.add(
                f"{path}.presidio_score_thresholds",
                f"{str(name)[:60]}: a rule has one threshold for all that it finds",
            )
    return made


def _action(asked: dict[str, Any], names: list[str]) -> dict[str, Any]:
    blocked = any(str(asked.get(name)).upper() == "BLOCK" for name in names)
    return {"action": "block" if blocked else "mask"}
