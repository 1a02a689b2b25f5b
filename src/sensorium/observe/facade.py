"""The one object through which a part logs, counts and traces."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from sensorium.observe.config import LogLevel, ObserveConfig
from sensorium.observe.logs import make_logger

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import Meter
    from opentelemetry.trace import Tracer

    from sensorium.observe.meters import Metering

M = TypeVar("M", Counter, Gauge, Histogram)


class Observe:
    """Logger, metrics registry and tracer of one process or one test.

    Asking twice for a metric of one name gives the same metric, so parts need not share them.
    Without a tracer, spans cost nothing and record nothing; without a logger, warnings and worse
    go to standard error. A running program gets its façade from :func:`open_observe`. ``exposed``
    is what scrapers are shown: ``registry``, or the sums of several processes.
    """

    def __init__(
        self,
        *,
        tracer: Tracer | None = None,
        logger: Any = None,
        on_close: Callable[[], None] | None = None,
        open_metering: Callable[[], Metering | None] = lambda: None,
        exposed: CollectorRegistry | None = None,
    ) -> None:
        self.registry = CollectorRegistry()
        self.exposed = exposed or self.registry
        self._metrics: dict[str, Any] = {}
        self._tracer = tracer
        self._logger = logger or make_logger(ObserveConfig(log_level=LogLevel.WARNING))
        self._on_close = on_close
        self._open_metering = open_metering
        self._metering: Metering | None = None

    def close(self) -> None:
        """Send the spans and metrics still held. Logging and counting go on working."""
        if self._on_close is not None:
            self._on_close()
        if self._metering is not None:
            self._metering.close()
            self._metering = None

    def meter(self) -> Meter | None:
        """OpenTelemetry's, for metrics that its conventions name; None where they go nowhere.

        Nothing is started before it is first asked for.
        """
        if self._metering is None:
            self._metering = self._open_metering()
        return None if self._metering is None else self._metering.meter

    def logger(self, part: str) -> Any:
        """A structlog logger with the part's name bound."""
        return self._logger.bind(part=part)

    def counter(self, name: str, doc: str, labels: tuple[str, ...] = ()) -> Counter:
        """A monotonic counter; ``name`` has no ``_total``, which the exposition adds."""
        return self._metric(Counter, name, doc, labels)

    def gauge(self, name: str, doc: str, labels: tuple[str, ...] = ()) -> Gauge:
        """A value that goes up and down."""
        # Where several processes serve as one, a gauge is the sum of those that live.
        return self._metric(Gauge, name, doc, labels, multiprocess_mode="livesum")

    def histogram(
        self,
        name: str,
        doc: str,
        labels: tuple[str, ...] = (),
        buckets: Sequence[float] = Histogram.DEFAULT_BUCKETS,
    ) -> Histogram:
        """A distribution, in the unit that the name ends with; ``buckets`` are upper bounds."""
        return self._metric(Histogram, name, doc, labels, buckets=tuple(buckets))

    def _metric(
        self, kind: type[M], name: str, doc: str, labels: tuple[str, ...], **more: Any
    ) -> M:
        if name not in self._metrics:
            self._metrics[name] = kind(name, doc, labels, registry=self.registry, **more)
        metric = self._metrics[name]
        if not isinstance(metric, kind):
            raise TypeError(f"metric {name} is a {type(metric).__name__}, not a {kind.__name__}")
        if metric._labelnames != labels:
            raise TypeError(f"metric {name} has the labels {metric._labelnames}, not {labels}")
        return metric

    def value(self, name: str, labels: Mapping[str, str] | None = None) -> float:
        """The current value of a sample as exposed (``..._total`` for counters); 0 if unseen."""
        return self.registry.get_sample_value(name, dict(labels or {})) or 0.0

    @property
    def is_tracing(self) -> bool:
        """Whether spans go anywhere: asked where making one would cost."""
        return self._tracer is not None

    def past_span(
        self,
        name: str,
        attributes: Mapping[str, Any],
        seconds: float,
        *,
        failed: bool = False,
        parent: str = "",
    ) -> None:
        """A span of a call to another service that took ``seconds`` and ends now.

        ``parent`` is a ``traceparent`` header (W3C Trace Context); what is none begins a new trace.
        """
        if self._tracer is None:
            return
        from opentelemetry.trace import SpanKind, StatusCode

        now = time.time_ns()
        span = self._tracer.start_span(
            name,
            context=_context_of(parent) if parent else None,
            kind=SpanKind.CLIENT,
            attributes=dict(attributes),
            start_time=now - int(seconds * 1e9),
        )
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end(now)

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """A trace span around a block; yields the span, or None without a tracer."""
        if self._tracer is None:
            yield None
            return
        with self._tracer.start_as_current_span(name, attributes=dict(attributes or {})) as span:
            yield span


def _context_of(traceparent: str) -> Context:
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": traceparent}, Context())
