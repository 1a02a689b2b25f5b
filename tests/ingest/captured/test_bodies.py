"""Telemetry over HTTP/1.1, HTTP/2 and gRPC is found in captures, and requests in files."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import cramjam
import hpack
import pytest
from google.protobuf.json_format import MessageToDict
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    RstStreamFrame,
    SettingsFrame,
)
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.captured import Body, read_capture
from sensorium.ingest.captured.http2 import PREFACE, Http2Reader
from sensorium.ingest.decoding import FileDecoder
from sensorium.ingest.pcap import Ends
from sensorium.ingest.sniff import Protocol
from sensorium.observe import Observe
from tests.ingest.captured import frames as f
from tests.ingest.otlp import messages as otlp
from tests.ingest.pcap import captures as c
from tests.ingest.remote_write import messages as remote

SECOND = 1_700_000_000_000
WRITE = cramjam.snappy.compress_raw(
    remote.write_request(
        [([("__name__", "up"), ("job", "x")], [(1.0, SECOND)])]
    ).SerializeToString()
)
WRITE_2 = cramjam.snappy.compress_raw(
    remote.request_v2([([("__name__", "up"), ("job", "x")], [(2.0, SECOND)])]).SerializeToString()
)
EXPOSITION = b"# TYPE heat gauge\nheat 3\n"


def log_request(*bodies: str) -> otlp.ExportLogsServiceRequest:
    request = otlp.ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    resource.resource.attributes.extend(otlp.attributes({"service.name": "shop"}))
    scope = resource.scope_logs.add()
    for body in bodies:
        scope.log_records.add(time_unix_nano=otlp.NOW, body=otlp.any_value(body))
    return request


def metric_request(value: float) -> otlp.ExportMetricsServiceRequest:
    request = otlp.ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="load")
    metric.gauge.data_points.add(time_unix_nano=otlp.NOW, as_double=value)
    return request


LOGS, METRICS = log_request("hello").SerializeToString(), metric_request(4).SerializeToString()


def post(path: str, content: bytes, **headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: collector", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def answer(content: bytes, kind: str, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def http2(*frames: Frame) -> bytes:
    return PREFACE + b"".join(frame.serialize() for frame in frames)


def headers(
    stream: int, encoder: hpack.Encoder, path: str, kind: str, *more: tuple[str, str]
) -> HeadersFrame:
    pairs = [(":method", "POST"), (":path", path), ("content-type", kind), *more]
    return HeadersFrame(stream, encoder.encode(pairs), flags=["END_HEADERS"])


def grpc(message: bytes, compressed: bool = False) -> bytes:
    return struct.pack(">BI", compressed, len(message)) + message


def read(
    folder: Path, content: bytes, protocol: Protocol | None = None
) -> tuple[list[Any], list[str]]:
    """What the rows say (bodies of logs, names and values of samples), and what is told."""
    path = folder / "file"
    path.write_bytes(content)
    decoder = FileDecoder(protocol)
    rows = [row for batch in decoder.file(path) for row in batch.to_pylist()]
    said = [
        row["body"] if "body" in row else (row["name"], row["value"])
        for row in rows
        if not str(row.get("name", "")).startswith(("scrape_", "target_info"))
    ]
    return said, [line for line in decoder.summary(1) if line.startswith(("not used", "gaps"))]


def captured(
    folder: Path, stream: bytes, protocol: Protocol | None = None, *, size: int = 50
) -> tuple[list[Any], list[str]]:
    return read(folder, c.pcap(*f.conversation(stream, size=size, port=4318)), protocol)


def unnamed(_: Any) -> str:
    """What is compressed may differ from process to process, and names of tests may not."""
    return "case"


PROTO, JSON = "application/x-protobuf", "application/json"


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (post("/v1/logs", LOGS, Content_Type=PROTO), ["hello"]),
        (post("/v1/metrics", METRICS, Content_Type=PROTO), [("load", 4.0)]),
        (
            post("/otlp/v1/logs", gzip.compress(LOGS), Content_Type=PROTO, Content_Encoding="gzip"),
            ["hello"],
        ),
        (
            post(
                "/v1/logs",
                json.dumps(MessageToDict(log_request("a", "b"))).encode(),
                Content_Type="application/json; charset=utf-8",
            ),
            ["a", "b"],
        ),
        (
            post("/api/v1/write", WRITE, Content_Type=PROTO, Content_Encoding="snappy"),
            [("up", 1.0)],
        ),
        (
            post(
                "/receive",
                WRITE_2,
                Content_Type=f"{PROTO};proto=io.prometheus.write.v2.Request",
                Content_Encoding="snappy",
                X_Prometheus_Remote_Write_Version="2.0.0",
            ),
            [("up", 2.0)],
        ),
        (answer(EXPOSITION, "text/plain; version=0.0.4"), [("heat", 3.0), ("up", 1.0)]),
        (answer(EXPOSITION + b"# EOF\n", "application/openmetrics-text; version=1.0.0"),
         [("heat", 3.0), ("up", 1.0)]),
        (
            post("/v1/logs", LOGS, Content_Type=PROTO) + post("/", b"a=b") +
            post("/v1/metrics", METRICS, Content_Type=PROTO),
            ["hello", ("load", 4.0)],
        ),
    ],
    ids=unnamed,
)  # fmt: skip
def test_bodies_are_told_by_their_headers(stream: bytes, said: list[Any], tmp_path: Path) -> None:
    assert captured(tmp_path, stream)[0] == said


@pytest.mark.parametrize(
    ("stream", "told"),
    [
        (post("/v1/traces", b"x", Content_Type=PROTO), "otlp not_stored 1"),
        (post("/login", b"x=y", Content_Type="text/plain"), "http not_telemetry 1"),
        (answer(b"<html>", "text/html"), "http not_telemetry 1"),
        (answer(b"hello, you\n", "text/plain"), "http not_telemetry 1"),
        (answer(EXPOSITION, "text/plain", "404 Not Found"), "http not_telemetry 1"),
        (post("/v1/logs", b"\x0a\xff", Content_Type=PROTO), "otlp malformed 1"),
        (post("/v1/logs", b"{", Content_Type=JSON), "otlp malformed 1"),
        (
            post("/v1/logs", b"x", Content_Type=PROTO, Content_Encoding="gzip"),
            "otlp undecodable 1",
        ),
        (
            post("/w", WRITE, Content_Type=f"{PROTO};proto=new", Content_Encoding="snappy"),
            "remote_write unknown_version 1",
        ),
        (b"POST /v1/logs HTTP/1.1\r\nContent-Length: x\r\n\r\n", "http malformed 1"),
    ],
    ids=unnamed,
)
def test_what_is_no_telemetry_is_counted(stream: bytes, told: str, tmp_path: Path) -> None:
    assert captured(tmp_path, stream) == ([], [f"not used: {told}"])


def test_an_answer_without_a_length_ends_with_its_connection(tmp_path: Path) -> None:
    head = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
    stream = head + b"\r\n" + EXPOSITION
    assert captured(tmp_path, stream)[0] == [("heat", 3.0), ("up", 1.0)]
    frames = f.conversation(stream, size=80, port=4318)
    for there in (frames[:2], [*frames[:2], frames[-1]]):  # without its end, and with a gap
        said, told = read(tmp_path, c.pcap(*there))
        assert said == []
        assert told[0] == "not used: http incomplete_message 1"
    longer = head + b"Content-Length: 99\r\n\r\n" + EXPOSITION
    assert captured(tmp_path, longer) == ([], ["not used: http incomplete_message 1"])


def test_requests_that_are_cut_off_are_counted(tmp_path: Path) -> None:
    stream = post("/v1/logs", LOGS, Content_Type=PROTO)
    assert captured(tmp_path, stream[:-3]) == ([], ["not used: http incomplete_message 1"])
    begun = http2(headers(1, hpack.Encoder(), "/v1/logs", PROTO), DataFrame(1, LOGS))
    assert captured(tmp_path, begun) == ([], ["not used: http2 incomplete_message 1"])


def test_a_compressed_body_that_grows_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensorium.ingest.requests.LARGEST", 1 << 16)
    bomb = gzip.compress(bytes(1 << 20))
    stream = post("/v1/logs", bomb, Content_Type=PROTO, Content_Encoding="gzip")
    assert captured(tmp_path, stream) == ([], ["not used: otlp too_large 1"])


def test_only_the_protocol_that_is_asked_for_is_read(tmp_path: Path) -> None:
    stream = post("/v1/logs", LOGS, Content_Type=PROTO) + post(
        "/w", WRITE, Content_Type=PROTO, Content_Encoding="snappy"
    )
    assert captured(tmp_path, stream, Protocol.OTLP) == (["hello"], [])
    assert captured(tmp_path, stream, Protocol.REMOTE_WRITE) == ([("up", 1.0)], [])
    assert captured(tmp_path, stream, Protocol.NETFLOW) == ([], [])


def test_requests_of_http2_with_padding_continuations_and_other_streams_between(
    tmp_path: Path,
) -> None:
    encoder = hpack.Encoder()
    first = headers(1, encoder, "/v1/logs", PROTO)
    block = first.data
    first.data, first.flags = block[:9], type(first.flags)(first.defined_flags)
    rest = ContinuationFrame(1, block[9:], flags=["END_HEADERS"])
    second = headers(3, encoder, "/v1/metrics", PROTO)
    given_up = headers(5, encoder, "/v1/logs", PROTO)
    padded = DataFrame(1, LOGS[4:], flags=["END_STREAM", "PADDED"])
    padded.pad_length = 7
    stream = http2(
        SettingsFrame(0), first, rest, second, given_up,
        DataFrame(1, LOGS[:4]), DataFrame(5, LOGS), RstStreamFrame(5),
        DataFrame(3, METRICS, flags=["END_STREAM"]), padded,
    )  # fmt: skip
    assert captured(tmp_path, stream) == ([("load", 4.0), "hello"], [])


def test_messages_of_grpc_compressed_or_not_and_several_in_a_call(tmp_path: Path) -> None:
    encoder = hpack.Encoder()
    logs = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
    traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    both = grpc(LOGS) + grpc(gzip.compress(LOGS), compressed=True)
    stream = http2(
        headers(1, encoder, logs, "application/grpc", ("grpc-encoding", "gzip")),
        DataFrame(1, both[:20]),
        DataFrame(1, both[20:], flags=["END_STREAM"]),
        headers(3, encoder, traces, "application/grpc"),
        DataFrame(3, grpc(b"x"), flags=["END_STREAM"]),
        headers(5, encoder, "/helloworld.Greeter/SayHello", "application/grpc"),
        DataFrame(5, grpc(b"x"), flags=["END_STREAM"]),
    )
    said, told = captured(tmp_path, stream)
    assert said == ["hello", "hello"]
    assert sorted(told) == ["not used: http not_telemetry 1", "not used: otlp not_stored 1"]


def test_nothing_of_http2_can_be_read_after_a_gap(tmp_path: Path) -> None:
    encoder = hpack.Encoder()
    stream = http2(headers(1, encoder, "/v1/logs", PROTO), DataFrame(1, LOGS, flags=["END_STREAM"]))
    frames = f.conversation(stream, size=40, port=4318)
    said, told = read(tmp_path, c.pcap(*frames[:2], *frames[3:]))
    assert (said, told) == ([], ["gaps in captured streams: 1"])


@given(st.binary(max_size=80), st.integers(0, 200))
def test_any_bytes_on_http2_are_survived(tail: bytes, cut: int) -> None:
    encoder = hpack.Encoder()
    begun = http2(headers(1, encoder, "/v1/logs", PROTO), DataFrame(1, LOGS[:3]))
    reader = Http2Reader(Ends(bytes(16), 1, bytes(16), 4318))
    for byte in begun[: len(PREFACE) + cut] + tail:
        if not reader.fault:
            assert all(isinstance(body, Body) for body in reader.read(1, bytes([byte])))


@given(st.binary(max_size=300))
def test_any_bytes_on_http_are_survived(tail: bytes) -> None:
    for start in (b"POST /v1/logs HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n"):
        list(read_capture(c.pcap(*f.conversation(start + tail, port=80)), Observe()))


LINES = b"\n".join(
    json.dumps(MessageToDict(request)).encode()
    for request in (log_request("a"), metric_request(1), log_request("b"))
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LOGS, ["hello"]),
        (METRICS, [("load", 4.0)]),
        (zlib.compress(LOGS, wbits=31), ["hello"]),
        (WRITE, [("up", 1.0)]),
        (WRITE_2, [("up", 2.0)]),
        (LINES, ["a", ("load", 1.0), "b"]),
        (b"\xef\xbb\xbf" + LINES + b"\n\n", ["a", ("load", 1.0), "b"]),
        (json.dumps(MessageToDict(log_request("a", "b")), indent=2).encode(), ["a", "b"]),
        (EXPOSITION, [("heat", 3.0), ("up", 1.0)]),
    ],
    ids=unnamed,
)
def test_files_that_hold_requests_are_told_by_their_content(
    content: bytes, said: list[Any], tmp_path: Path
) -> None:
    assert read(tmp_path, content) == (said, [])


def test_payloads_larger_than_a_datagram(tmp_path: Path) -> None:
    many = [f"order {number} failed for reasons of its own" for number in range(5000)]
    assert read(tmp_path, log_request(*many).SerializeToString())[0] == many


@pytest.mark.parametrize(
    ("content", "protocol", "told"),
    [
        (b"\x0a\x05hello", Protocol.OTLP, "otlp malformed 1"),
        (b'{"resourceLogs": [}', Protocol.OTLP, "otlp malformed 1"),
        (b'{"resourceSpans": []}', None, "otlp not_stored 1"),
        (b'{"resourceLogs": []}\n{"a": 1}\n', None, "otlp malformed 1"),
        (b"hello", Protocol.REMOTE_WRITE, "remote_write undecodable 1"),
        (cramjam.snappy.compress_raw(b"hello"), Protocol.REMOTE_WRITE, "remote_write malformed 1"),
    ],
    ids=unnamed,
)
def test_files_that_hold_none_are_counted(
    content: bytes, protocol: Protocol | None, told: str, tmp_path: Path
) -> None:
    assert read(tmp_path, content, protocol) == ([], [f"not used: {told}"])


def _records(request: otlp.ExportLogsServiceRequest) -> list[Any]:
    scopes = [scope for resource in request.resource_logs for scope in resource.scope_logs]
    return [record for scope in scopes for record in scope.log_records]


def _metrics(request: otlp.ExportMetricsServiceRequest) -> list[Any]:
    scopes = [scope for resource in request.resource_metrics for scope in resource.scope_metrics]
    return [metric for scope in scopes for metric in scope.metrics]


@given(otlp.log_requests(), otlp.metric_requests())
def test_requests_of_either_signal_are_told_apart(
    logs: otlp.ExportLogsServiceRequest, metrics: otlp.ExportMetricsServiceRequest
) -> None:
    from sensorium.ingest.requests import told_signal
    from sensorium.model.signals import Signal

    for record in _records(logs):
        record.time_unix_nano = record.time_unix_nano or 1
    for metric in _metrics(metrics):  # one without a name is refused
        metric.name = metric.name or "unnamed"
    assert told_signal(logs.SerializeToString()) in (Signal.LOGS, None)
    assert told_signal(metrics.SerializeToString()) in (Signal.METRICS, None)


@given(st.binary(max_size=60))
def test_any_bytes_are_told_or_not(content: bytes) -> None:
    from sensorium.ingest.requests import told_payload

    told_payload(content)
    told_payload(b"\n" + content)
