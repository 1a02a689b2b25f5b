"""OpenTelemetry's protocol (OTLP 1.x): logs and metrics, decoded in columns."""

from typing import TYPE_CHECKING

from sensorium.ingest.otlp.config import OtlpConfig
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.otlp.grpc import otlp_methods, status_details
    from sensorium.ingest.otlp.http import OtlpRoute, otlp_routes
    from sensorium.ingest.otlp.logs import LogsDecoder
    from sensorium.ingest.otlp.metrics import MetricsDecoder
    from sensorium.ingest.otlp.service import OtlpService

__getattr__ = lazy_names(
    __name__,
    grpc="otlp_methods status_details",
    http="OtlpRoute otlp_routes",
    logs="LogsDecoder",
    metrics="MetricsDecoder",
    service="OtlpService",
)

__all__ = [
    "LogsDecoder",
    "MetricsDecoder",
    "OtlpConfig",
    "OtlpRoute",
    "OtlpService",
    "otlp_methods",
    "otlp_routes",
    "status_details",
]
