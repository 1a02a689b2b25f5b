"""The OpenTelemetry SDK sends to a service as its user starts it; the store then has the rows."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sensorium.observe import Observe
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from tests.e2e.services import Service
from tests.ports import free_port

pytestmark = pytest.mark.xdist_group("service")
pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc", reason="the gRPC exporter is missing")

from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter  # noqa: E402
from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: E402
    OTLPMetricExporter,
)
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler  # noqa: E402
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: E402
from opentelemetry.sdk.metrics import MeterProvider  # noqa: E402
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402


def test_logs_over_grpc_and_metrics_over_http_are_stored(tmp_path: Path) -> None:
    api, http, grpc = free_port(), free_port(), free_port()
    settings = tmp_path / "sensorium.yaml"
    settings.write_text(
        "ingest:\n  udp:\n    host: 127.0.0.1\n    ports: [0]\n"
        f"  http:\n    port: {http}\n  grpc:\n    port: {grpc}\n"
        f"console:\n  port: {api}\n"
    )
    log, data = tmp_path / "service.log", tmp_path / "data"
    command = [sys.executable, "-m", "sensorium", "run", "-c", str(settings), "--data", str(data)]
    with log.open("a") as stream:
        process = subprocess.Popen(command, stderr=stream, text=True)
    running = Service(process, f"http://127.0.0.1:{api}", data, log)
    try:
        running.wait_for(lambda: running.get("/readyz").status_code == 200)
        send(http, grpc)
        metrics = httpx.get(f"{running.url}/metrics", trust_env=False).text
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
    assert 'sensorium_grpc_ingest_calls_total{code="0",method="LogsService"} 1.0' in metrics
    store = open_telemetry(TelemetryConfig(), Observe(), data_dir=data)
    try:
        logs = store.query("SELECT body, host, app FROM logs ORDER BY time_ns").to_pylist()
        value = store.query(
            "SELECT value, labels['paid'] AS paid FROM metrics WHERE name = 'orders_total'"
        ).to_pylist()
    finally:
        store.close()
    wanted = [f"order {number} failed" for number in range(50)]
    assert logs == [{"body": body, "host": "web1", "app": "shop"} for body in wanted]
    assert value == [{"value": 3.0, "paid": "true"}]


def send(http: int, grpc: int) -> None:
    """Fifty log records and a counter."""
    resource = Resource.create({"service.name": "shop", "host.name": "web1"})
    logs = LoggerProvider(resource=resource)
    exporter = OTLPLogExporter(f"127.0.0.1:{grpc}", insecure=True)
    logs.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = logging.Logger("shop.cart")
    logger.addHandler(LoggingHandler(logger_provider=logs))
    for number in range(50):
        logger.warning("order %d failed", number)
    logs.shutdown()
    to = OTLPMetricExporter(f"http://127.0.0.1:{http}/v1/metrics")
    metrics = MeterProvider([PeriodicExportingMetricReader(to, 3_600_000)], resource=resource)
    metrics.get_meter("shop").create_counter("orders").add(3, {"paid": True})
    metrics.shutdown()
