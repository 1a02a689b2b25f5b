"""OpenTelemetry traces: one SDK instance of ours, sent by OTLP over HTTP where configured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from sensorium import __version__
from sensorium.observe.config import ObserveConfig
from sensorium.observe.instance import resource_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.trace import Tracer


@dataclass(frozen=True, slots=True)
class Tracing:
    """A tracer and what stands behind it. OpenTelemetry's global provider is left alone."""

    tracer: Tracer
    _provider: TracerProvider

    def close(self) -> None:
        """Send what is still held, within the export's time limit, and stop."""
        self._provider.shutdown()


def open_tracing(config: ObserveConfig) -> Tracing | None:
    """Tracing to the configured collector; None where none is configured.

    Spans are sent in batches by a thread; a collector that does not answer costs spans, which
    the SDK logs, and never holds up the work that made them.
    """
    if not config.otlp_endpoint:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(
        endpoint=traces_url(config.otlp_endpoint), timeout=config.otlp_timeout_s
    )
    return trace_with(BatchSpanProcessor(exporter), config.service_name)


def trace_with(processor: SpanProcessor, service_name: str = "sensorium") -> Tracing:
    """Tracing through a given span processor."""
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider(resource=resource_of(service_name), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return Tracing(provider.get_tracer("sensorium", __version__), provider)


def traces_url(endpoint: str) -> str:
    """The signal's own URL: a collector's base URL gets ``/v1/traces``, as OTLP/HTTP has it."""
    parts = urlsplit(endpoint)
    if parts.path not in {"", "/"}:
        return endpoint
    return urlunsplit(parts._replace(path="/v1/traces"))
