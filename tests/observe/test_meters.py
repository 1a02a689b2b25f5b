from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from sensorium.observe import Observe
from sensorium.observe.config import ObserveConfig
from sensorium.observe.meters import metrics_url, open_metering


def test_closing_sends_what_was_counted_to_the_configured_collector() -> None:
    came: list[tuple[str, ExportMetricsServiceRequest]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((self.path, ExportMetricsServiceRequest.FromString(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    config = ObserveConfig(
        otlp_endpoint=f"http://127.0.0.1:{server.server_port}", otlp_metrics_every_s=3600
    )
    observe = Observe(open_metering=lambda: open_metering(config))
    meter = observe.meter()
    assert meter is not None
    meter.create_counter("calls").add(3)
    observe.close()
    server.shutdown()
    serving.join()
    server.server_close()
    path, request = came[-1]
    assert path == "/v1/metrics"
    (metric,) = request.resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.sum.data_points[0].as_int) == ("calls", 3)


def test_without_a_collector_there_is_no_meter() -> None:
    assert Observe(open_metering=lambda: open_metering(ObserveConfig())).meter() is None


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://c:4318", "http://c:4318/v1/metrics"),
        ("http://c:4318/", "http://c:4318/v1/metrics"),
        ("https://c/otlp/v1/traces", "https://c/otlp/v1/metrics"),
        ("https://c/otlp/of/its/own", ""),
        ("", ""),
    ],
)
def test_metrics_go_beside_traces(endpoint: str, url: str) -> None:
    assert metrics_url(endpoint) == url


def test_metrics_and_traces_of_a_process_name_the_same_instance() -> None:
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from sensorium.observe.meters import meter_with
    from sensorium.observe.traces import trace_with

    reader, spans = InMemoryMetricReader(), InMemorySpanExporter()
    metering, tracing = meter_with(reader), trace_with(SimpleSpanProcessor(spans))
    metering.meter.create_counter("calls").add(1)
    tracing.tracer.start_span("step").end()
    sent = reader.get_metrics_data()
    (span,) = spans.get_finished_spans()
    assert sent is not None
    mine = sent.resource_metrics[0].resource.attributes["service.instance.id"]
    assert mine
    assert span.resource.attributes["service.instance.id"] == mine
