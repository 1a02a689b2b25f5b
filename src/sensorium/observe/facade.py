"""The one object through which a part logs, counts and traces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

M = TypeVar("M", Counter, Gauge, Histogram)


class Observe:
    """Logger, metrics registry and tracer of one process or one test.

    Asking twice for a metric of one name gives the same metric, so parts need not share them.
    Without a tracer, spans cost nothing and record nothing.
    """

    def __init__(self, *, tracer: Tracer | None = None) -> None:
        self.registry = CollectorRegistry()
        self._metrics: dict[str, Any] = {}
        self._tracer = tracer

    def logger(self, part: str) -> Any:
        """A structlog logger with the part's name bound."""
        return structlog.get_logger().bind(part=part)

    def counter(self, name: str, doc: str, labels: tuple[str, ...] = ()) -> Counter:
        """A monotonic counter; ``name`` has no ``_total``, which the exposition adds."""
        return self._metric(Counter, name, doc, labels)

    def gauge(self, name: str, doc: str, labels: tuple[str, ...] = ()) -> Gauge:
        """A value that goes up and down."""
        return self._metric(Gauge, name, doc, labels)

    def histogram(self, name: str, doc: str, labels: tuple[str, ...] = ()) -> Histogram:
        """A distribution, in the unit that the name ends with."""
        return self._metric(Histogram, name, doc, labels)

    def _metric(self, kind: type[M], name: str, doc: str, labels: tuple[str, ...]) -> M:
        if name not in self._metrics:
            self._metrics[name] = kind(name, doc, labels, registry=self.registry)
        metric = self._metrics[name]
        if not isinstance(metric, kind):
            raise TypeError(f"metric {name} is a {type(metric).__name__}, not a {kind.__name__}")
        return metric

    def value(self, name: str, labels: Mapping[str, str] | None = None) -> float:
        """The current value of a sample as exposed (``..._total`` for counters); 0 if unseen."""
        return self.registry.get_sample_value(name, dict(labels or {})) or 0.0

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """A trace span around a block; yields the span, or None without a tracer."""
        if self._tracer is None:
            yield None
            return
        with self._tracer.start_as_current_span(name, attributes=dict(attributes or {})) as span:
            yield span
