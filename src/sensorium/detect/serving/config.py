"""Limits of scoring over HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingConfig:
    """``POST /api/v1/detect/score``: how much one request, one caller and all of them may ask."""

    max_body_bytes: int = setting(
        8 << 20, "largest body, as sent and when decompressed, in bytes", ge=1024, le=1 << 30
    )
    max_held_bytes: int = setting(
        64 << 20, "bytes of all bodies in hand together; beyond it requests are refused", ge=1024
    )
    max_rows: int = setting(100_000, "rows of one request", ge=1)
    max_columns: int = setting(
        256, "columns of one request; time grows with their square", ge=1, le=512
    )
    max_values: int = setting(1_000_000, "rows times columns of one request", ge=1)
    requests_per_minute: int = setting(
        600, "requests of one caller (by address) in a minute; 0 is without limit", ge=0
    )
    max_requests: int = setting(64, "requests in progress, those still arriving too", ge=1)
    workers: int = setting(1, "requests scored at the same time, each in a thread", ge=1, le=64)
    queue: int = setting(16, "requests that have arrived and wait for a worker", ge=0)
    body_timeout_s: float = setting(30.0, "time for a body to arrive, in seconds", gt=0, le=3600)
