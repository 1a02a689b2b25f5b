"""Prometheus text exposition, decoded into samples."""

from typing import TYPE_CHECKING

from sensorium.ingest.prometheus.config import PrometheusConfig
from sensorium.ingest.prometheus.scrape import Scrape
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.prometheus.decoder import PrometheusDecoder

__getattr__ = lazy_names(__name__, decoder="PrometheusDecoder")

__all__ = ["PrometheusConfig", "PrometheusDecoder", "Scrape"]
