"""Where records are kept."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsConfig:
    """The records store: incidents, anomalies, evidence, approvals, audit."""

    dsn: str = setting(
        "",
        "empty: SQLite in the data folder; sqlite:////folder/file; "
        "postgresql://user:password@host:5432/database (needs sensorium[postgresql])",
    )
    busy_timeout_s: float = setting(
        10.0, "seconds to wait for another process that is writing (SQLite)", gt=0
    )
    pool_size: int = setting(5, "connections kept open to a PostgreSQL server", ge=1)
