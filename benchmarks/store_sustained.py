"""Rows a second into the embedded store, kept up for a minute while it merges what came before.

One thread hands batches of 50,000 rows to the store as fast as it takes them, as the pipeline
does; ClickHouse merges in the background on the same cores. What counts is rows that can be
queried at the end, the last flush included. There is no peer in process: the goals are the
project's own. ``store_insert`` measures single inserts beside row-wise ones and SQLite.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

from benchmarks.report import Claim, arguments, report
from benchmarks.store_insert import CHUNK, chunks
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry

GOALS = {Signal.FLOWS: 700_000, Signal.LOGS: 300_000, Signal.METRICS: 500_000}
DIFFERENT = 20


def cpu_seconds() -> float:
    """Processor time of all threads of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def merged_rows(store: ClickHouseTelemetry, signal: Signal) -> int:
    """Rows that stand in parts which merges made."""
    answer = store.query(
        "SELECT sum(rows) AS n FROM system.parts WHERE active AND level > 0 "
        "AND database = currentDatabase() AND table = {table:String}",
        {"table": signal.value},
    )
    return int(answer.column("n")[0].as_py() or 0)


def sustained(folder: Path, signal: Signal, seconds: float) -> list[Claim]:
    """Write one signal for so long, into a store of its own."""
    batches = chunks(signal, DIFFERENT)
    store = open_telemetry(TelemetryConfig(), Observe(), data_dir=folder)
    store.insert(signal, batches[0])
    store.flush()
    began, began_cpu, count = time.perf_counter(), cpu_seconds(), 0
    while time.perf_counter() - began < seconds:
        store.insert(signal, batches[count % DIFFERENT])
        count += 1
    store.flush()
    taken, cpu = time.perf_counter() - began, cpu_seconds() - began_cpu
    rows = count * CHUNK
    found = int(store.query(f"SELECT count() AS n FROM {signal.value}").column("n")[0].as_py())
    if found != rows + CHUNK:
        raise RuntimeError(f"{found} rows can be queried of {rows + CHUNK}")
    merged = merged_rows(store, signal)
    store.close()
    name = f"{signal.value} stored, sustained"
    return [
        Claim(name, rows / taken, "rows/s", goal=f">= {GOALS[signal]}"),
        Claim(f"{name}, a second of processor time", rows / cpu, "rows/s"),
        Claim(f"{name}, share merged at the end", merged / found, "of rows"),
    ]


def main() -> None:
    """Measure each signal for a minute, or for six seconds."""
    seconds = 6.0 if arguments(__doc__).quick else 60.0
    claims = []
    for signal in GOALS:
        with tempfile.TemporaryDirectory() as name:
            claims += sustained(Path(name), signal, seconds)
    report(f"Embedded store, {seconds:.0f} s of each, merges running", claims)


if __name__ == "__main__":
    main()
