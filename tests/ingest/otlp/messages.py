"""Export requests as hypothesis and tests build them, with the generated classes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

NOW = 1_800_000_000_000_000_000

KEYS = st.sampled_from(
    ["a", "http.method", "le", "job", "instance", "9lives", "ümlaut", "a_", "a."]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
INTS = st.integers(-(2**63), 2**63 - 1)
DOUBLES = st.floats(allow_nan=False)
COUNTS = st.integers(0, 1 << 40)
TIMES = st.one_of(st.just(0), st.integers(1, 2**63 - 1), st.integers(NOW, NOW + 10**12))


def any_value(value: Any) -> AnyValue:
    """Python's value as an AnyValue; None is one without a value."""
    made = AnyValue()
    if isinstance(value, bool):
        made.bool_value = value
    elif isinstance(value, int):
        made.int_value = value
    elif isinstance(value, float):
        made.double_value = value
    elif isinstance(value, str):
        made.string_value = value
    elif isinstance(value, bytes):
        made.bytes_value = value
    elif isinstance(value, list):
        made.array_value.SetInParent()
        made.array_value.values.extend(map(any_value, value))
    elif isinstance(value, dict):
        made.kvlist_value.SetInParent()
        made.kvlist_value.values.extend(attributes(value))
    return made


def attributes(pairs: dict[str, Any]) -> list[KeyValue]:
    """Attributes of these names and values."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in pairs.items()]


SIMPLE = st.one_of(TEXTS, st.booleans(), INTS, DOUBLES, st.none(), st.binary(max_size=6))
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=4,
)
ATTRIBUTES = st.dictionaries(KEYS, VALUES, max_size=4)
RESOURCES = st.dictionaries(
    st.sampled_from(
        ["service.name", "service.namespace", "service.instance.id", "host.name", "process.pid"]
    ),
    st.one_of(TEXTS, INTS),
    max_size=5,
)


@st.composite
def log_requests(draw: st.DrawFn) -> ExportLogsServiceRequest:
    """Requests with everything that a log record may hold."""
    request = ExportLogsServiceRequest()
    for _ in range(draw(st.integers(0, 2))):
        resource = request.resource_logs.add()
        resource.resource.attributes.extend(attributes(draw(RESOURCES)))
        for _ in range(draw(st.integers(0, 2))):
            scope = resource.scope_logs.add()
            scope.scope.name = draw(TEXTS)
            scope.scope.version = draw(st.sampled_from(["", "1.0"]))
            scope.scope.attributes.extend(attributes(draw(ATTRIBUTES)))
            for _ in range(draw(st.integers(0, 3))):
                record = scope.log_records.add()
                record.time_unix_nano = draw(TIMES)
                record.observed_time_unix_nano = draw(TIMES)
                record.severity_number = draw(st.integers(0, 24))  # type: ignore[assignment]
                record.severity_text = draw(TEXTS)
                if draw(st.booleans()):
                    record.body.CopyFrom(any_value(draw(VALUES)))
                record.attributes.extend(attributes(draw(ATTRIBUTES)))
                record.trace_id = draw(st.sampled_from([b"", b"0" * 16, bytes(range(16))]))
                record.span_id = draw(st.sampled_from([b"", bytes(range(8))]))
                record.event_name = draw(st.sampled_from(["", "login"]))
                record.dropped_attributes_count = draw(st.sampled_from([0, 3]))
    return request


def _number(draw: st.DrawFn, points: Any) -> None:
    point = points.add(time_unix_nano=draw(TIMES))
    if draw(st.booleans()):
        point.as_int = draw(INTS)
    else:
        point.as_double = draw(st.floats())
    _finish(draw, point)


def _histogram(draw: st.DrawFn, points: Any) -> None:
    bounds = sorted(draw(st.sets(st.floats(-1e9, 1e9), max_size=4)))
    point = points.add(time_unix_nano=draw(TIMES), count=draw(COUNTS))
    if draw(st.booleans()):
        point.sum = draw(DOUBLES)
    if bounds or draw(st.booleans()):
        point.explicit_bounds.extend(bounds)
        point.bucket_counts.extend(draw(COUNTS) for _ in range(len(bounds) + 1))
    _finish(draw, point)


def _exponential(draw: st.DrawFn, points: Any) -> None:
    point = points.add(time_unix_nano=draw(TIMES), count=draw(COUNTS))
    point.scale = draw(st.integers(-10, 20))
    point.zero_count = draw(st.integers(0, 9))
    point.zero_threshold = draw(st.sampled_from([0.0, 1e-9]))
    if draw(st.booleans()):
        point.sum = draw(DOUBLES)
    for side in (point.positive, point.negative):
        side.offset = draw(st.one_of(st.integers(-40, 40), st.integers(-(2**31), 2**31 - 200)))
        side.bucket_counts.extend(draw(st.lists(st.integers(0, 9), max_size=30)))
    _finish(draw, point)


def _summary(draw: st.DrawFn, points: Any) -> None:
    point = points.add(time_unix_nano=draw(TIMES), count=draw(COUNTS), sum=draw(DOUBLES))
    for quantile in sorted(draw(st.sets(st.sampled_from([0.0, 0.5, 0.99, 1.0])))):
        point.quantile_values.add(quantile=quantile, value=draw(DOUBLES))
    _finish(draw, point)


def _finish(draw: st.DrawFn, point: Any) -> None:
    point.start_time_unix_nano = draw(TIMES)
    point.attributes.extend(attributes(draw(ATTRIBUTES)))
    point.flags = draw(st.sampled_from([0, 0, 0, 1]))


@st.composite
def metric_requests(draw: st.DrawFn) -> ExportMetricsServiceRequest:
    """Requests with metrics of every kind and temporality."""
    request = ExportMetricsServiceRequest()
    for _ in range(draw(st.integers(0, 2))):
        resource = request.resource_metrics.add()
        resource.resource.attributes.extend(attributes(draw(RESOURCES)))
        for _ in range(draw(st.integers(0, 2))):
            scope = resource.scope_metrics.add()
            scope.scope.name = draw(st.sampled_from(["", "lib"]))
            scope.scope.attributes.extend(attributes(draw(ATTRIBUTES)))
            for _ in range(draw(st.integers(0, 3))):
                _metric(draw, scope.metrics.add())
    return request


def _metric(draw: st.DrawFn, metric: Any) -> None:
    metric.name = draw(st.sampled_from(["", "http.requests", "9", "up", "net.io_total", "ü"]))
    metric.unit = draw(st.sampled_from(["", "1", "By", "ms", "By/s", "{packet}", "%"]))
    kind = draw(
        st.sampled_from(["gauge", "sum", "histogram", "exponential_histogram", "summary", ""])
    )
    if not kind:
        return
    data = getattr(metric, kind)
    data.SetInParent()
    if kind not in ("gauge", "summary"):
        data.aggregation_temporality = draw(st.sampled_from([0, 1, 2, 2]))
    if kind == "sum":
        data.is_monotonic = draw(st.booleans())
    add = {
        "histogram": _histogram,
        "exponential_histogram": _exponential,
        "summary": _summary,
    }.get(kind, _number)
    for _ in range(draw(st.integers(0, 2))):
        add(draw, data.data_points)
