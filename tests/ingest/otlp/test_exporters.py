"""The OpenTelemetry SDK's own exporters, sending to running receivers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from sensorium.model.signals import Signal
from tests.ingest.otlp.conftest import Running, running

pytestmark = pytest.mark.anyio
pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc", reason="the gRPC exporter is missing")

from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs  # noqa: E402
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics  # noqa: E402
from opentelemetry.exporter.otlp.proto.http import Compression  # noqa: E402
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs  # noqa: E402
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics  # noqa: E402
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler  # noqa: E402
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: E402
from opentelemetry.sdk.metrics import MeterProvider  # noqa: E402
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402

RESOURCE = Resource.create(
    {"service.name": "shop", "service.instance.id": "shop-1", "host.name": "web1"}
)

Exporters = tuple[Callable[[Running], Any], Callable[[Running], Any]]
WAYS: dict[str, Exporters] = {
    "http": (
        lambda at: http_logs.OTLPLogExporter(f"{at.http.url}/v1/logs"),
        lambda at: http_metrics.OTLPMetricExporter(f"{at.http.url}/v1/metrics"),
    ),
    "http, gzip": (
        lambda at: http_logs.OTLPLogExporter(
            f"{at.http.url}/v1/logs", compression=Compression.Gzip
        ),
        lambda at: http_metrics.OTLPMetricExporter(
            f"{at.http.url}/v1/metrics", compression=Compression.Gzip
        ),
    ),
    "grpc": (
        lambda at: grpc_logs.OTLPLogExporter(f"127.0.0.1:{at.grpc.port}", insecure=True),
        lambda at: grpc_metrics.OTLPMetricExporter(f"127.0.0.1:{at.grpc.port}", insecure=True),
    ),
}


@pytest.mark.parametrize("way", WAYS)
async def test_logs_of_the_sdk_arrive_as_rows(way: str) -> None:
    async with running() as server:

        def send() -> None:
            provider = LoggerProvider(resource=RESOURCE)
            provider.add_log_record_processor(BatchLogRecordProcessor(WAYS[way][0](server)))
            logger = logging.Logger("shop.cart")
            logger.addHandler(LoggingHandler(logger_provider=provider))
            for number in range(20):
                logger.warning("order %d failed", number, extra={"order.id": number})
            provider.shutdown()

        await asyncio.to_thread(send)
        rows = server.accepted.rows(Signal.LOGS)
    assert [row["body"] for row in rows] == [f"order {number} failed" for number in range(20)]
    assert {(row["host"], row["app"], row["severity_number"]) for row in rows} == {
        ("web1", "shop", 13)
    }
    assert [row["attributes"]["order.id"] for row in rows] == [str(n) for n in range(20)]
    assert rows[0]["attributes"]["scope.name"] == "shop.cart"
    assert rows[0]["source_address"][-4:] == bytes([127, 0, 0, 1])
    assert all(server.accepted.ids)


@pytest.mark.parametrize("way", WAYS)
async def test_metrics_of_the_sdk_arrive_as_prometheus_rows(way: str) -> None:
    async with running() as server:

        def send() -> None:
            reader = PeriodicExportingMetricReader(WAYS[way][1](server), 3_600_000)
            provider = MeterProvider([reader], resource=RESOURCE)
            meter = provider.get_meter("shop", "1.0")
            meter.create_counter("orders", "{order}").add(3, {"paid": True})
            meter.create_up_down_counter("carts").add(-2)
            meter.create_gauge("load.ratio", "1").set(0.5)
            meter.create_histogram("http.server.duration", "ms").record(12)
            provider.shutdown()

        await asyncio.to_thread(send)
        rows = server.accepted.rows(Signal.METRICS)
    by_name = {row["name"]: row for row in rows}
    assert by_name["orders_total"]["value"] == 3
    assert by_name["orders_total"]["kind"] == "counter"
    assert by_name["orders_total"]["labels"] == {
        "job": "shop",
        "instance": "shop-1",
        "otel_scope_name": "shop",
        "otel_scope_version": "1.0",
        "paid": "true",
    }
    assert (by_name["carts"]["value"], by_name["carts"]["kind"]) == (-2, "gauge")
    assert by_name["load_ratio"]["value"] == 0.5
    assert by_name["http_server_duration_milliseconds_count"]["value"] == 1
    assert by_name["http_server_duration_milliseconds_sum"]["value"] == 12
    buckets = {
        row["labels"]["le"]: row["value"]
        for row in rows
        if row["name"] == "http_server_duration_milliseconds_bucket"
    }
    assert (buckets["10"], buckets["25"], buckets["+Inf"]) == (0, 1, 1)
    assert by_name["target_info"]["labels"]["host_name"] == "web1"
