"""Batches of every signal, with the values that tend to break columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sensorium.model.address import pack_address
from sensorium.model.signals import CHANGES, FLOWS, LOGS, METRICS, SCHEMAS, Signal

NOON = 1_790_000_000_000_000_000


def flows(count: int = 6, *, start_ns: int = NOON) -> pa.RecordBatch:
    """Flow records: IPv4 and IPv6, zero and greatest counters, one second apart."""
    addresses = [pack_address("10.0.0.1"), pack_address("2001:db8::7"), b"\x00" * 16]
    attributes = [[], [("natEvent", "1")], [("applicationName", "it's"), ("k", "\\N")]]
    columns = []
    for field in FLOWS:
        if field.name == "type":
            indices = pa.array([i % 2 for i in range(count)], pa.int8())
            columns.append(pa.DictionaryArray.from_arrays(indices, ["IPFIX", "NETFLOW_V9"]))
        elif field.name == "attributes":
            columns.append(pa.array([attributes[i % 3] for i in range(count)], field.type))
        elif field.name.endswith("_ns"):
            columns.append(pa.array([start_ns + i * 10**9 + 1 for i in range(count)]))
        elif pa.types.is_fixed_size_binary(field.type):
            columns.append(pa.array([addresses[i % 3] for i in range(count)], field.type))
        else:
            greatest = np.iinfo(field.type.to_pandas_dtype()).max
            columns.append(pa.array([(0, 7, greatest)[i % 3] for i in range(count)], field.type))
    return pa.record_batch(columns, schema=FLOWS)


def logs(count: int = 6, *, start_ns: int = NOON) -> pa.RecordBatch:
    """Log lines: quotes, newlines, NUL, other scripts; none, one and several attributes."""
    bodies = ['it\'s "quoted" \\ \t\n', "зал 会議 🔌", "a\x00b", ""]
    attributes = [[], [("key", "value")], [("a", ""), ("b'c", "\\N"), ("ключ", "1")]]
    times = [start_ns + i * 10**9 for i in range(count)]
    return pa.record_batch(
        [
            pa.array(times),
            pa.array([t + 5 for t in times]),
            pa.array([pack_address("192.0.2.9")] * count, pa.binary(16)),
            pa.array([i % 25 for i in range(count)], pa.uint8()),
            pa.array(["INFO"] * count),
            pa.array([f"host{i % 2}" for i in range(count)]),
            pa.array(["sshd"] * count),
            pa.array([str(i) for i in range(count)]),
            pa.array([bodies[i % 4] for i in range(count)]),
            pa.array([attributes[i % 3] for i in range(count)], LOGS.field("attributes").type),
            pa.array([2**64 - 1 - i for i in range(count)], pa.uint64()),
        ],
        schema=LOGS,
    )


def metrics(count: int = 6, *, start_ns: int = NOON) -> pa.RecordBatch:
    """Samples of two series: infinities, NaN, the smallest and a usual value."""
    values = [1.5, float("inf"), float("-inf"), float("nan"), 5e-324, -0.0]
    labels = [[], [("instance", "10.0.0.2:9100"), ("mode", "idle")]]
    return pa.record_batch(
        [
            pa.array([start_ns + i * 15 * 10**9 for i in range(count)]),
            pa.array([i % 2 for i in range(count)], pa.uint64()),
            pa.array(["node_cpu_seconds_total"] * count),
            pa.array([labels[i % 2] for i in range(count)], METRICS.field("labels").type),
            pa.array([values[i % 6] for i in range(count)]),
            pa.array(["counter"] * count),
        ],
        schema=METRICS,
    )


def changes(count: int = 2, *, start_ns: int = NOON) -> pa.RecordBatch:
    """Planned changes, each with a ref of its own."""
    return pa.record_batch(
        [
            pa.array([start_ns + i for i in range(count)]),
            pa.array([start_ns + i + 3600 * 10**9 for i in range(count)]),
            pa.array(["backup"] * count),
            pa.array(["calendar.ics"] * count),
            pa.array(['{"hosts":["files"]}'] * count),
            pa.array(["Nightly backup"] * count),
            pa.array([f"uid-{i}" for i in range(count)]),
        ],
        schema=CHANGES,
    )


MAKERS = {
    Signal.FLOWS: flows,
    Signal.LOGS: logs,
    Signal.METRICS: metrics,
    Signal.CHANGES: changes,
}
assert set(MAKERS) == set(SCHEMAS)
