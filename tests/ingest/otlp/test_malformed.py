from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from sensorium.ingest.otlp import LogsDecoder, MetricsDecoder, OtlpConfig
from sensorium.ingest.otlp.decoded import MOST_ITEMS, MalformedError, TooManyError
from sensorium.ingest.otlp.json_mapping import to_protobuf
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from tests.ingest.otlp.messages import NOW, attributes, log_requests, metric_requests

SMALL = OtlpConfig(max_decoded_bytes=1 << 20, max_label_bytes=1024, max_cached_bytes=1 << 19)
OBSERVE = Observe()
DECODERS: dict[Signal, Any] = {
    Signal.LOGS: LogsDecoder(SMALL, OBSERVE),
    Signal.METRICS: MetricsDecoder(SMALL, OBSERVE),
}


def decode(signal: Signal, body: bytes) -> Any:
    """The batch, valid throughout, or None where the body is malformed."""
    try:
        decoded = DECODERS[signal].decode(body, NOW)
    except (MalformedError, TooManyError):
        return None
    decoded.accepted()
    decoded.batch.validate(full=True)
    assert decoded.batch.nbytes < 4 << 20
    return decoded.batch


@pytest.mark.parametrize("signal", DECODERS)
@given(body=st.binary(max_size=300))
def test_any_bytes_give_a_batch_or_are_malformed(signal: Signal, body: bytes) -> None:
    decode(signal, body)


@pytest.mark.parametrize("signal", DECODERS)
@given(
    data=st.data(),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.floats(0, 1),
)
def test_a_damaged_request_gives_a_batch_or_is_malformed(
    signal: Signal, data: st.DataObject, changes: list[tuple[float, int]], cut: float
) -> None:
    body = bytearray(data.draw(LARGER[signal]).SerializeToString())
    for where, value in changes:
        if body:
            body[int(where * (len(body) - 1))] = value
    decode(signal, bytes(body))
    decode(signal, bytes(body[: int(cut * len(body))]))


LARGER: dict[Signal, Any] = {Signal.LOGS: log_requests(), Signal.METRICS: metric_requests()}


@pytest.mark.parametrize("signal", DECODERS)
@given(body=st.one_of(st.binary(max_size=80), st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                "resourceLogs resourceMetrics scopeLogs scopeMetrics logRecords metrics sum gauge "
                "dataPoints asInt asDouble attributes key value body traceId stringValue "
                "intValue arrayValue values bytesValue timeUnixNano severityNumber".split()
            ),
            inner, max_size=4,
        ),
    ),
    max_leaves=8,
)))  # fmt: skip
def test_any_json_is_translated_or_malformed(signal: Signal, body: Any) -> None:
    import json

    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        message = to_protobuf(written, signal)
    except MalformedError:
        return
    decode(signal, message)


def nested(depth: int) -> bytes:
    """A log body of lists in lists."""
    value = b"\x0a\x01x"
    for _ in range(depth):
        length = bytearray()
        inner = b"\x0a" + varint(len(value)) + value
        length += b"\x2a" + varint(len(inner))
        value = bytes(length) + inner
    record = b"\x2a" + varint(len(value)) + value
    for tag in (b"\x12", b"\x12", b"\x0a"):
        record = tag + varint(len(record)) + record
    return record


def varint(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])


def test_values_deep_in_one_another_are_cut_and_never_recursed_into_without_end() -> None:
    batch = decode(Signal.LOGS, nested(5000))
    assert batch.num_rows == 1
    assert batch["body"][0].as_py().startswith("[[[[[")
    body = b'{"resourceLogs":' + b"[" * 100_000
    with pytest.raises(MalformedError):
        to_protobuf(body, Signal.LOGS)


def test_a_length_beyond_the_body_is_malformed() -> None:
    for length in (10, 1 << 31, 1 << 62, (1 << 64) - 1):
        assert decode(Signal.LOGS, b"\x0a" + varint(length) + b"x") is None
        assert decode(Signal.METRICS, b"\x0a" + varint(length) + b"x") is None


def test_a_request_of_very_many_empty_records_is_refused_whole() -> None:
    records = b"\x12\x00" * (MOST_ITEMS + 1)
    scope = b"\x12" + varint(len(records)) + records
    body = b"\x0a" + varint(len(scope)) + scope
    with pytest.raises(TooManyError):
        DECODERS[Signal.LOGS].decode(body, NOW)


def test_small_records_of_a_large_resource_are_rejected_before_they_fill_memory() -> None:
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    resource.resource.attributes.extend(attributes({"k": "v" * 1000}))
    records = resource.scope_logs.add().log_records
    for _ in range(5000):
        records.add(time_unix_nano=NOW)
    decoded = DECODERS[Signal.LOGS].decode(request.SerializeToString(), NOW)
    assert 0 < decoded.batch.num_rows < 1000
    assert decoded.rejected == {"too_large": 5000 - decoded.batch.num_rows}
    resource.resource.attributes.extend(attributes({"more": "v" * 1000}))
    decoded = DECODERS[Signal.LOGS].decode(request.SerializeToString(), NOW)
    assert decoded.rejected == {"labels": 5000}


def test_wide_histograms_of_long_labels_are_rejected_before_they_fill_memory() -> None:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="h")
    metric.histogram.aggregation_temporality = 2  # type: ignore[assignment]
    for number in range(40):
        point = metric.histogram.data_points.add(time_unix_nano=NOW, count=1, sum=1)
        point.explicit_bounds.extend(map(float, range(300)))
        point.bucket_counts.extend([0] * 301)
        point.attributes.extend(attributes({"n": number, "long": "x" * 900}))
    decoded = DECODERS[Signal.METRICS].decode(request.SerializeToString(), NOW)
    assert decoded.rejected["too_large"] > 30
    assert decoded.batch.nbytes < 2 << 20


def test_names_are_forgotten_when_they_take_too_much() -> None:
    observe = Observe()
    decoder = MetricsDecoder(SMALL, observe)
    for first in range(0, 9_000, 3_000):
        request = ExportMetricsServiceRequest()
        metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="m")
        for number in range(first, first + 3_000):
            point = metric.gauge.data_points.add(time_unix_nano=NOW, as_int=number)
            point.attributes.extend(attributes({"number": number}))
        assert decoder.decode(request.SerializeToString(), NOW).batch.num_rows == 3_000
    resets = observe.value("sensorium_otlp_cache_resets_total", {"signal": "metrics"})
    assert resets >= 1
    held = observe.value("sensorium_otlp_cached_bytes", {"signal": "metrics"})
    assert held < 4 << 20


def test_a_number_that_is_no_utf8_key_is_text_all_the_same() -> None:
    key = b"\x0a\x02\xff\xfe" + b"\x12\x02\x18\x07"
    point = b"\x19" + struct.pack("<Q", NOW) + b"\x31" + struct.pack("<q", 1)
    point += b"\x3a" + varint(len(key)) + key
    gauge = b"\x0a" + varint(len(point)) + point
    metric = b"\x0a\x01m" + b"\x2a" + varint(len(gauge)) + gauge
    for tag in (b"\x12", b"\x12", b"\x0a"):
        metric = tag + varint(len(metric)) + metric
    batch = decode(Signal.METRICS, metric)
    assert dict(batch["labels"][0].as_py()) == {"_": "7"}


def test_bounds_between_attributes_are_part_of_a_name_twice_and_fit_all_the_same() -> None:
    attribute = b"\x4a\x03\x0a\x01a"
    bounds = np.arange(300, dtype="<f8").tobytes()
    points = b""
    for number in range(200):
        count = b"\x32" + varint(301 * 8) + bytes(301 * 8)
        unlike = b"\x4a\x04\x0a\x02" + struct.pack("<H", 0x3030 + number)
        point = attribute + b"\x3a" + varint(len(bounds)) + bounds + unlike + count
        points += b"\x0a" + varint(len(point)) + point
    histogram = points + b"\x10\x02"
    body = b"\x0a\x01h" + b"\x4a" + varint(len(histogram)) + histogram
    for tag in (b"\x12", b"\x12", b"\x0a"):
        body = tag + varint(len(body)) + body
    decoded = MetricsDecoder(OtlpConfig(), Observe()).decode(body, NOW)
    assert decoded.batch.num_rows == 200 * 302
    decoded.batch.validate(full=True)
