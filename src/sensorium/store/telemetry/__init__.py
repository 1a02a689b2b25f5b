"""Every flow, log line, sample and change, in ClickHouse: embedded (chDB) or a server."""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.store.telemetry.clickhouse import ClickHouseTelemetry, open_telemetry
    from sensorium.store.telemetry.config import TelemetryConfig
    from sensorium.store.telemetry.connection import embedded_folder
    from sensorium.store.telemetry.protocol import TelemetryStore

__getattr__ = lazy_names(
    __name__,
    clickhouse="ClickHouseTelemetry open_telemetry",
    config="TelemetryConfig",
    connection="embedded_folder",
    protocol="TelemetryStore",
)

__all__ = [
    "ClickHouseTelemetry",
    "TelemetryConfig",
    "TelemetryStore",
    "embedded_folder",
    "open_telemetry",
]
