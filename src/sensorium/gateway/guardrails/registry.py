"""All kinds of rules: from their settings to a guard."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from sensorium.gateway.guardrails.bound import Bound
from sensorium.gateway.guardrails.config import GuardrailsConfig, RuleConfig
from sensorium.gateway.guardrails.guard import Guard
from sensorium.gateway.guardrails.personal_data.rule import USUAL, PersonalData
from sensorium.gateway.guardrails.secrets.rule import LABELS, Secrets

if TYPE_CHECKING:
    from sensorium.observe import Observe

# Goes up when any rule finds something else than before: answers are cached under it.
VERSION: Final = "1"


def make_guard(config: GuardrailsConfig, observe: Observe) -> Guard:
    """The guard that the settings ask for; raises ``ValueError`` for what no rule knows."""
    version = sha256(f"{VERSION}\n{config!r}".encode()).hexdigest()[:16]
    return Guard(tuple(_bounds(config)), observe, version)


def _bounds(config: GuardrailsConfig) -> Iterator[Bound]:
    for personal in config.personal_data:
        rule = PersonalData(personal.kinds or USUAL)
        yield Bound(_name(personal, rule.kind), personal, text=rule, restore=personal.restore)
    for secret in config.secrets:
        secrets = Secrets(secret.kinds or LABELS)
        yield Bound(_name(secret, secrets.kind), secret, text=secrets, restore=secret.restore)


def _name(config: RuleConfig, kind: str) -> str:
    return config.name or kind.replace("_", "-")
