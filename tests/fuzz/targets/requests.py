"""Requests: remote-write, and OTLP as Protocol Buffers and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fuzz.slabs import ARRIVAL_NS
from tests.fuzz.targets.target import Run, Target, rows, whole

_OTLP = ("otlp.logs", "otlp.metrics", "otlp.json_mapping")


def _remote_write() -> Run:
    from sensorium.ingest.remote_write import RemoteWriteConfig
    from sensorium.ingest.remote_write.decoder import RefusedWriteError, RemoteWriteDecoder
    from sensorium.model.signals import METRICS
    from sensorium.observe import Observe

    def run(data: bytes) -> None:
        if not data:
            return
        decoder = RemoteWriteDecoder(RemoteWriteConfig(), Observe())
        version, body = 1 + (data[0] & 1), data[1:]
        try:
            first = decoder.decode(body, version)
        except RefusedWriteError:
            return
        whole(first.batch, METRICS)
        assert len(first.batch) >= first.samples
        again = decoder.decode(body, version)
        assert rows([first.batch]) == rows([again.batch]), "other rows when series are known"
        assert (first.samples, first.histograms, first.problems) == (
            *(again.samples, again.histograms, again.problems),
        )

    return run


def _decoder(signal: str) -> Any:
    from sensorium.ingest.otlp import LogsDecoder, MetricsDecoder, OtlpConfig
    from sensorium.observe import Observe

    config = OtlpConfig(max_decoded_bytes=1 << 20, max_label_bytes=1024, max_cached_bytes=1 << 19)
    return (LogsDecoder if signal == "logs" else MetricsDecoder)(config, Observe())


def _decode(signal: str, body: bytes) -> Any:
    """What a request gives, checked; None where it is malformed."""
    from sensorium.ingest.otlp.decoded import MalformedError, TooManyError
    from sensorium.model.signals import LOGS, METRICS

    decoder = _decoder(signal)
    try:
        first = decoder.decode(body, ARRIVAL_NS)
    except (MalformedError, TooManyError):
        return None
    whole(first.batch, LOGS if signal == "logs" else METRICS)
    assert first.batch.nbytes < 4 << 20
    again = decoder.decode(body, ARRIVAL_NS)
    assert rows([first.batch]) == rows([again.batch]), "other rows when names are known"
    assert first.rejected == again.rejected
    first.accepted()
    again.accepted()
    return first


def _otlp_logs() -> Run:
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    def run(data: bytes) -> None:
        decoded = _decode("logs", data)
        if decoded is None:
            return
        try:
            request = ExportLogsServiceRequest.FromString(data)
        except DecodeError:  # texts that are no UTF-8, which we mend; messages in messages
            return
        sent = sum(len(s.log_records) for r in request.resource_logs for s in r.scope_logs)
        kept = len(decoded.batch) + sum(decoded.rejected.values())
        assert kept == sent, f"of {sent} records {kept} are rows or counted"

    return run


def _otlp_metrics() -> Run:
    return lambda data: _decode("metrics", data) and None


def _otlp_json() -> Run:
    from sensorium.ingest.otlp.decoded import MalformedError
    from sensorium.ingest.otlp.json_mapping import to_protobuf
    from sensorium.model.signals import Signal

    def run(data: bytes) -> None:
        for signal in (Signal.LOGS, Signal.METRICS):
            try:
                body = to_protobuf(data, signal)
            except MalformedError:
                continue
            decoded = _decode(signal.value, body)
            assert decoded is not None, "what was made of JSON is no request"

    return run


def _remote_write_seeds(data: Path | None) -> Iterator[bytes]:
    sample = b"\x12\x0b\x09\0\0\0\0\0\0\xf0\x3f\x10\x01"
    series = b"\x0a\x0e\x0a\x08__name__\x12\x02up" + b"\x0a\x06\x0a\x01a\x12\x01b" + sample
    yield b"\0\x0a" + bytes([len(series)]) + series
    series = b"\x0a\x04\x01\x02\x03\x04" + sample + b"\x2a\x02\x08\x02"
    symbols = b"\x22\0\x22\x08__name__\x22\x02up\x22\x01a\x22\x01b"
    yield b"\x01" + symbols + b"\x2a" + bytes([len(series)]) + series
    histogram = (
        b"\x08\x05\x19\0\0\0\0\0\0\xf0\x3f\x20\x02\x29\0\0\0\0\0\0\0\0\x30\x01"
        b"\x5a\x04\x08\x02\x10\x03\x62\x03\x02\x04\x01\x78\x01"
    )
    name = b"\x0a\x0d\x0a\x08__name__\x12\x01h"
    series = name + b"\x22" + bytes([len(histogram)]) + histogram
    yield b"\0\x0a" + bytes([len(series)]) + series + b"\x1a\x05\x08\x01\x12\x01h"


def _logs(value: Any) -> Any:
    from tests.ingest.otlp import messages as m

    request = m.ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    resource.resource.attributes.extend(m.attributes({"host.name": "a", "service.name": "b"}))
    scope = resource.scope_logs.add()
    scope.scope.name = "scope"
    for severity in (0, 9, 17):
        record = scope.log_records.add(
            time_unix_nano=ARRIVAL_NS, severity_number=severity, trace_id=bytes(range(16))
        )
        record.body.CopyFrom(m.any_value(value))
        record.attributes.extend(m.attributes({"k": value, "n": 3, "t": True, "d": 0.5}))
    return request


def _metrics() -> Any:
    from tests.ingest.otlp import messages as m

    request = m.ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    resource.resource.attributes.extend(m.attributes({"service.name": "b"}))
    scope = resource.scope_metrics.add()
    times = {"time_unix_nano": ARRIVAL_NS, "start_time_unix_nano": ARRIVAL_NS - 10}
    gauge = scope.metrics.add(name="g", unit="s")
    gauge.gauge.data_points.add(**times, as_double=0.5).attributes.extend(m.attributes({"a": 1}))
    total = scope.metrics.add(name="t", unit="By")
    total.sum.is_monotonic, total.sum.aggregation_temporality = True, 2
    total.sum.data_points.add(**times, as_int=7)
    histogram = scope.metrics.add(name="h")
    histogram.histogram.aggregation_temporality = 1
    histogram.histogram.data_points.add(
        **times, count=3, sum=4.5, bucket_counts=[1, 1, 1], explicit_bounds=[1.0, 2.0]
    )
    exponential = scope.metrics.add(name="e")
    exponential.exponential_histogram.aggregation_temporality = 2
    point = exponential.exponential_histogram.data_points.add(**times, count=4, sum=9.0, scale=1)
    point.positive.offset, point.zero_count = -1, 1
    point.positive.bucket_counts.extend([1, 2])
    summary = scope.metrics.add(name="s").summary.data_points.add(**times, count=2, sum=3.0)
    summary.quantile_values.add(quantile=0.5, value=1.5)
    return request


def _log_seeds(data: Path | None) -> Iterator[bytes]:
    for value in ("text", {"a": [1, 2.5, None, "x"]}, b"\xff\0", [["deep"]], -3):
        yield _logs(value).SerializeToString()


def _metric_seeds(data: Path | None) -> Iterator[bytes]:
    yield _metrics().SerializeToString()


def _json_seeds(data: Path | None) -> Iterator[bytes]:
    from google.protobuf.json_format import MessageToDict

    for request in (_logs("text"), _logs({"a": [1, None]}), _metrics()):
        written = MessageToDict(request, use_integers_for_enums=True)
        yield json.dumps(written).replace("AAECAwQFBgcICQoLDA0ODw==", "00" * 16).encode()


_NAMES = tuple(
    f'"{name}":'.encode()
    for name in (
        "resourceLogs resourceMetrics scopeLogs scopeMetrics logRecords metrics sum gauge summary "
        "histogram exponentialHistogram dataPoints asInt asDouble attributes key value body "
        "traceId stringValue intValue arrayValue kvlistValue values bytesValue timeUnixNano"
    ).split()
)
TARGETS = (
    Target(
        "remote-write", ("remote_write.decoder",), _remote_write, _remote_write_seeds,
        (b"__name__", b"le"),
    ),
    Target("otlp-logs", _OTLP, _otlp_logs, _log_seeds, (b"service.name", b"host.name")),
    Target("otlp-metrics", _OTLP, _otlp_metrics, _metric_seeds, (b"service.name",)),
    Target("otlp-json", _OTLP, _otlp_json, _json_seeds, _NAMES),
)  # fmt: skip
