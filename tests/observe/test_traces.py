from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sensorium.observe import Observe
from sensorium.observe.config import ObserveConfig
from sensorium.observe.testing import RecordingObserve
from sensorium.observe.traces import open_tracing, traces_url


class Collector:
    """An OTLP/HTTP collector that keeps what it was sent."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, ExportTraceServiceRequest]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.requests.append((self.path, ExportTraceServiceRequest.FromString(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever, args=(0.01,))
    thread.start()
    yield collector
    collector.server.shutdown()
    thread.join()
    collector.server.server_close()


def test_closing_sends_the_spans_to_the_configured_collector(collector: Collector) -> None:
    tracing = open_tracing(ObserveConfig(otlp_endpoint=collector.url, service_name="sensor-7"))
    assert tracing is not None
    observe = Observe(tracer=tracing.tracer, on_close=tracing.close)
    with (
        observe.span("invoke_agent synthesize", {"gen_ai.agent.name": "synthesize"}),
        observe.span("execute_tool top_talkers"),
    ):
        pass
    observe.close()
    ((path, request),) = collector.requests
    assert path == "/v1/traces"
    (resource_spans,) = request.resource_spans
    names = {
        attribute.key: attribute.value.string_value
        for attribute in resource_spans.resource.attributes
    }
    assert names["service.name"] == "sensor-7"
    inner, outer = resource_spans.scope_spans[0].spans
    assert (inner.name, outer.name) == ("execute_tool top_talkers", "invoke_agent synthesize")
    assert inner.parent_span_id == outer.span_id


def test_tracing_leaves_the_global_provider_alone(collector: Collector) -> None:
    before = trace.get_tracer_provider()
    tracing = open_tracing(ObserveConfig(otlp_endpoint=collector.url))
    assert trace.get_tracer_provider() is before
    assert tracing is not None
    tracing.close()


def test_without_an_endpoint_there_is_no_tracing() -> None:
    assert open_tracing(ObserveConfig()) is None


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("http://collector:4318/", "http://collector:4318/v1/traces"),
        ("https://vendor.example/otlp/v1/traces", "https://vendor.example/otlp/v1/traces"),
    ],
)
def test_a_base_url_gets_the_signals_path_and_a_full_one_is_kept(endpoint: str, url: str) -> None:
    assert traces_url(endpoint) == url


def test_the_recording_facade_keeps_spans_with_their_attributes() -> None:
    observe = RecordingObserve()
    with observe.span("invoke_agent planned", {"gen_ai.operation.name": "invoke_agent"}):
        pass
    (span,) = observe.spans
    assert span.name == "invoke_agent planned"
    assert dict(span.attributes or {}) == {"gen_ai.operation.name": "invoke_agent"}
