"""Counting calls: Prometheus metrics and OpenTelemetry's GenAI spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sensorium.gateway.calls import conventions
from sensorium.gateway.calls.conventional import ConventionalMetrics

if TYPE_CHECKING:
    from sensorium.gateway.calls.facts import Facts
    from sensorium.gateway.failure import Failure
    from sensorium.gateway.ledger import Cost
    from sensorium.gateway.reply import Usage
    from sensorium.observe import Observe

_OVERHEAD: Final = (0.0002, 0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 1)
_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600)


class Measures:
    """Labels are names from the settings and closed sets, so their number is bounded."""

    def __init__(self, observe: Observe) -> None:
        self._observe = observe
        self._calls = observe.counter(
            "sensorium_gateway_calls",
            "Calls of callers, by operation, model asked for and outcome",
            ("operation", "model", "outcome"),
        )
        self._attempts = observe.counter(
            "sensorium_gateway_attempts",
            "Calls to providers, by deployment and outcome",
            ("deployment", "outcome"),
        )
        self._tokens = observe.counter(
            "sensorium_gateway_tokens",
            "Tokens as counted or estimated, by deployment and direction",
            ("deployment", "direction"),
        )
        self._cost = observe.counter(
            "sensorium_gateway_cost_nanodollars",
            "What calls cost in nano-dollars, by deployment",
            ("deployment",),
        )
        self._not_embedded = observe.counter(
            "sensorium_gateway_cache_not_embedded",
            "Questions that could not be embedded to look for one like them, by reason",
            ("reason",),
        )
        self._overhead = observe.histogram(
            "sensorium_gateway_overhead_seconds",
            "Time of a call that was not the provider's, until its answer began",
            (),
            _OVERHEAD,
        )
        self._duration = observe.histogram(
            "sensorium_gateway_call_seconds",
            "Time from a call's arrival to the end of its answer, by model asked for",
            ("model",),
            _SECONDS,
        )
        self._first_byte = observe.histogram(
            "sensorium_gateway_first_byte_seconds",
            "Time from a call's arrival to the first byte from its provider, by model asked for",
            ("model",),
            _SECONDS,
        )
        self._children: dict[tuple[Any, ...], Any] = {}
        self._by_convention = ConventionalMetrics.of(observe)

    def attempt(
        self, deployment: str, failure: Failure | None, usage: Usage | None, cost: Cost | None
    ) -> None:
        """A provider was called."""
        outcome = "ok" if failure is None else failure.kind.value
        self._child(self._attempts, deployment, outcome).inc()
        if usage is not None:
            self._child(self._tokens, deployment, "input").inc(usage.input)
            self._child(self._tokens, deployment, "output").inc(usage.output)
        if cost is not None:
            self._child(self._cost, deployment).inc(cost.nanodollars)

    def not_embedded(self, reason: str) -> None:
        """The semantic cache could not look."""
        self._not_embedded.labels(reason).inc()

    def began(self, facts: Facts, now: float) -> None:
        """The answer begins to go to the caller."""
        self._overhead.observe(max(now - facts.started - facts.upstream_s, 0.0))

    def ended(self, facts: Facts, now: float, kind: str = "") -> None:
        """A call is over, however it went. ``route`` must be a known model by now, or empty."""
        route = facts.route
        self._child(self._calls, facts.operation, route, facts.outcome).inc()
        self._child(self._duration, route).observe(now - facts.started)
        if facts.first_byte_s is not None:
            self._child(self._first_byte, route).observe(facts.first_byte_s)
        if self._by_convention is not None:
            self._by_convention.ended(facts, now, kind)
        if self._observe.is_tracing:
            self._trace(facts, now, kind)

    def _trace(self, facts: Facts, now: float, kind: str) -> None:
        name = conventions.span_name(facts.operation, facts.route)
        attributes = conventions.attributes_at_start(facts)
        attributes |= conventions.attributes_at_end(facts, kind)
        self._observe.past_span(
            name,
            attributes,
            now - facts.started,
            failed=facts.outcome != "ok",
            parent=facts.traceparent,
        )

    def _child(self, metric: Any, *labels: str) -> Any:
        """The metric with these labels: looking it up here is cheaper than there."""
        key = (metric, *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = metric.labels(*labels)
        return child
