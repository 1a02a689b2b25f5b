"""What an operator can set about OTLP."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class OtlpConfig:
    """Bounds on what one request can make us hold, and how fine exponential histograms stay."""

    max_decoded_bytes: int = setting(
        256 << 20,
        "bytes the rows of one request may take; points and records beyond are rejected",
        ge=1 << 20,
        le=1 << 30,
    )
    max_label_bytes: int = setting(
        32 << 10, "bytes the attributes of one series or resource may take as labels", ge=1024
    )
    max_buckets: int = setting(
        320, "buckets or quantiles of one histogram or summary that are kept", ge=16, le=4096
    )
    exponential_scale: int = setting(
        2,
        "finest scale kept of exponential histograms: a bucket's bounds differ by 2^(2^-scale)",
        ge=-4,
        le=8,
    )
    max_cached_bytes: int = setting(
        256 << 20,
        "bytes of series' names kept in memory, for metrics and for logs each",
        ge=1 << 20,
    )
