from __future__ import annotations

import math
import struct
from itertools import pairwise
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from sensorium.ingest.otlp import MetricsDecoder, OtlpConfig
from sensorium.ingest.series import series_id
from sensorium.observe import Observe
from tests.ingest.otlp.messages import NOW, attributes

SECOND = 10**9
DELTA, CUMULATIVE = 1, 2


def request(resource: dict[str, Any] | None = None) -> tuple[Any, Any]:
    """A request, and the metrics of its only scope."""
    made = ExportMetricsServiceRequest()
    about = made.resource_metrics.add()
    about.resource.attributes.extend(attributes(resource or {}))
    return made, about.scope_metrics.add().metrics


def counter(
    value: int, start_ns: int, time_ns: int = NOW, temporality: int = CUMULATIVE, name: str = "c"
) -> bytes:
    made, metrics = request()
    metric = metrics.add(name=name)
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = temporality
    metric.sum.data_points.add(time_unix_nano=time_ns, start_time_unix_nano=start_ns, as_int=value)
    return bytes(made.SerializeToString())


def decoder(observe: Observe | None = None, **settings: Any) -> MetricsDecoder:
    return MetricsDecoder(OtlpConfig(**settings), observe or Observe())


def rows(decoded: Any) -> list[dict[str, Any]]:
    return [{**row, "labels": dict(row["labels"])} for row in decoded.batch.to_pylist()]


def test_a_series_has_the_number_that_a_scrape_of_it_would_have() -> None:
    made, metrics = request({"service.name": "shop", "service.namespace": "eu"})
    metric = metrics.add(name="queue.length")
    metric.gauge.data_points.add(time_unix_nano=NOW, as_int=3)
    [row] = rows(decoder().decode(made.SerializeToString(), NOW))
    assert row["series_id"] == series_id("queue_length", [("job", "eu/shop")])
    assert row["labels"] == {"job": "eu/shop"}


def test_a_resource_is_told_once_a_request_at_the_time_of_its_newest_point() -> None:
    about = {"service.name": "shop", "service.instance.id": "a", "os.type": "linux", "cpus": 4}
    made, metrics = request(about)
    for time_ns in (NOW, NOW + SECOND):
        metrics.add(name="m").gauge.data_points.add(time_unix_nano=time_ns, as_int=1)
    info = rows(decoder().decode(made.SerializeToString(), NOW))[-1]
    assert (info["name"], info["value"], info["time_ns"]) == ("target_info", 1, NOW + SECOND)
    assert info["labels"] == {"job": "shop", "instance": "a", "os_type": "linux", "cpus": "4"}


def test_labels_of_one_name_are_joined_and_a_job_of_the_point_is_kept_beside_the_targets() -> None:
    made, metrics = request({"service.name": "shop"})
    point = metrics.add(name="m").gauge.data_points.add(time_unix_nano=NOW, as_int=1)
    point.attributes.extend(attributes({"a.b": "2", "a_b": "1", "job": "mine", "empty": ""}))
    row = rows(decoder().decode(made.SerializeToString(), NOW))[0]
    assert row["labels"] == {"a_b": "2;1", "exported_job": "mine", "job": "shop"}


def test_a_counter_that_began_anew_stands_at_zero_at_its_start() -> None:
    one = decoder()
    one.decode(counter(100, NOW - 9 * SECOND), NOW).accepted()
    # It counted further in its new life than in the old: no fall would tell.
    later = one.decode(counter(150, NOW + SECOND, NOW + 5 * SECOND), NOW)
    assert [(row["time_ns"], row["value"]) for row in rows(later)] == [
        (NOW + SECOND, 0),
        (NOW + 5 * SECOND, 150),
    ]
    later.accepted()
    again = one.decode(counter(151, NOW + SECOND, NOW + 6 * SECOND), NOW)
    assert [row["value"] for row in rows(again)] == [151]


def test_a_start_is_remembered_only_when_its_rows_were_accepted() -> None:
    one = decoder()
    one.decode(counter(100, NOW - 9 * SECOND), NOW).accepted()
    body = counter(150, NOW + SECOND, NOW + 5 * SECOND)
    assert one.decode(body, NOW).batch.num_rows == 2  # there was no room, so it is sent again
    assert one.decode(body, NOW).batch.num_rows == 2


def test_delta_points_are_kept_as_they_are_with_a_kind_of_their_own() -> None:
    one = decoder()
    for start in (NOW, NOW + SECOND):
        decoded = one.decode(counter(7, start, start + SECOND, DELTA), NOW)
        decoded.accepted()
        [row] = rows(decoded)
        assert (row["name"], row["value"], row["kind"]) == ("c", 7, "delta")


def test_a_point_without_recorded_value_ends_its_series() -> None:
    made, metrics = request()
    metrics.add(name="g").gauge.data_points.add(time_unix_nano=NOW, flags=1)
    histogram = metrics.add(name="h")
    histogram.histogram.aggregation_temporality = CUMULATIVE
    histogram.histogram.data_points.add(time_unix_nano=NOW, flags=1)
    batch = decoder().decode(made.SerializeToString(), NOW).batch
    bits = [
        struct.unpack("<Q", struct.pack("<d", value))[0] for value in batch["value"].to_pylist()
    ]
    assert batch["name"].to_pylist() == ["g", "h_bucket", "h_sum", "h_count"]
    assert bits == [0x7FF0000000000002] * 4


def test_exponential_buckets_keep_their_bounds_within_the_documented_error() -> None:
    made, metrics = request()
    metric = metrics.add(name="e")
    metric.exponential_histogram.aggregation_temporality = CUMULATIVE
    point = metric.exponential_histogram.data_points.add(time_unix_nano=NOW, count=321, scale=8)
    point.zero_count = 1
    point.positive.offset = -160
    point.positive.bucket_counts.extend([1] * 320)
    found = rows(decoder().decode(made.SerializeToString(), NOW))
    bounds = [float(row["labels"]["le"]) for row in found if row["name"] == "e_bucket"]
    assert bounds[0] == 0
    ratios = [high / low for low, high in pairwise(bounds[1:-1])]
    assert all(math.isclose(ratio, 2 ** (1 / 4)) for ratio in ratios)
    counts = [row["value"] for row in found if row["name"] == "e_bucket"]
    assert counts == sorted(counts)
    assert counts[-1] == 321
    # Each of the scale's bounds is one of the finer scale's: what is below it is known exactly.
    at_one = dict(zip(bounds, counts, strict=True))[1.0]
    assert at_one == 1 + 160


def test_a_wide_exponential_histogram_is_merged_until_it_has_few_enough_buckets() -> None:
    made, metrics = request()
    metric = metrics.add(name="e")
    metric.exponential_histogram.aggregation_temporality = CUMULATIVE
    point = metric.exponential_histogram.data_points.add(time_unix_nano=NOW, count=160, scale=2)
    point.positive.offset = -400
    point.positive.bucket_counts.extend([1, *[0] * 798, 1])
    found = rows(decoder(max_buckets=64).decode(made.SerializeToString(), NOW))
    assert 32 <= sum(row["name"] == "e_bucket" for row in found) <= 65


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.Clear(), "no_name"),
        (lambda m: setattr(m.sum, "aggregation_temporality", 0), "temporality"),
        (lambda m: m.sum.data_points[0].ClearField("as_int"), "no_value"),
        (lambda m: setattr(m.sum.data_points[0], "time_unix_nano", 2**63), "time"),
        (lambda m: m.histogram.data_points.add(bucket_counts=[1, 2]), "buckets"),
        (
            lambda m: m.histogram.data_points.add(bucket_counts=[1] * 3, explicit_bounds=[2, 1]),
            "buckets",
        ),
        (
            lambda m: m.histogram.data_points.add(
                bucket_counts=[1] * 1001, explicit_bounds=list(map(float, range(1000)))
            ),
            "too_many_buckets",
        ),
        (
            lambda m: m.sum.data_points[0].attributes.extend(attributes({"a": "x" * 40_000})),
            "labels",
        ),
        (lambda m: setattr(m, "name", "!"), "labels"),
    ],
)
def test_what_cannot_be_kept_is_counted_by_its_reason(change: Any, reason: str) -> None:
    made = ExportMetricsServiceRequest.FromString(counter(1, 0))
    metric = made.resource_metrics[0].scope_metrics[0].metrics[0]
    change(metric)
    if metric.WhichOneof("data") is None:
        metric.gauge.data_points.add(as_int=1)
    if metric.WhichOneof("data") == "histogram":
        metric.histogram.aggregation_temporality = CUMULATIVE
    observe = Observe()
    decoded = decoder(observe).decode(made.SerializeToString(), NOW)
    assert decoded.rejected == {reason: 1}
    assert decoded.batch.num_rows == 0
    dropped = {"protocol": "otlp", "reason": reason}
    assert observe.value("sensorium_ingest_dropped_total", dropped) == 1


def test_points_without_a_time_are_of_their_arrival() -> None:
    decoded = decoder().decode(counter(1, 0, 0), NOW)
    assert decoded.batch["time_ns"].to_pylist() == [NOW]
    assert not decoded.timed
