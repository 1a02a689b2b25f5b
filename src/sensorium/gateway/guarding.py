"""The guard of a gateway's settings: each rule on every name that leads to the models it covers."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from sensorium.errors import UsageError
from sensorium.gateway.dialects.tokens import of_text
from sensorium.gateway.guardrails.registry import Ask, make_guard
from sensorium.gateway.routing.reach import leading_to, reach

if TYPE_CHECKING:
    from sensorium.gateway.config import GatewaySettings
    from sensorium.gateway.guardrails.config import GuardrailsConfig
    from sensorium.gateway.guardrails.guard import Guard
    from sensorium.observe import Observe


def guard_of(settings: GatewaySettings, observe: Observe, ask: Ask) -> Guard:
    """Raises ``UsageError`` for rules that cannot work."""
    try:
        return make_guard(covering(settings), observe, estimate=of_text, ask=ask)
    except ValueError as error:
        raise UsageError(
            f"guardrails: {error}", next_step="`sensorium gateway example` explains each rule"
        ) from error


def covering(settings: GatewaySettings) -> GuardrailsConfig:
    """The guardrails' settings, with the routes of each rule widened to all that lead to them."""
    reaches = reach(settings.models, settings.switches)
    given = settings.guardrails
    widened: dict[str, Any] = {}
    for kind in fields(given):
        rules = getattr(given, kind.name)
        widened[kind.name] = tuple(
            replace(rule, routes=leading_to(reaches, rule.routes)) if rule.routes else rule
            for rule in rules
        )
    return replace(given, **widened)
