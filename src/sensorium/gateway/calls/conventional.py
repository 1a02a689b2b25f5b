"""OpenTelemetry's GenAI metrics, where a collector is set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from sensorium.gateway.calls import conventions

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

    from sensorium.gateway.calls.facts import Facts
    from sensorium.observe import Observe


class ConventionalMetrics:
    """``gen_ai.client.operation.duration`` and ``gen_ai.client.token.usage``."""

    def __init__(self, meter: Meter) -> None:
        self._duration = meter.create_histogram(
            conventions.OPERATION_DURATION,
            unit="s",
            description="Time of a call, from its arrival to the end of its answer",
            explicit_bucket_boundaries_advisory=conventions.SECOND_BOUNDS,
        )
        self._tokens = meter.create_histogram(
            conventions.TOKEN_USAGE,
            unit="{token}",
            description="Tokens of a call's last attempt, as counted or estimated",
            explicit_bucket_boundaries_advisory=conventions.TOKEN_BOUNDS,
        )

    @classmethod
    def of(cls, observe: Observe) -> Self | None:
        """The metrics where they go anywhere."""
        meter = observe.meter()
        return None if meter is None else cls(meter)

    def ended(self, facts: Facts, now: float, kind: str) -> None:
        """A call is over; ``kind`` is that of its provider."""
        told = conventions.attributes_of_metrics(facts, kind)
        usage = facts.usage
        if usage is not None:
            for direction, tokens in (("input", usage.input), ("output", usage.output)):
                self._tokens.record(tokens, {**told, conventions.TOKEN_TYPE: direction})
        if facts.outcome != "ok":
            told[conventions.ERROR_TYPE] = facts.outcome
        self._duration.record(now - facts.started, told)
