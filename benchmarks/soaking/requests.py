"""Senders with acknowledgement: OTLP, remote-write, syslog over TCP; and a target to scrape."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cramjam
import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from benchmarks.wire_remote_write import request_class
from sensorium.ingest.remote_write import V1

POINTS = 500
RECORDS = 200
SERIES = 1000
EXPOSED = 200

_PROTOBUF = {"Content-Type": "application/x-protobuf"}
_REMOTE_WRITE = {
    **_PROTOBUF,
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def _metrics() -> bytes:
    request, now = ExportMetricsServiceRequest(), time.time_ns()
    resource = request.resource_metrics.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "shop"
    metric = resource.scope_metrics.add().metrics.add(name="queue.length")
    for number in range(POINTS):
        point = metric.gauge.data_points.add(time_unix_nano=now, as_double=number % 7)
        point.attributes.add(key="queue").value.string_value = f"q{number}"
    return bytes(request.SerializeToString())


def _logs() -> bytes:
    request, now = ExportLogsServiceRequest(), time.time_ns()
    resource = request.resource_logs.add()
    resource.resource.attributes.add(key="host.name").value.string_value = "web1"
    scope = resource.scope_logs.add()
    for number in range(RECORDS):
        record = scope.log_records.add(time_unix_nano=now + number, severity_number=9)
        record.body.string_value = f"GET /cart/checkout?id={number} 200 in {number % 9} ms"
    return bytes(request.SerializeToString())


def _samples() -> bytes:
    request, now_ms = request_class(V1)(), time.time_ns() // 1_000_000
    for number in range(SERIES):
        one = request.timeseries.add()
        one.labels.add(name="__name__", value=f"node_load_{number % 50}")
        one.labels.add(name="instance", value=f"10.0.0.{number // 50}:9100")
        one.samples.add(value=number % 13, timestamp=now_ms)
    return bytes(cramjam.snappy.compress_raw(bytes(request.SerializeToString())))


class Requests:
    """Sends one of each a second; what is not acknowledged is sent again as it is."""

    def __init__(self, url: str) -> None:
        self.acknowledged: Counter[str] = Counter()
        self.refused = 0
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=60)

    def turn(self) -> None:
        """Send one of each."""
        self._send("/v1/metrics", _metrics(), _PROTOBUF, "metrics", POINTS)
        self._send("/v1/logs", _logs(), _PROTOBUF, "logs", RECORDS)
        self._send("/api/v1/write", _samples(), _REMOTE_WRITE, "metrics", SERIES)

    def _send(
        self, path: str, body: bytes, headers: dict[str, str], signal: str, rows: int
    ) -> None:
        while True:
            answer = self._client.post(path, content=body, headers=headers)
            if answer.is_success:
                self.acknowledged[signal] += rows
                return
            if answer.status_code not in (429, 503):
                raise RuntimeError(f"{path} was answered {answer.status_code}: {answer.text}")
            self.refused += 1
            time.sleep(1)


class Stream:
    """Syslog over one TCP connection, by lines and by counts."""

    def __init__(self, port: int) -> None:
        self.sent = 0
        self._socket = socket.create_connection(("127.0.0.1", port))

    def turn(self, messages: int) -> None:
        """Send so many messages."""
        parts = []
        for _ in range(messages):
            self.sent += 1
            text = f"<30>Jan  1 00:00:00 db{self.sent % 5} postgres[7]: checkpoint {self.sent % 99}"
            parts.append(f"{text}\n" if self.sent % 2 else f"{len(text)} {text}")
        self._socket.sendall("".join(parts).encode())

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


class Target:
    """Something to scrape, that counts how often it was."""

    def __init__(self) -> None:
        self.served = 0
        target = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                lines = (f'work_total{{part="{n}"}} {target.served + n}' for n in range(EXPOSED))
                body = ("# TYPE work_total counter\n" + "\n".join(lines) + "\n").encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                target.served += 1

            def log_message(self, *arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Serve no longer."""
        self._server.shutdown()
        self._server.server_close()
