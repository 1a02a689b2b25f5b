"""One value per series and window from raw samples."""

from __future__ import annotations

import pyarrow as pa
import pytest

from sensorium.detect.metrics.assembly import MetricAssembly
from sensorium.detect.metrics.registry import host_of
from sensorium.detect.metrics.window import MetricWindow, SeriesKind
from sensorium.detect.testing import metric_batch

LABELS = {"job": "app", "instance": "10.0.0.9:8000"}


def _values(window: MetricWindow) -> dict[str, float]:
    return {
        series.key.partition("{")[0] + ("" if kind != SeriesKind.MEAN else " mean"): float(value)
        for series, kind, value in zip(
            window.series, window.kinds.tolist(), window.values, strict=True
        )
    }


def _samples(name: str, kind: str, *points: tuple[float, float]) -> pa.RecordBatch:
    return metric_batch([(t, name, LABELS, value, kind) for t, value in points])


def test_a_gauge_is_the_mean_of_its_samples() -> None:
    window = MetricAssembly(100).build(_samples("load", "gauge", (1, 2.0), (16, 4.0)), 0)
    assert _values(window) == {"load": 3.0}
    assert window.series[0].key == 'load{instance="10.0.0.9:8000",job="app"}'
    assert window.series[0].host == "10.0.0.9"


def test_a_counter_is_its_increase_per_second_over_windows() -> None:
    assembly = MetricAssembly(100)
    first = assembly.build(_samples("hits_total", "counter", (0, 100.0)), 0)
    assert _values(first) == {}
    second = assembly.build(_samples("hits_total", "counter", (15, 130.0), (30, 190.0)), 1)
    assert _values(second) == {"hits_total": pytest.approx(3.0)}


def test_a_counter_that_was_reset_has_grown_from_zero() -> None:
    assembly = MetricAssembly(100)
    assembly.build(_samples("hits_total", "counter", (0, 100.0)), 0)
    window = assembly.build(_samples("hits_total", "counter", (15, 110.0), (30, 5.0)), 1)
    assert _values(window) == {"hits_total": pytest.approx(0.5)}


def test_deltas_are_what_was_added_and_not_a_counter_that_is_reset() -> None:
    assembly = MetricAssembly(100)
    first = assembly.build(_samples("hits", "delta", (0, 7.0)), 0)
    assert _values(first) == {}
    second = assembly.build(_samples("hits", "delta", (10, 30.0), (20, 0.0), (30, 60.0)), 1)
    assert _values(second) == {"hits": pytest.approx(3.0)}
    assert second.kinds.tolist() == [SeriesKind.RATE]


def test_deltas_and_the_counter_that_they_add_up_to_read_the_same() -> None:
    steps = [(5.0 * n, float(n * n % 7)) for n in range(40)]
    total, counted = 0.0, []
    for second, step in steps:
        total += step
        counted.append((second, total))
    as_delta, as_counter = MetricAssembly(100), MetricAssembly(100)
    for window in range(7):
        part = slice(6 * window, 6 * window + 6)
        delta = as_delta.build(_samples("hits", "delta", *steps[part]), window)
        counter = as_counter.build(_samples("hits", "counter", *counted[part]), window)
        assert _values(delta) == pytest.approx(_values(counter))


def test_a_distribution_of_deltas_is_its_mean_and_not_its_buckets() -> None:
    def rows(
        at: float, count: float, total: float
    ) -> list[tuple[float, str, dict[str, str], float, str]]:
        return [
            (at, "size_bucket", {**LABELS, "le": "1"}, count, "delta"),
            (at, "size_count", LABELS, count, "delta"),
            (at, "size_sum", LABELS, total, "delta"),
        ]

    assembly = MetricAssembly(100)
    assembly.build(metric_batch(rows(0, 1, 1)), 0)
    values = _values(assembly.build(metric_batch(rows(10, 4, 20)), 1))
    assert values == pytest.approx({"size_count": 0.4, "size_sum": 2.0, "size mean": 5.0})


def test_a_series_without_a_type_is_a_counter_until_it_falls() -> None:
    assembly = MetricAssembly(100)
    key = "a{instance"
    first = assembly.build(_samples("a", "untyped", (0, 5.0), (15, 8.0)), 0)
    assert _values(first) == {"a": pytest.approx(0.2)}
    second = assembly.build(_samples("a", "untyped", (30, 6.0), (45, 7.0)), 1)
    assert _values(second) == {"a": 6.5}
    assert key in second.series[0].key
    assert second.keys[0] != first.keys[0]


def test_a_series_without_a_type_that_rose_for_long_and_falls_far_was_reset() -> None:
    assembly = MetricAssembly(100)
    points = [(15.0 * i, 100.0 + 10 * i) for i in range(12)]
    assembly.build(_samples("a", "untyped", *points), 0)
    window = assembly.build(_samples("a", "untyped", (180, 30.0)), 1)
    assert _values(window) == {"a": pytest.approx(2.0)}


def test_what_exporters_say_of_themselves_can_be_left_out() -> None:
    assembly = MetricAssembly(100, "scrape_|self_")
    assert _values(assembly.build(_samples("self_time", "gauge", (1, 2.0)), 0)) == {}
    assert _values(assembly.build(_samples("my_self_", "gauge", (1, 2.0)), 0)) == {"my_self_": 2.0}


def test_a_gap_is_bridged_by_time_not_by_windows() -> None:
    assembly = MetricAssembly(100)
    assembly.build(_samples("hits_total", "counter", (0, 0.0)), 0)
    window = assembly.build(_samples("hits_total", "counter", (100, 50.0)), 3)
    assert _values(window) == {"hits_total": pytest.approx(0.5)}


def test_a_histogram_is_its_rate_and_its_mean_and_its_buckets_are_left_out() -> None:
    def rows(t: float, total: float, count: float) -> list[tuple]:
        return [
            (t, "latency_seconds_sum", LABELS, total, "histogram"),
            (t, "latency_seconds_count", LABELS, count, "histogram"),
            (t, "latency_seconds_bucket", {**LABELS, "le": "1"}, count, "histogram"),
        ]

    assembly = MetricAssembly(100)
    assembly.build(metric_batch(rows(0, 10.0, 100.0)), 0)
    window = assembly.build(metric_batch(rows(30, 16.0, 112.0)), 1)
    assert _values(window) == {
        "latency_seconds_sum": pytest.approx(0.2),
        "latency_seconds_count": pytest.approx(0.4),
        "latency_seconds mean": pytest.approx(0.5),
    }
    nothing = assembly.build(metric_batch(rows(60, 16.0, 112.0)), 2)
    assert "latency_seconds mean" not in _values(nothing)


def test_values_that_are_no_numbers_are_gaps() -> None:
    samples = _samples("load", "gauge", (1, float("nan")), (2, float("inf")), (3, 5.0))
    assert _values(MetricAssembly(100).build(samples, 0)) == {"load": 5.0}
    only = _samples("load", "gauge", (1, float("nan")))
    assert _values(MetricAssembly(100).build(only, 0)) == {}


def test_a_moment_that_comes_twice_counts_once() -> None:
    assembly = MetricAssembly(100)
    window = assembly.build(_samples("load", "gauge", (1, 2.0), (1, 2.0), (2, 5.0)), 0)
    assert _values(window) == {"load": 3.5}
    again = assembly.build(_samples("load", "gauge", (2, 5.0)), 1)
    assert _values(again) == {}


def test_a_target_that_did_not_answer_is_not_there() -> None:
    up = _samples("up", "gauge", (1, 0.0))
    assert list(MetricAssembly(100).build(up, 0).targets.instances) == []
    both = metric_batch([(1, "up", LABELS, 1.0, "gauge"), (1, "load", LABELS, 1.0, "gauge")])
    targets = MetricAssembly(100).build(both, 0).targets
    assert list(targets.instances) == ["10.0.0.9:8000"]


def test_series_beyond_the_room_are_left_out() -> None:
    rows = [(1.0, "load", {"instance": f"h{i}:1"}, 1.0, "gauge") for i in range(50)]
    assert len(MetricAssembly(10).build(metric_batch(rows), 0).keys) == 10


def test_the_order_of_samples_does_not_matter() -> None:
    rows = [(float(t), "hits_total", LABELS, float(t * t), "counter") for t in range(20)]
    one = MetricAssembly(100).build(metric_batch(rows), 0)
    batch = metric_batch(rows)
    shuffled = batch.take(pa.array([*range(10, 20), *range(10)]))
    assert _values(MetricAssembly(100).build(shuffled, 0)) == _values(one)


@pytest.mark.parametrize(
    ("instance", "host"),
    [
        ("10.0.0.1:9100", "10.0.0.1"),
        ("[2001:db8::1]:9100", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("web.example:80", "web.example"),
        ("bare", "bare"),
    ],
)
def test_the_host_of_an_instance(instance: str, host: str) -> None:
    assert host_of(instance) == host
