"""How fast OTLP metrics and logs become columns, in process, on one core.

The same requests go through our decoders and through the way that OpenTelemetry's generated
classes offer: parse the message, then walk its objects and make the same columns of them. The
series are known from an earlier request, as they are for a sender that reports every ten seconds;
what a series costs when it is first met is a claim of its own. All work is done by one thread,
and its processor time is what counts. The last rows are the whole way of what is acknowledged, to
the journal and to the store, in processor time of all threads.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from benchmarks.report import Claim, arguments, report
from benchmarks.whole_way import acknowledged_and_stored
from sensorium.ingest.otlp import LogsDecoder, MetricsDecoder, OtlpConfig
from sensorium.model.signals import LOGS, METRICS, Signal
from sensorium.observe import Observe

NOW: Final = 1_800_000_000_000_000_000
HOSTS: Final = 10
PEER: Final = "generated classes"
BODY: Final = "GET /cart/checkout?id={} HTTP/1.1 200 18234 curl/8.5.0 from 203.0.113.{}"


def _add(to: Any, **pairs: str | int) -> None:
    for key, value in pairs.items():
        made = to.add(key=key.replace("_", "."))
        if isinstance(value, str):
            made.value.string_value = value
        else:
            made.value.int_value = value


def _resource(resource: Any, host: int) -> None:
    _add(resource.attributes, service_name="shop", service_instance_id=f"shop-{host}")
    _add(resource.attributes, host_name=f"web{host}", os_type="linux")


def numbers(run: int = 0) -> bytes:
    """10 hosts' counters, as a host metrics receiver sends them: 20,000 points."""
    request = ExportMetricsServiceRequest()
    for host in range(HOSTS):
        resource = request.resource_metrics.add()
        _resource(resource.resource, host)
        scope = resource.scope_metrics.add()
        scope.scope.name, scope.scope.version = "hostmetricsreceiver/network", "0.100.0"
        for name in range(100):
            metric = scope.metrics.add(name=f"system.network.io.{name}", unit="By")
            metric.sum.is_monotonic = True
            metric.sum.aggregation_temporality = 2
            for device in range(20):
                point = metric.sum.data_points.add(
                    start_time_unix_nano=NOW, time_unix_nano=NOW + 10**9, as_int=device * 99_991
                )
                _add(point.attributes, device=f"eth{device}", direction="receive", run=run)
    return bytes(request.SerializeToString())


def histograms() -> bytes:
    """10 services' histograms of 15 bounds: 1,000 points that become 18,000 samples."""
    request = ExportMetricsServiceRequest()
    for host in range(HOSTS):
        resource = request.resource_metrics.add()
        _resource(resource.resource, host)
        metric = resource.scope_metrics.add().metrics.add(name="http.server.duration", unit="ms")
        metric.histogram.aggregation_temporality = 2
        for route in range(100):
            point = metric.histogram.data_points.add(
                start_time_unix_nano=NOW, time_unix_nano=NOW + 10**9, count=160, sum=1.5
            )
            point.explicit_bounds.extend(float(2**bound) for bound in range(15))
            point.bucket_counts.extend([10] * 16)
            _add(point.attributes, http_route=f"/item/{route}", http_method="GET")
    return bytes(request.SerializeToString())


def logs() -> bytes:
    """10 hosts' log records with four attributes and a trace: 20,000 records."""
    request = ExportLogsServiceRequest()
    for host in range(HOSTS):
        resource = request.resource_logs.add()
        _resource(resource.resource, host)
        scope = resource.scope_logs.add()
        scope.scope.name = "shop.access"
        for number in range(2000):
            record = scope.log_records.add(time_unix_nano=NOW + number, severity_text="INFO")
            record.severity_number = 9
            record.body.string_value = BODY.format(number, number % 250)
            _add(record.attributes, http_method="GET", http_status=200, user_id=f"u{number}")
            _add(record.attributes, http_route="/cart/checkout")
            record.trace_id, record.span_id = number.to_bytes(16, "big"), number.to_bytes(8, "big")
    return bytes(request.SerializeToString())


def _text(value: Any) -> str:
    return str(getattr(value, value.WhichOneof("value")))


def _pairs(attributes: Any) -> list[tuple[str, str]]:
    return [(one.key.replace(".", "_"), _text(one.value)) for one in attributes]


def peer_metrics(body: bytes) -> pa.RecordBatch:
    """Generated classes and a loop: names and labels, without ids."""
    rows: dict[str, list[Any]] = {name: [] for name in METRICS.names}

    def add(name: str, time_ns: int, labels: list[tuple[str, str]], value: float) -> None:
        for column, item in zip(rows, (time_ns, 0, name, labels, value, "counter"), strict=True):
            rows[column].append(item)

    for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        about = _pairs(resource.resource.attributes)[:2]
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                name = metric.name.replace(".", "_")
                for number in metric.sum.data_points:
                    labels = about + _pairs(number.attributes)
                    add(f"{name}_bytes_total", number.time_unix_nano, labels, number.as_int)
                for point in metric.histogram.data_points:
                    labels, below = about + _pairs(point.attributes), 0
                    bounds = [*map(str, point.explicit_bounds), "+Inf"]
                    for bound, count in zip(bounds, point.bucket_counts, strict=True):
                        below += count
                        at = point.time_unix_nano
                        add(f"{name}_bucket", at, [*labels, ("le", bound)], below)
                    add(f"{name}_sum", point.time_unix_nano, labels, point.sum)
                    add(f"{name}_count", point.time_unix_nano, labels, point.count)
    return pa.RecordBatch.from_pydict(rows, schema=METRICS)


def peer_logs(body: bytes) -> pa.RecordBatch:
    """Generated classes and a loop, for logs."""
    rows: list[dict[str, Any]] = []
    for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
        about = _pairs(resource.resource.attributes)
        for scope in resource.scope_logs:
            for record in scope.log_records:
                pairs = _pairs(record.attributes)
                pairs += [("trace_id", record.trace_id.hex()), ("span_id", record.span_id.hex())]
                row = (
                    *(record.time_unix_nano, NOW, bytes(16), record.severity_number),
                    *(record.severity_text, "web", "shop", "", record.body.string_value),
                    *(pairs + about, 0),
                )
                rows.append(dict(zip(LOGS.names, row, strict=True)))
    return pa.RecordBatch.from_pylist(rows, schema=LOGS)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The median processor time of ``work()`` in this thread."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.thread_time()
        work()
        taken.append(time.thread_time() - start)
    return statistics.median(taken)


def claim(
    name: str,
    decode: Callable[[bytes], pa.RecordBatch],
    peer: Callable[[bytes], pa.RecordBatch],
    body: bytes,
    unit: str,
    goal: str,
    repeats: int,
) -> Claim:
    """Both ways' rows a second on one request."""
    rows, theirs = decode(body).num_rows, peer(body).num_rows
    ours = rows / seconds(lambda: decode(body), repeats)
    other = theirs / seconds(lambda: peer(body), max(3, repeats // 10))
    return Claim(name, ours, unit, PEER, other, goal)


def new_series(count: int) -> float:
    """Series a second that were never seen before."""
    decoder = MetricsDecoder(OtlpConfig(), Observe())
    decoder.decode(b"", NOW)
    taken = []
    for run in range(count):
        body = numbers(run)
        start = time.thread_time()
        rows = decoder.decode(body, NOW).batch.num_rows
        taken.append(rows / (time.thread_time() - start))
    return float(statistics.median(taken))


def main() -> None:
    """Measure and report."""
    quick = arguments(__doc__).quick
    repeats = 20 if quick else 200
    metrics = MetricsDecoder(OtlpConfig(), Observe())
    records = LogsDecoder(OtlpConfig(), Observe())

    def decode(body: bytes) -> pa.RecordBatch:
        return metrics.decode(body, NOW).batch

    def decode_logs(body: bytes) -> pa.RecordBatch:
        return records.decode(body, NOW).batch

    samples, goal = "samples/s", ">= 500_000"
    report(
        "OTLP to columns, one core",
        [
            claim("counters", decode, peer_metrics, numbers(), samples, goal, repeats),
            claim("histograms", decode, peer_metrics, histograms(), samples, goal, repeats),
            claim("logs", decode_logs, peer_logs, logs(), "records/s", ">= 300_000", repeats),
            Claim("series never seen before", new_series(2 if quick else 5), "series/s"),
            *acknowledged_and_stored(
                Signal.METRICS, [numbers()] * (10 if quick else 100), decode, "rows/core-s", goal
            ),
            *acknowledged_and_stored(
                Signal.LOGS, [logs()] * (5 if quick else 50), decode_logs, "rows/core-s", ""
            ),
        ],
    )


if __name__ == "__main__":
    main()
