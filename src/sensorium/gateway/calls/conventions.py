"""Names of OpenTelemetry's GenAI semantic conventions, in this one place because they still move.

Source: OpenTelemetry semantic conventions, "GenAI client spans" and "GenAI metrics".
``SENSORIUM_*`` are ours, where the conventions have no name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sensorium.gateway.calls.facts import Facts

OPERATION_NAME: Final = "gen_ai.operation.name"
PROVIDER_NAME: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
TOKEN_TYPE: Final = "gen_ai.token.type"
TOKEN_USAGE: Final = "gen_ai.client.token.usage"
OPERATION_DURATION: Final = "gen_ai.client.operation.duration"
ERROR_TYPE: Final = "error.type"
SENSORIUM_REQUEST_ID: Final = "sensorium.gateway.request_id"
SENSORIUM_DEPLOYMENT: Final = "sensorium.gateway.deployment"
SENSORIUM_ATTEMPTS: Final = "sensorium.gateway.attempts"
SENSORIUM_ROUTE_REASON: Final = "sensorium.gateway.route_reason"
SENSORIUM_COST: Final = "sensorium.gateway.cost_nanodollars"
SENSORIUM_CACHE: Final = "sensorium.gateway.cache"

# The bounds of buckets that the conventions ask for.
TOKEN_BOUNDS: Final = tuple(4**power for power in range(14))
SECOND_BOUNDS: Final = tuple(0.01 * 2**power for power in range(14))

# The conventions' own words for providers, by our kinds.
PROVIDERS: Final = {
    "openai": "openai",
    "azure": "azure.ai.openai",
    "anthropic": "anthropic",
    "gemini": "gcp.gemini",
    "bedrock": "aws.bedrock",
}


def span_name(operation: str, model: str) -> str:
    """``chat gpt-5``, as the conventions have it."""
    return f"{operation} {model}"


def attributes_of_metrics(facts: Facts, kind: str) -> dict[str, Any]:
    """What a metric is told by: names from settings and closed sets, and no ids."""
    found: dict[str, Any] = {OPERATION_NAME: facts.operation, REQUEST_MODEL: facts.route}
    if facts.deployment:
        found[PROVIDER_NAME] = PROVIDERS.get(kind, kind)
        found[RESPONSE_MODEL] = facts.model
    return found


def attributes_at_start(facts: Facts) -> dict[str, Any]:
    """What is known when a call begins."""
    return {
        OPERATION_NAME: facts.operation,
        REQUEST_MODEL: facts.route,
        SENSORIUM_REQUEST_ID: facts.request_id,
    }


def attributes_at_end(facts: Facts, kind: str) -> dict[str, Any]:
    """What is known when it has ended; ``kind`` is the provider's."""
    found: dict[str, Any] = {SENSORIUM_ATTEMPTS: facts.attempts}
    if facts.deployment:
        found[PROVIDER_NAME] = PROVIDERS.get(kind, kind)
        found[RESPONSE_MODEL] = facts.model
        found[SENSORIUM_DEPLOYMENT] = facts.deployment
        found[SENSORIUM_ROUTE_REASON] = facts.reason
    if facts.usage is not None:
        found[INPUT_TOKENS] = facts.usage.input
        found[OUTPUT_TOKENS] = facts.usage.output
        if facts.usage.cache_read:
            found[CACHE_READ_TOKENS] = facts.usage.cache_read
    if facts.cost is not None:
        found[SENSORIUM_COST] = facts.cost
    if facts.cache:
        found[SENSORIUM_CACHE] = facts.cache
    if facts.outcome != "ok":
        found[ERROR_TYPE] = facts.outcome
    return found
