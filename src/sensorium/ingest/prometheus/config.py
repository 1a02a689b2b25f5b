"""What an operator can set about decoding scrapes."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusConfig:
    """Bounds on what a scraped target can make us hold."""

    max_samples_per_scrape: int = setting(
        100_000, "samples kept of one scrape; the rest are dropped and counted", ge=1
    )
    max_cached_series: int = setting(
        1_000_000, "series whose parsed labels are kept in memory, over all targets", ge=1
    )
