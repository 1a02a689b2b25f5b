"""What detection costs as a network grows: 1 thousand to 1 million hosts, 100 to 100,000 series.

The same number of flow records, over ten windows, comes from more and more hosts, each of which
asks any of 200 servers; and each of more and more metric series is sampled twice a window. The
bound on entities is the default, but for series, which all must be held. Processor time of one
thread from Arrow batches to decided windows, and what the process has grown by at most.

Then what live entities take, of all detectors together, with a bound that none of them reaches.
``mixed``: an hour of hosts of which one in ten times as many is a tenth as active, as those of a
network are, so that few have full histories and most were seen now and then. ``busy``: hosts that
all talk with one server each in every window, which is the most that they can take.

Each size runs in a process of its own. ``--picture FILE`` draws the table as SVG.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.picture import Panel, write_chart
from benchmarks.report import Claim, report
from sensorium.detect.config import DetectConfig
from sensorium.detect.engine import DetectionEngine
from sensorium.detect.testing import NS, START_NS
from sensorium.model.address import V4_PREFIX
from sensorium.model.signals import FLOWS, METRICS, Signal
from sensorium.observe.facade import Observe

HOSTS = (1_000, 10_000, 100_000, 1_000_000)
SERIES = (100, 1_000, 10_000, 100_000)
RECORDS, SERVERS, WINDOWS, BATCH = 2_000_000, 200, 10, 20_000
UNBOUNDED = 4_000_000
LIVE_WINDOWS, LIVE_HOSTS, LIVE_TALKS, BUSY_HOSTS = 120, 100_000, 9_000, 20_000


def addresses(first: int, numbers: np.ndarray) -> pa.Array:
    """Addresses 10.0.0.0 and up, or others, by number."""
    packed = np.zeros((len(numbers), 16), np.uint8)
    packed[:, :12] = np.frombuffer(V4_PREFIX, np.uint8)
    packed[:, 12:] = (first + numbers).astype(">u4").view(np.uint8).reshape(-1, 4)
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(16), len(numbers), [None, pa.py_buffer(packed.tobytes())]
    )


def flows(hosts: int, records: int) -> pa.RecordBatch:
    """Both directions of exchanges between hosts and servers, in order of time."""
    rng = np.random.default_rng(1)
    n = records // 2
    at = np.sort(rng.integers(0, WINDOWS * 30 * NS, n)) + START_NS
    return exchanges(at, rng.integers(0, hosts, n), rng.integers(0, SERVERS, n), rng)


def exchanges(
    at: np.ndarray, client: np.ndarray, server: np.ndarray, rng: np.random.Generator
) -> pa.RecordBatch:
    """Both directions of exchanges (n,) that end ``at`` a time, between numbered hosts."""
    n = len(at)
    at, client, server = at.repeat(2), client.repeat(2), server.repeat(2)
    back = np.arange(2 * n) % 2 == 1
    source, target = addresses(10 << 24, client), addresses(192 << 24, server)
    there = pa.array(~back)
    given = {
        "time_received_ns": at + NS,
        "time_flow_start_ns": at - NS,
        "time_flow_end_ns": at,
        "sampler_address": addresses(1 << 24, np.zeros(2 * n, np.int64)),
        "src_addr": pc.if_else(there, source, target),
        "dst_addr": pc.if_else(there, target, source),
        "src_port": np.where(back, 443, 40_000 + client % 20_000),
        "dst_port": np.where(back, 40_000 + client % 20_000, 443),
        "proto": np.full(2 * n, 6),
        "tcp_flags": np.full(2 * n, 27),
        "bytes": rng.lognormal(8, 1, 2 * n).astype(np.int64),
        "packets": rng.integers(2, 20, 2 * n),
        "in_if": np.where(back, 2, 1),
        "out_if": np.where(back, 1, 2),
    }
    columns = []
    for field in FLOWS:
        column = given.get(field.name)
        if isinstance(column, pa.Array):
            columns.append(column)
        elif column is None:
            columns.append(pa.nulls(2 * n, field.type))
        else:
            columns.append(pa.array(column.astype(field.type.to_pandas_dtype())))
    return pa.RecordBatch.from_arrays(columns, schema=FLOWS)


def live(kind: str, windows: int) -> Iterator[pa.RecordBatch]:
    """A batch of each window, of ``mixed`` or of ``busy`` hosts."""
    rng = np.random.default_rng(2)
    for window in range(windows):
        if kind == "busy":
            client = np.arange(BUSY_HOSTS)
            server = client % SERVERS
        else:
            # Of a rank that is uniform on a logarithmic scale.
            client = (LIVE_HOSTS ** rng.random(LIVE_TALKS)).astype(np.int64)
            server = rng.integers(0, SERVERS, LIVE_TALKS)
        start = START_NS + window * 30 * NS
        yield exchanges(
            np.sort(rng.integers(start, start + 30 * NS, len(client))), client, server, rng
        )


def samples(series: int, turn: int) -> pa.RecordBatch:
    """One scrape of every series."""
    numbers = np.arange(series)
    rng = np.random.default_rng(turn)
    return pa.RecordBatch.from_arrays(
        [
            pa.array(np.full(series, START_NS + turn * 15 * NS + 1)),
            pa.array(numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1)),
            pa.array([f"gauge_{i % 50}" for i in range(series)]),
            pa.array(
                [[("instance", f"10.0.{i // 50}:9100")] for i in range(series)], METRICS[3].type
            ),
            pa.array(100.0 + numbers % 7 + rng.normal(size=series)),
            pa.array(["gauge"] * series),
        ],
        schema=METRICS,
    )


def measure(kind: str, size: int, records: int) -> tuple[float, float]:
    """Nanoseconds per record and MiB grown by, in this process."""
    if kind == "hosts":
        batch, signal, config = flows(size, records), Signal.FLOWS, DetectConfig()
        parts = [batch.slice(i, BATCH) for i in range(0, records, BATCH)]
        arrived = [int(part.column("time_received_ns")[-1].as_py()) for part in parts]
    else:
        signal, config = Signal.METRICS, DetectConfig(max_entities=200_000)
        parts = [samples(size, turn) for turn in range(2 * WINDOWS)]
        arrived = [int(part.column("time_ns")[0].as_py()) for part in parts]
    # Kernels and libraries are loaded before anything is measured.
    importlib.import_module("sklearn.ensemble")
    few = max(2, len(parts) // 16)
    run(Signal(signal), parts[::few], arrived[::few], DetectConfig())
    before, began = resident(), time.process_time()
    run(Signal(signal), parts, arrived, config)
    taken = time.process_time() - began
    return taken / sum(part.num_rows for part in parts) * 1e9, max(peak() - before, 0.0)


def run(
    signal: Signal, parts: list[pa.RecordBatch], arrived: list[int], config: DetectConfig
) -> None:
    """Everything through an engine of its own."""
    engine = DetectionEngine(config, Observe())
    for part, now in zip(parts, arrived, strict=False):
        engine.observe(signal, part)
        engine.advance(now - 65 * NS)
    engine.advance(START_NS + 10_000 * NS)


def measure_live(kind: str, windows: int) -> tuple[float, float]:
    """Live entities of all detectors, and MiB that the process has grown by at most."""
    importlib.import_module("sklearn.ensemble")
    warm = list(live(kind, 12))
    run(Signal.FLOWS, warm, [START_NS + (w + 1) * 30 * NS for w in range(12)], DetectConfig())
    del warm
    before = resident()
    engine = DetectionEngine(DetectConfig(max_entities=UNBOUNDED), Observe())
    for window, batch in enumerate(live(kind, windows)):
        engine.observe(Signal.FLOWS, batch)
        engine.advance(START_NS + (window - 2) * 30 * NS)
    engine.advance(START_NS + 10_000 * NS)
    entities = sum(detector.entities for detector in engine.stats().detectors)
    return float(entities), max(peak() - before, 0.0)


def resident() -> float:
    """MiB in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def peak() -> float:
    """MiB in memory at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def picture(path: Path, figures: dict[str, dict[int, tuple[float, float]]]) -> None:
    """Time and memory against size."""

    def lines(which: int) -> dict[str, tuple[list[float], list[float]]]:
        return {
            kind: ([*of_size], [both[which] for both in of_size.values()])
            for kind, of_size in figures.items()
        }

    below = "hosts, or series"
    time_each = Panel(below, "ns of processor time a record", lines(0), log_beside=True)
    write_chart(path, [time_each, Panel(below, "MiB of memory", lines(1), log_beside=True)])


def apart(kind: str, size: int, records: int) -> tuple[float, float]:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.detect_growth"]
    asked = ["--one", kind, str(size), str(records)]
    done = subprocess.run([*command, *asked], stdout=subprocess.PIPE, check=True)
    first, second = json.loads(done.stdout)
    return first, second


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="a smaller run, within 50 seconds")
    parser.add_argument("--picture", type=Path, help="write the table as SVG to this file")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        kind, size, records = chosen.one
        if kind in ("mixed", "busy"):
            print(json.dumps(measure_live(kind, int(size))))
        else:
            print(json.dumps(measure(kind, int(size), int(records))))
        return
    figures: dict[str, dict[int, tuple[float, float]]] = {"hosts": {}, "series": {}}
    claims = []
    for kind, sizes in (("hosts", HOSTS), ("series", SERIES)):
        for size in sizes[:-1] if chosen.quick else sizes:
            records = RECORDS // 8 if chosen.quick else RECORDS
            figures[kind][size] = spent, mib = apart(kind, size, records)
            claims.append(Claim(f"{size:,} {kind}: time", spent, "ns/record"))
            goal = "<= 1024" if kind == "hosts" else ""
            claims.append(Claim(f"{size:,} {kind}: memory", mib, "MiB", goal=goal))
    for kind in ("mixed", "busy"):
        entities, mib = apart(kind, 20 if chosen.quick else LIVE_WINDOWS, 0)
        claims.append(Claim(f"{kind}: live entities", entities, "entities"))
        claims.append(Claim(f"{kind}: memory", mib, "MiB"))
        goal = "" if chosen.quick else "<= 1024"
        claims.append(Claim(f"{kind}: memory per million", mib / entities * 1e6, "MiB", goal=goal))
    report("Detection as a network grows, one thread", claims)
    if chosen.picture:
        picture(chosen.picture, figures)


if __name__ == "__main__":
    main()
