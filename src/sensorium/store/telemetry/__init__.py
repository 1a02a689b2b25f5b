"""Every flow, log line, sample and change, in ClickHouse: embedded (chDB) or a server."""

from sensorium.store.telemetry.clickhouse import (
    ClickHouseTelemetry,
    embedded_folder,
    open_telemetry,
)
from sensorium.store.telemetry.config import TelemetryConfig
from sensorium.store.telemetry.protocol import TelemetryStore

__all__ = [
    "ClickHouseTelemetry",
    "TelemetryConfig",
    "TelemetryStore",
    "embedded_folder",
    "open_telemetry",
]
