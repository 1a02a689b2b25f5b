"""Rows per second into the embedded telemetry store, against row-wise inserts and SQLite.

All three get the same records in chunks of the same size, already in the form each takes best
(Arrow batches; lists of Python rows), and are measured until the records can be queried. The
row-wise peer is clickhouse-connect's ``insert`` into an identical table of the same engine;
SQLite's is ``executemany`` into a plain table in WAL mode.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from benchmarks.report import Claim, arguments, report
from sensorium.model.signals import FLOWS, LOGS, METRICS, SCHEMAS, Signal
from sensorium.observe import Observe
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry
from sensorium.store.telemetry.connection import connect

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

CHUNK = 50_000
NOON = 1_790_000_000_000_000_000
MIB = 1 << 20


def _addresses(chosen: np.ndarray[Any, Any]) -> pa.Array:
    pool = [b"\x00" * 10 + b"\xff\xff\x0a\x00" + bytes(divmod(n, 256)) for n in range(600)]
    return pa.array(pool, pa.binary(16)).take(pa.array(chosen))


def flows(rng: np.random.Generator, start_ns: int) -> pa.RecordBatch:
    """One chunk of flow records like a router's: few servers, many clients, heavy-tailed."""
    ends = start_ns + np.sort(rng.integers(0, 60 * 10**9, CHUNK))
    columns: list[pa.Array] = []
    for field in FLOWS:
        if field.name == "type":
            columns.append(pa.DictionaryArray.from_arrays(np.zeros(CHUNK, np.int8), ["IPFIX"]))
        elif field.name == "attributes":
            columns.append(pa.array([[]] * CHUNK, field.type))
        elif field.name.endswith("_ns"):
            lag = {"time_received_ns": 10**10, "time_flow_start_ns": -(10**10)}
            columns.append(pa.array(ends + lag.get(field.name, 0)))
        elif field.name == "dst_addr":
            columns.append(_addresses(rng.zipf(1.3, CHUNK) % 40))
        elif field.type == pa.binary(16):
            columns.append(_addresses(rng.integers(40, 600, CHUNK)))
        elif field.name in {"bytes", "packets"}:
            columns.append(
                pa.array(rng.pareto(1.2, CHUNK) * 500 + 60).cast(pa.uint64(), safe=False)
            )
        elif field.name == "src_port":
            columns.append(pa.array(rng.integers(32_768, 61_000, CHUNK), field.type))
        elif field.name in {"dst_port", "proto", "tcp_flags", "in_if", "out_if"}:
            columns.append(pa.array(rng.choice([6, 17, 22, 53, 80], CHUNK), field.type))
        else:
            columns.append(pa.array(np.zeros(CHUNK), field.type))
    return pa.record_batch(columns, schema=FLOWS)


def logs(rng: np.random.Generator, start_ns: int) -> pa.RecordBatch:
    """One chunk of log lines from 30 hosts in 200 templates."""
    times = start_ns + np.sort(rng.integers(0, 60 * 10**9, CHUNK))
    template = rng.integers(0, 200, CHUNK)
    host = rng.integers(0, 30, CHUNK)
    bodies = [
        f"Accepted publickey for user{t} from 10.0.{h}.7 port {p} ssh2: RSA SHA256:k{t}"
        for t, h, p in zip(template, host, rng.integers(1024, 60_000, CHUNK), strict=True)
    ]
    values = {
        "time_ns": times,
        "observed_time_ns": times + 10**6,
        "source_address": _addresses(host),
        "severity_number": np.full(CHUNK, 9),
        "severity_text": ["INFO"] * CHUNK,
        "host": [f"host{h}" for h in host],
        "app": ["sshd"] * CHUNK,
        "proc_id": [str(h * 7) for h in host],
        "body": bodies,
        "attributes": [[("facility", "auth")]] * CHUNK,
        "template_id": template,
    }
    return _batch(values, LOGS)


def metrics(rng: np.random.Generator, start_ns: int) -> pa.RecordBatch:
    """One chunk of samples: 2,000 series of 20 names, scraped every 15 seconds."""
    series = np.tile(np.arange(2000), CHUNK // 2000)
    values = {
        "time_ns": start_ns + np.repeat(np.arange(CHUNK // 2000), 2000) * 15 * 10**9,
        "series_id": series,
        "name": [f"node_metric_{s % 20}_total" for s in series],
        "labels": [[("instance", f"10.0.0.{s % 12}:9100"), ("mode", "idle")] for s in series],
        "value": np.cumsum(rng.random(CHUNK)),
        "kind": ["counter"] * CHUNK,
    }
    return _batch(values, METRICS)


def _batch(values: dict[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    columns = []
    for field in schema:
        value = values[field.name]
        columns.append(value if isinstance(value, pa.Array) else pa.array(value, field.type))
    return pa.record_batch(columns, schema=schema)


MAKERS: dict[Signal, Callable[[np.random.Generator, int], pa.RecordBatch]] = {
    Signal.FLOWS: flows,
    Signal.LOGS: logs,
    Signal.METRICS: metrics,
}


def chunks(signal: Signal, count: int) -> list[pa.RecordBatch]:
    """``count`` different chunks, a minute apart."""
    rng = np.random.default_rng(7)
    return [MAKERS[signal](rng, NOON + i * 60 * 10**9) for i in range(count)]


def rows_for_clickhouse(batch: pa.RecordBatch) -> list[list[Any]]:
    """Python rows as clickhouse-connect takes them; 16 bytes are its quickest address.

    Labels of samples are stored as text.
    """
    columns = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        values = column.to_pylist()
        if field.name == "labels":
            values = [json.dumps(dict(value)) for value in values]
        elif pa.types.is_map(field.type):
            values = [dict(value) for value in values]
        columns.append(values)
    return [list(row) for row in zip(*columns, strict=True)]


def rows_for_sqlite(batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
    """Python rows as SQLite takes them: maps as text."""
    columns = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        values = column.to_pylist()
        if pa.types.is_map(field.type):
            values = [repr(value) for value in values]
        columns.append(values)
    return list(zip(*columns, strict=True))


def our_write(
    store: ClickHouseTelemetry, signal: Signal, batch: pa.RecordBatch
) -> Callable[[], None]:
    """The store: insert and flush."""

    def write() -> None:
        store.insert(signal, batch)
        store.flush()

    return write


def row_wise_write(client: Client, signal: Signal, batch: pa.RecordBatch) -> Callable[[], None]:
    """clickhouse-connect's ``insert`` of Python rows into an identical table."""
    rows = rows_for_clickhouse(batch)
    names = ["series_labels" if name == "labels" else name for name in batch.schema.names]

    def write() -> None:
        client.insert(f"{signal.value}_peer", rows, column_names=names)

    return write


def sqlite_write(
    connection: sqlite3.Connection, signal: Signal, batch: pa.RecordBatch
) -> Callable[[], None]:
    """SQLite's ``executemany`` in a transaction."""
    rows, marks = rows_for_sqlite(batch), ", ".join("?" * batch.num_columns)

    def write() -> None:
        connection.execute("BEGIN")
        connection.executemany(f"INSERT INTO {signal.value} VALUES ({marks})", rows)
        connection.execute("COMMIT")

    return write


def rates(store: ClickHouseTelemetry, folder: Path, signal: Signal, count: int) -> list[float]:
    """Rows per second of ours, row-wise and SQLite: medians over chunks, taken in turns.

    The first chunk of each is not counted.
    """
    client = connect(store.target, TelemetryConfig(), database=store.target.database)
    client.command(f"CREATE TABLE {signal.value}_peer AS {signal.value}")
    lite = sqlite3.connect(folder / "peer.sqlite", isolation_level=None)
    lite.execute("PRAGMA journal_mode=WAL")
    lite.execute("PRAGMA synchronous=NORMAL")
    lite.execute(f"CREATE TABLE {signal.value} ({', '.join(SCHEMAS[signal].names)})")
    taken: list[list[float]] = [[], [], []]
    for batch in chunks(signal, count):
        writes = (
            our_write(store, signal, batch),
            row_wise_write(client, signal, batch),
            sqlite_write(lite, signal, batch),
        )
        for seconds, write in zip(taken, writes, strict=True):
            began = time.perf_counter()
            write()
            seconds.append(time.perf_counter() - began)
    client.command(f"DROP TABLE {signal.value}_peer")
    client.close()
    lite.close()
    return [CHUNK / statistics.median(seconds[1:]) for seconds in taken]


def resident_mib() -> float:
    """The process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / MIB


def bytes_per_row(store: ClickHouseTelemetry, signal: Signal) -> float:
    """Compressed bytes on disk per row."""
    answer = store.query(
        "SELECT sum(bytes_on_disk) / sum(rows) AS size FROM system.parts "
        "WHERE active AND database = currentDatabase() AND table = {table:String}",
        {"table": signal.value},
    )
    return float(answer.column("size")[0].as_py())


def host_query_ms(store: ClickHouseTelemetry, repeats: int) -> float:
    """An investigation's typical question: who one host talked to in five minutes."""
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        store.query(
            "SELECT src_addr, dst_port, sum(bytes) AS b FROM flows WHERE dst_addr = {h:IPv6} "
            "AND time_flow_end_ns >= fromUnixTimestamp64Nano({start_ns:Int64}) "
            "AND time_flow_end_ns < fromUnixTimestamp64Nano({end_ns:Int64}) "
            "GROUP BY src_addr, dst_port ORDER BY b DESC LIMIT 20",
            {"h": "10.0.0.1", "start_ns": NOON, "end_ns": NOON + 300 * 10**9},
        )
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def main() -> None:
    """Measure, print, report."""
    count = 4 if arguments(__doc__).quick else 10
    claims = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = resident_mib()
        store = open_telemetry(TelemetryConfig(), Observe(), data_dir=folder)
        for signal in MAKERS:
            rate, row_wise, lite = rates(store, folder, signal, count)
            unit, what = f"{signal.value}/s", f"{signal.value} stored"
            goal = ">= 2x" if signal is Signal.FLOWS else ""
            claims += [
                Claim(what, rate, unit, "row-wise clickhouse-connect", row_wise, goal),
                Claim(what, rate, unit, "SQLite executemany", lite),
            ]
            size = bytes_per_row(store, signal)
            claims.append(Claim(f"{signal.value} on disk", size, "bytes/row"))
        claims.append(Claim("one host, five minutes of flows", host_query_ms(store, 20), "ms"))
        claims.append(Claim("resident memory of the run", resident_mib() - before, "MiB more"))
        store.close()
    report("Telemetry store, embedded", claims)


if __name__ == "__main__":
    main()
