"""The slow, obvious OTLP decoder: generated classes, one point and one record at a time.

Written from the protocol's .proto files, OpenTelemetry's page on Prometheus compatibility and the
decoder's reference page. It shares no code with the decoder but the series' name and the
translation of metric names, which have tests of their own.
"""

from __future__ import annotations

import base64
import itertools
import json
import math
import re
import struct
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from sensorium.ingest.otlp.naming import metric_name
from sensorium.ingest.series import Series

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
LARGEST = 2**63


def bits(value: float) -> int:
    """A double's bits, so that NaN equals itself."""
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def python(value: Any) -> Any:
    """An AnyValue as Python's own."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    content = getattr(value, kind)
    if kind == "array_value":
        return [python(one) for one in content.values]
    if kind == "kvlist_value":
        return {one.key: python(one.value) for one in content.values}
    return content


def double(value: float) -> str:
    """The shortest text of a double, without ``.0`` and without a padded exponent."""
    text = repr(value).removesuffix(".0").replace("e-0", "e-").replace("e+0", "e+")
    mantissa, _, exponent = text.partition("e")
    whole = f"{mantissa.removesuffix('.0')}e{exponent}" if exponent else text
    # Between the two notations each library draws the line elsewhere: compare as numbers.
    return f"={float(whole)!r}"


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value + 0.0 if isinstance(value, float) else value  # minus zero is zero


def text(value: Any) -> Any:
    """A value as an attribute has it; what is to be compared as JSON is left as a list or dict."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return double(value)
    if isinstance(value, list | dict | bytes):
        return plain(value)
    return str(value)


def same(ours: str, wanted: Any) -> bool:
    """Whether a column's text is what :func:`text` asks for."""
    if isinstance(wanted, list | dict):
        return bool(json.loads(ours) == wanted)
    # Attributes whose names become one label are joined, so that a number may be a part of it.
    pairs = itertools.zip_longest(ours.split(";"), wanted.split(";"), fillvalue="")
    return all(one == other or _same_number(one, other) for one, other in pairs)


def _same_number(ours: str, wanted: str) -> bool:
    try:
        return wanted.startswith("=") and f"={float(ours)!r}" == wanted
    except ValueError:
        return False


def flat(key: str, value: Any) -> list[tuple[str, Any]]:
    """A map as an attribute for each of its entries."""
    if isinstance(value, dict) and value:
        return [pair for name, one in value.items() for pair in flat(f"{key}.{name}", one)]
    return [(key, text(value))]


def log_rows(body: bytes, arrival_ns: int) -> list[dict[str, Any]]:
    """The rows of a logs request."""
    rows = []
    for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
        said = [(one.key, text(python(one.value))) for one in resource.resource.attributes]
        known = dict(said)
        words = ("host.name", "service.name", "process.pid")
        shared = [(f"resource.{key}", value) for key, value in said if key not in words]
        for scope in resource.scope_logs:
            about = []
            if scope.scope.name:
                about.append(("scope.name", scope.scope.name))
            if scope.scope.version:
                about.append(("scope.version", scope.scope.version))
            about += [
                (f"scope.{one.key}", text(python(one.value))) for one in scope.scope.attributes
            ]
            for record in scope.log_records:
                pairs = [
                    pair for one in record.attributes for pair in flat(one.key, python(one.value))
                ]
                if record.trace_id:
                    pairs.append(("trace_id", record.trace_id.hex()))
                if record.span_id:
                    pairs.append(("span_id", record.span_id.hex()))
                if record.event_name:
                    pairs.append(("event.name", record.event_name))
                if record.dropped_attributes_count:
                    pairs.append(("dropped_attributes_count", str(record.dropped_attributes_count)))
                rows.append(
                    {
                        "time_ns": record.time_unix_nano
                        or record.observed_time_unix_nano
                        or arrival_ns,
                        "severity_number": record.severity_number,
                        "severity_text": record.severity_text,
                        "host": known.get("host.name") or "::",
                        "app": known.get("service.name", ""),
                        "proc_id": known.get("process.pid", ""),
                        "body": text(python(record.body)),
                        "attributes": pairs + shared + about,
                    }
                )
    return rows


def label(key: str) -> str:
    """An attribute's name as a label."""
    name = re.sub("_+", "_", re.sub("[^a-zA-Z0-9_]", "_", key))
    return f"key_{name}" if name[:1].isdigit() else name


def labels(attributes: Any) -> dict[str, str]:
    """Attributes as labels, those of one name joined."""
    found: dict[str, list[str]] = {}
    pairs = []
    for one in attributes:
        value = python(one.value)
        if isinstance(value, list | dict):
            made = json.dumps(
                plain(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True
            )
            pairs.append((one.key, re.sub(r"(?<=\d)\.0(?=[,\]}])", "", made)))
        else:
            wanted = text(value)
            pairs.append((one.key, wanted))
    for key, value in sorted(pairs):
        found.setdefault(label(key), []).append(value)
    return {key: ";".join(values) for key, values in found.items()}


def bound(value: float) -> str:
    """A bound as a label has it."""
    return "+Inf" if value == math.inf else repr(value).removesuffix(".0")


def metric_rows(body: bytes, arrival_ns: int) -> list[tuple[Any, ...]]:
    """``(time, name, labels, value's bits, kind)`` of a metrics request, but for target_info."""
    rows: list[tuple[Any, ...]] = []
    for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        known = {one.key: text(python(one.value)) for one in resource.resource.attributes}
        service, space = known.get("service.name", ""), known.get("service.namespace", "")
        job = f"{space}/{service}" if service and space else service
        target = (job, known.get("service.instance.id", ""))
        for scope in resource.scope_metrics:
            about = {
                label(f"otel_scope_{key}"): value
                for key, value in labels(scope.scope.attributes).items()
            }
            if scope.scope.name:
                about["otel_scope_name"] = scope.scope.name
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                data = getattr(metric, kind) if kind else None
                for point in data.data_points if data else ():
                    rows += point_rows(metric, kind, data, point, about, target, arrival_ns)
    return rows


def point_rows(
    metric: Any, kind: str, data: Any, point: Any, about: dict[str, str], target: Any, now: int
) -> list[tuple[Any, ...]]:
    """The rows of one point."""
    temporality = 2 if kind in ("gauge", "summary") else data.aggregation_temporality
    counter = kind == "sum" and data.is_monotonic and temporality == 2
    name = metric_name(metric.name, metric.unit, counter=counter, ratio=kind == "gauge")
    stale = point.flags & 1
    if not metric.name or not name or temporality not in (1, 2):
        return []
    if kind == "histogram" and not stale and wrong(point):
        return []
    row_kind = {"gauge": "gauge", "sum": "gauge", "summary": "summary"}.get(kind, "histogram")
    row_kind = "delta" if temporality == 1 else "counter" if counter else row_kind
    rows = []
    for suffix, extra, value in samples(kind, point, stale):
        series = Series.of(
            name + suffix, {**labels(point.attributes), **about, **extra}.items(), *target
        )
        found = bits(STALE if stale else value)
        rows.append((point.time_unix_nano or now, series.name, series.labels, found, row_kind))
    return rows


def wrong(point: Any) -> bool:
    """Whether a histogram's buckets do not fit its bounds."""
    counts, bounds = len(point.bucket_counts), len(point.explicit_bounds)
    return bool((counts or bounds) and counts != bounds + 1)


def samples(kind: str, point: Any, stale: int) -> list[tuple[str, dict[str, str], float]]:
    """Suffix, label and value of each row of a point."""
    if kind in ("gauge", "sum"):
        integer = point.WhichOneof("value") == "as_int"
        return [("", {}, float(point.as_int) if integer else point.as_double)]
    found: list[tuple[str, dict[str, str], float]] = []
    if kind == "summary":
        if not stale:
            found += [
                ("", {"quantile": bound(one.quantile)}, one.value) for one in point.quantile_values
            ]
        return [*found, ("_sum", {}, point.sum), ("_count", {}, float(point.count))]
    below = 0
    if kind == "histogram" and not stale:
        for limit, count in zip(point.explicit_bounds, point.bucket_counts, strict=False):
            below += count
            found.append(("_bucket", {"le": bound(limit)}, float(below)))
    elif not stale:
        for limit, count in exponential(point):
            below += count
            found.append(("_bucket", {"le": bound(limit)}, float(below)))
    found.append(("_bucket", {"le": "+Inf"}, float(point.count)))
    if stale or point.HasField("sum"):
        found.append(("_sum", {}, point.sum))
    return [*found, ("_count", {}, float(point.count))]


def exponential(point: Any, most: int = 320, finest: int = 2) -> list[tuple[float, int]]:
    """Bounds and counts of an exponential histogram, merged until there are few enough."""
    sides = []
    for side in (point.positive, point.negative):
        counts = enumerate(side.bucket_counts)
        sides.append({side.offset + i: count for i, count in counts if count})
    for scale in range(min(point.scale, finest), -11, -1):
        step, unit = 2 ** (point.scale - scale), 2.0**-scale
        zero = point.zero_count
        kept: list[dict[int, int]] = []
        for side in sides:
            merged: dict[int, int] = {}
            for index, count in side.items():
                place = index // step
                if place * unit < -1022:
                    zero += count
                elif (place + 1) * unit <= 1023:
                    merged[place] = merged.get(place, 0) + count
                elif side is sides[1]:
                    # Below every bound: counted from the first bound on.
                    merged[10**9] = merged.get(10**9, 0) + count
            # Bounds reach from the least to the most, as far as doubles have them.
            least, most_ = math.ceil(-1022 / unit), math.floor(1023 / unit) - 1
            first = max(min(side, default=1) // step, least)
            last = min(max(side, default=0) // step, most_)
            if side and first <= last:
                merged.setdefault(first, 0)
                merged.setdefault(last, 0)
            kept.append(merged)
        spans = [[place for place in side if place != 10**9] for side in kept]
        width = sum(max(span) - min(span) + 1 for span in spans if span)
        if width < most or scale == -10:
            break
    beyond = kept[1].pop(10**9, 0)
    negative = range(max(spans[1], default=-1), min(spans[1], default=0) - 1, -1)
    rows = [(-power(scale, place), kept[1].get(place, 0)) for place in negative]
    rows.append((point.zero_threshold, zero))
    rows[0] = (rows[0][0], rows[0][1] + beyond)
    positive = range(min(spans[0], default=0), max(spans[0], default=-1) + 1)
    return rows + [(power(scale, place + 1), kept[0].get(place, 0)) for place in positive]


def power(scale: int, index: int) -> float:
    """``2 ** (index / 2 ** scale)``."""
    whole, part = divmod(index, 2**scale) if scale > 0 else (index * 2**-scale, 0)
    return math.ldexp(2.0 ** (part / 2**scale) if part else 1.0, int(whole))
