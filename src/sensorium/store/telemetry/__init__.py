"""Every flow, log line, sample and change, in ClickHouse: embedded (chDB) or a server."""

from sensorium.store.telemetry.protocol import TelemetryStore

__all__ = ["TelemetryStore"]
