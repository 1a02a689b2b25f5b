"""How many flow records a second detection scores, from Arrow batch to decided windows, one core.

Per second of processor time, so that what else the machine does does not count.
Ours runs the whole engine: windows, conversations, every flow detector, calibration. Beside it:
a per-record Python loop that only keeps, per host and window, bytes, flows, peers and ports and a
running mean and deviation of each; and river's half-space trees as published (one score per
record, no features made).

Recordings of ten minutes, twenty windows, are scored as fast as it goes. What is done for every
host and pair of a window is shared by its records: so a network with few records per host costs
most per record, and a recording of four times as many from the same hosts shows what one more
record costs.

A service scores records as they arrive. The last cases are streams of 20,000 hosts that arrive at
so many a second, after ten quiet minutes, for four windows: the rate says how many times faster
one core could have gone.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.report import Claim, arguments, report
from sensorium.detect.config import DetectConfig
from sensorium.detect.engine import DetectionEngine
from sensorium.detect.testing import NS, START_NS, Talks, flow_batch, in_batches
from sensorium.model.signals import Signal
from sensorium.observe.facade import Observe

_WINDOW_NS = 30 * NS


def traffic(records: int, hosts: int, lasting_s: float = 600.0) -> pa.RecordBatch:
    """Flow records of ``hosts`` clients that talk with 40 servers, for ten minutes."""
    rng = np.random.default_rng(7)
    n = records // 2
    clients = np.array([f"10.{i >> 8}.{i & 255}.7" for i in range(hosts)], object)
    servers = np.array([f"192.168.0.{i + 1}" for i in range(40)], object)
    talks = Talks(
        at=np.sort(rng.uniform(0, lasting_s, n)),
        seconds=rng.exponential(0.5, n),
        client=clients[rng.integers(0, hosts, n)],
        server=servers[np.minimum(rng.zipf(1.6, n), 40) - 1],
        port=rng.choice(np.array([53, 80, 443, 445, 5432]), n),
        proto=np.full(n, 6),
        up=rng.lognormal(7, 1, n).astype(np.int64),
        down=rng.lognormal(9, 2, n).astype(np.int64),
        answered=rng.random(n) > 0.01,
    )
    return flow_batch(talks, rng)


def ours(batch: pa.RecordBatch) -> DetectionEngine:
    """Score everything."""
    engine = DetectionEngine(DetectConfig(), Observe())
    follow(engine, batch)
    engine.advance(START_NS + 10_000 * NS)
    return engine


def follow(engine: DetectionEngine, batch: pa.RecordBatch) -> None:
    """Score a batch as the service does, windows being closed 65 seconds after their end."""
    for part in in_batches(batch, 20_000):
        engine.observe(Signal.FLOWS, part)
        engine.advance(int(part.column("time_received_ns")[-1].as_py()) - 65 * NS)


def as_they_arrive(hosts: int, per_second: int, windows: int) -> float:
    """Records of a stream that arrives at ``per_second`` for each second of processor time."""
    engine = DetectionEngine(DetectConfig(), Observe())
    follow(engine, traffic(1_000_000, hosts))
    # Four fifths of the same records each time, and never the same ones.
    every_s, rng = 2.0, np.random.default_rng(5)
    base = traffic(int(per_second * every_s / 0.8), hosts, every_s)
    spent, records = 0.0, 0
    for at in np.arange(610.0, 610.0 + windows * _WINDOW_NS / NS, every_s):
        kept = np.flatnonzero(rng.random(base.num_rows) < 0.8)
        batch = later(base.take(pa.array(kept)), at)
        began = time.process_time()
        follow(engine, batch)
        spent += time.process_time() - began
        records += batch.num_rows
    began = time.process_time()
    engine.advance(START_NS + 10_000 * NS)
    return records / (spent + time.process_time() - began)


def later(batch: pa.RecordBatch, by_s: float) -> pa.RecordBatch:
    """The same records, so much later."""
    columns = [
        pc.add(batch.column(field.name), pa.scalar(int(by_s * NS), field.type))
        if field.name.endswith("_ns")
        else batch.column(field.name)
        for field in batch.schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The median processor time of ``work()``, after one unmeasured call."""
    work()
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return median(taken)


def record_by_record(rows: list[tuple[bytes, bytes, int, int, int]]) -> float:
    """What a loop does with a fraction of the features; rows in order of time."""
    count: dict[bytes, int] = defaultdict(int)
    mean: dict[bytes, float] = defaultdict(float)
    spread: dict[bytes, float] = defaultdict(float)
    window = 0
    size: dict[bytes, int] = defaultdict(int)
    flows: dict[bytes, int] = defaultdict(int)
    peers: dict[bytes, set[bytes]] = defaultdict(set)
    ports: dict[bytes, set[int]] = defaultdict(set)
    oddest = 0.0
    for source, target, port, volume, end in rows:
        if end // _WINDOW_NS > window:
            for host, total in size.items():
                value = math.log1p(total) + len(peers[host]) + len(ports[host]) + flows[host]
                count[host] += 1
                away = value - mean[host]
                mean[host] += away / count[host]
                spread[host] += away * (value - mean[host])
                oddest = max(oddest, away / (math.sqrt(spread[host] / count[host]) + 1))
            for state in (size, flows, peers, ports):
                state.clear()
            window = end // _WINDOW_NS
        size[source] += volume
        flows[source] += 1
        peers[source].add(target)
        ports[source].add(port)
    return oddest


def main() -> None:
    """Measure both networks."""
    pa.set_cpu_count(1)
    quick = arguments(__doc__).quick
    claims = []
    spent = {}
    for hosts in (1_000,) if quick else (1_000, 20_000):
        batch = traffic(200_000 if quick else 1_000_000, hosts)
        names = ("src_addr", "dst_addr", "dst_port", "bytes", "time_flow_end_ns")
        rows = sorted(
            zip(*(batch.column(name).to_pylist() for name in names), strict=True),
            key=lambda row: row[4],
        )
        engine_s = spent[hosts] = seconds(partial(ours, batch), repeats=1 if quick else 3)
        started = time.process_time()
        record_by_record(rows)
        loop_s = time.process_time() - started
        many = "" if hosts == 1_000 else ", replayed at once"
        claims.append(
            Claim(
                f"flow records scored, {hosts:,} hosts{many}",
                batch.num_rows / engine_s,
                "records/s",
                "Python loop, 4 features",
                batch.num_rows / loop_s,
                "" if many else ">= 1_000_000",
            )
        )
    if not quick:
        dense = traffic(4_000_000, 1_000)
        dense_s = seconds(partial(ours, dense), repeats=2)
        rate = dense.num_rows / dense_s
        claims.append(Claim("the same, four times as many", rate, "records/s", goal=">= 1_000_000"))
        more = (dense_s - spent[1_000]) / (dense.num_rows - 1_000_000) * 1e9
        claims.append(Claim("one more record of a known host", more, "ns"))
        for per_second in (200_000, 500_000):
            rate = as_they_arrive(20_000, per_second, windows=4)
            name = f"20,000 hosts, as they arrive at {per_second:,} a second"
            claims.append(Claim(name, rate, "records/s", goal=">= 1_000_000"))
    claims.append(
        Claim(
            "flow records scored, 1,000 hosts",
            claims[0].ours,
            "records/s",
            "river HalfSpaceTrees",
            85_000.0,
            published=True,
        )
    )
    report("Detection, end to end on one core", claims)


if __name__ == "__main__":
    main()
