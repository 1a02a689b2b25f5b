"""OpenTelemetry metrics by OTLP over HTTP, for those that OpenTelemetry has a convention for.

Everything is counted for Prometheus in any case; this is for what collectors expect by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from sensorium import __version__
from sensorium.observe.config import ObserveConfig
from sensorium.observe.instance import resource_of

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader

_TRACES = "/v1/traces"


@dataclass(frozen=True, slots=True)
class Metering:
    """A meter and what stands behind it. OpenTelemetry's global provider is left alone."""

    meter: Meter
    _provider: MeterProvider

    def close(self) -> None:
        """Send what was counted since the last time, and stop."""
        self._provider.shutdown()


def open_metering(config: ObserveConfig) -> Metering | None:
    """Metering to the configured collector; None where none is configured for metrics.

    A thread sends what was counted every ``otlp_metrics_every_s``. A collector that does not answer
    costs nothing but its own view: sums are cumulative.
    """
    url = metrics_url(config.otlp_endpoint)
    if not url:
        return None
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    exporter = OTLPMetricExporter(endpoint=url, timeout=config.otlp_timeout_s)
    every_ms = config.otlp_metrics_every_s * 1e3
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=every_ms)
    return meter_with(reader, config.service_name)


def meter_with(reader: MetricReader, service_name: str = "sensorium") -> Metering:
    """Metering through a given reader."""
    from opentelemetry.sdk.metrics import MeterProvider

    provider = MeterProvider([reader], resource_of(service_name), shutdown_on_exit=False)
    return Metering(provider.get_meter("sensorium", __version__), provider)


def metrics_url(endpoint: str) -> str:
    """The signal's own URL beside that of traces; empty where the endpoint is one of another kind.

    A collector's base URL gets ``/v1/metrics``, and so does one that ends with ``/v1/traces``.
    """
    if not endpoint:
        return ""
    parts = urlsplit(endpoint)
    path = parts.path.rstrip("/")
    if path and not path.endswith(_TRACES):
        return ""
    return urlunsplit(parts._replace(path=path.removesuffix(_TRACES) + "/v1/metrics"))
