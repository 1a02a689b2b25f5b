"""Prometheus text exposition, decoded into samples."""

from sensorium.ingest.prometheus.config import PrometheusConfig
from sensorium.ingest.prometheus.decoder import PrometheusDecoder
from sensorium.ingest.prometheus.scrape import Scrape

__all__ = ["PrometheusConfig", "PrometheusDecoder", "Scrape"]
