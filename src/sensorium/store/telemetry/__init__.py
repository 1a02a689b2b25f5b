"""Every flow, log line, sample and change, in ClickHouse: embedded (chDB) or a server."""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names
from sensorium.store.telemetry.config import TelemetryConfig

if TYPE_CHECKING:
    from sensorium.store.telemetry.clickhouse import (
        ClickHouseTelemetry,
        embedded_folder,
        open_telemetry,
    )
    from sensorium.store.telemetry.protocol import TelemetryStore

__getattr__ = lazy_names(
    __name__,
    clickhouse="ClickHouseTelemetry embedded_folder open_telemetry",
    protocol="TelemetryStore",
)

__all__ = [
    "ClickHouseTelemetry",
    "TelemetryConfig",
    "TelemetryStore",
    "embedded_folder",
    "open_telemetry",
]
