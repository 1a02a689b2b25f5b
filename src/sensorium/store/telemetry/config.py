"""Where telemetry is kept, for how long, and how much memory that may take."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryConfig:
    """The telemetry store. Days of keeping count from when a row was stored; 0 keeps for ever."""

    dsn: str = setting(
        "",
        "empty: embedded in the data folder; chdb:///folder: embedded there; "
        "clickhouse://user:password@host:8123/database: a server (clickhouses:// for TLS)",
    )
    database: str = setting(
        "sensorium",
        "database the tables live in, unless the DSN names one",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
    )
    flows_ttl_days: int = setting(30, "days to keep flows; 0 keeps them", ge=0)
    logs_ttl_days: int = setting(30, "days to keep log lines; 0 keeps them", ge=0)
    metrics_ttl_days: int = setting(30, "days to keep metric samples; 0 keeps them", ge=0)
    changes_ttl_days: int = setting(0, "days to keep planned changes; 0 keeps them", ge=0)
    batch_rows: int = setting(
        200_000, "rows of one signal gathered before they are written", ge=1, le=1_000_000
    )
    buffer_rows: int = setting(
        1_000_000, "most rows kept in memory while the store cannot be written", ge=1
    )
    query_memory_mb: int = setting(400, "memory one query may use, in MiB", ge=16)
    query_seconds: int = setting(60, "seconds after which a query is broken off", ge=1)
    query_threads: int = setting(2, "threads one query may use", ge=1)
    sync_to_disk: bool = setting(
        False, "fsync every write: survives power loss and not only a killed process; slower"
    )
