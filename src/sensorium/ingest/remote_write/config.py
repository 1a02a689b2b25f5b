"""What an operator can set about Prometheus remote-write."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteWriteConfig:
    """Prometheus remote-write, taken at /api/v1/write of the port for telemetry."""

    max_samples: int = setting(500_000, "most samples in one request; more are refused", ge=1)
    max_label_bytes: int = setting(
        16_384, "largest label set, in bytes; a series with a larger one is refused", ge=256
    )
    max_row_bytes: int = setting(
        256 << 20,
        "largest request once each sample has its labels, in bytes",
        ge=1 << 20,
        le=1 << 30,
    )
    max_cached_series: int = setting(
        500_000, "series whose labels are kept in memory; beyond it all are learnt again", ge=1000
    )
