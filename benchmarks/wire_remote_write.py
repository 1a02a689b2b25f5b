"""Prometheus remote-write: samples per second on one core, beside protobuf's own decoder.

Requests are like Prometheus' own: 2,000 series of a sample each, with six labels, of nodes that
are scraped again and again. The peer decodes the same bytes with the protobuf library (upb, in C)
and makes (labels, time, value) of each sample, which a receiver in plain Python must do at least.
Both run in one thread. The last rows are the whole way of an acknowledged sample: Snappy, decoding,
journal with fsync, reading back, and ClickHouse. All rates are per second of processor time, of
all threads where there are several: that is what "per core" means, whatever else the machine does.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import cramjam
import pyarrow as pa
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from benchmarks.report import Claim, arguments, report
from benchmarks.whole_way import acknowledged_and_stored
from sensorium.ingest.remote_write import V1, V2, RemoteWriteConfig, RemoteWriteDecoder
from sensorium.model.signals import Signal
from sensorium.observe import Observe

SERIES = 2_000
NOW_MS = 1_791_757_000_000
GOAL = ">= 500_000"

# What of the two versions' messages a sender of samples needs: name, type, number.
_FIELDS: dict[int, dict[str, tuple[str, ...]]] = {
    V1: {
        "Label": ("name:9:1", "value:9:2"),
        "Sample": ("value:1:1", "timestamp:3:2"),
        "TimeSeries": ("labels:*Label:1", "samples:*Sample:2"),
        "Request": ("timeseries:*TimeSeries:1",),
    },
    V2: {
        "Sample": ("value:1:1", "timestamp:3:2"),
        "TimeSeries": ("labels_refs:*13:1", "samples:*Sample:2"),
        "Request": ("symbols:*9:4", "timeseries:*TimeSeries:5"),
    },
}


def request_class(version: int) -> Any:
    """The request's class, made by the protobuf library from a description."""
    package = f"remote_write.v{version}"
    file = descriptor_pb2.FileDescriptorProto(name=package, package=package, syntax="proto3")
    for name, fields in _FIELDS[version].items():
        message = file.message_type.add(name=name)
        for field in fields:
            word, kind, number = field.split(":")
            added = message.field.add(name=word, number=int(number))
            added.label = 3 if kind.startswith("*") else 1
            kind = kind.lstrip("*")
            added.type = int(kind) if kind.isdigit() else 11
            if not kind.isdigit():
                added.type_name = f".{package}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.Request"))


def series() -> Iterator[list[tuple[str, str]]]:
    """The label sets, sorted as senders sort them."""
    for number in range(SERIES):
        yield [
            ("__name__", f"node_network_receive_bytes_{number % 50}_total"),
            ("cluster", "eu-west-1"),
            ("device", f"eth{number % 4}"),
            ("instance", f"10.0.{number % 40}.{number // 40}:9100"),
            ("job", "node"),
            ("namespace", f"team-{number % 17}"),
        ]


def requests(version: int, count: int) -> list[bytes]:
    """Bodies, not compressed, of successive scrapes of the same series."""
    made = []
    for turn in range(count):
        request = request_class(version)()
        symbols = {"": 0}
        for number, labels in enumerate(series()):
            one = request.timeseries.add()
            for text in (text for pair in labels for text in pair):
                if version == V2:
                    one.labels_refs.append(symbols.setdefault(text, len(symbols)))
            if version == V1:
                for name, value in labels:
                    one.labels.add(name=name, value=value)
            one.samples.add(value=number * 1e3 + turn, timestamp=NOW_MS + turn * 15_000)
        if version == V2:
            request.symbols.extend(symbols)
        made.append(bytes(request.SerializeToString()))
    return made


def decode_v1(kind: Any, bodies: list[bytes]) -> int:
    """The peer for 1.0; returns how many samples it made."""
    found = 0
    for body in bodies:
        rows = []
        for one in kind.FromString(body).timeseries:
            labels = tuple((label.name, label.value) for label in one.labels)
            rows += [(labels, sample.timestamp, sample.value) for sample in one.samples]
        found += len(rows)
    return found


def decode_v2(kind: Any, bodies: list[bytes]) -> int:
    """The peer for 2.0; returns how many samples it made."""
    found = 0
    for body in bodies:
        request = kind.FromString(body)
        symbols = list(request.symbols)
        rows = []
        for one in request.timeseries:
            labels = tuple(symbols[number] for number in one.labels_refs)
            rows += [(labels, sample.timestamp, sample.value) for sample in one.samples]
        found += len(rows)
    return found


def core_seconds(work: Callable[[], object]) -> float:
    """The median of five runs, after one that is not measured, in processor time."""
    work()
    taken = []
    for _ in range(5):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def decoding(version: int, peer: Callable[[Any, list[bytes]], int], count: int) -> Claim:
    """One version, ours and the peer's."""
    bodies = requests(version, count)
    decoder = RemoteWriteDecoder(RemoteWriteConfig(), Observe())
    samples = SERIES * count

    def ours() -> None:
        for body in bodies:
            assert decoder.decode(body, version).samples == SERIES

    theirs = partial(peer, request_class(version), bodies)
    assert theirs() == samples
    return Claim(
        f"remote-write {version}.0, decoded",
        samples / core_seconds(ours),
        "samples/core-s",
        peer="protobuf (upb)",
        peer_value=samples / core_seconds(theirs),
        goal=GOAL,
    )


def whole_way(count: int) -> list[Claim]:
    """Samples per second of processor time, acknowledged, and stored."""
    bodies = [bytes(cramjam.snappy.compress_raw(body)) for body in requests(V1, count)]
    decoder = RemoteWriteDecoder(RemoteWriteConfig(), Observe())
    decoder.prepare()

    def decode(body: bytes) -> pa.RecordBatch:
        return decoder.decode(bytes(cramjam.snappy.decompress_raw(body)), V1).batch

    return acknowledged_and_stored(Signal.METRICS, bodies, decode, "samples/core-s", GOAL)


def main() -> None:
    """Measure and report."""
    quick = arguments(__doc__).quick
    claims = [
        decoding(V1, decode_v1, 10 if quick else 100),
        decoding(V2, decode_v2, 10 if quick else 100),
        *whole_way(100 if quick else 1_000),
    ]
    report("Prometheus remote-write", claims)


if __name__ == "__main__":
    main()
