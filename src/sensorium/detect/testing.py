"""A small made-up network for tests and benchmarks: traffic, logs and metrics with known faults.

It has no bytes on a wire and proves nothing about real networks; recordings of the lab do that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.detect.keys import text_key
from sensorium.model.address import pack_address
from sensorium.model.signals import FLOWS, LABELS, LOGS, METRICS, Signal

NS = 1_000_000_000
START_NS = 1_700_000_010 * NS // (30 * NS) * (30 * NS)

WORKSTATIONS = tuple(f"10.1.0.{i}" for i in range(11, 18))
WEB, DATABASE, DNS, FILES = "10.2.0.10", "10.2.0.20", "10.2.0.53", "10.2.0.30"
OUTSIDE = ("203.0.113.7", "203.0.113.9")
ROUTERS = ("10.0.0.1", "10.0.0.2")
SERVERS = (WEB, DATABASE, DNS, FILES)

_SYN, _RST, _ACK, _FIN, _PSH = 2, 4, 16, 1, 8


@dataclass(frozen=True, slots=True)
class Talks:
    """``n`` exchanges: ``at`` and ``seconds`` are floats since the start, the rest is as named.

    ``answered`` is false where the server refuses (TCP) or says nothing (UDP).
    """

    at: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]
    client: npt.NDArray[np.object_]
    server: npt.NDArray[np.object_]
    port: npt.NDArray[np.int64]
    proto: npt.NDArray[np.int64]
    up: npt.NDArray[np.int64]
    down: npt.NDArray[np.int64]
    answered: npt.NDArray[np.bool_]

    @staticmethod
    def join(parts: list[Talks]) -> Talks:
        """All of several, in their order."""
        return Talks(*(np.concatenate([getattr(p, f) for p in parts]) for f in Talks.__slots__))

    @staticmethod
    def to(
        at: npt.NDArray[np.float64],
        client: str,
        server: str,
        port: int | npt.NDArray[np.int64],
        *,
        proto: int = 6,
        seconds: float | npt.NDArray[np.float64] = 0.2,
        up: float | npt.NDArray[np.float64] = 600.0,
        down: float | npt.NDArray[np.float64] = 4000.0,
        answered: bool = True,
    ) -> Talks:
        """Exchanges at the given times between two hosts."""
        n = len(at)
        return Talks(
            at,
            np.broadcast_to(np.asarray(seconds, np.float64), n).copy(),
            np.full(n, client, object),
            np.full(n, server, object),
            np.broadcast_to(np.asarray(port, np.int64), n).copy(),
            np.full(n, proto, np.int64),
            np.broadcast_to(np.asarray(up, np.float64), n).astype(np.int64),
            np.broadcast_to(np.asarray(down, np.float64), n).astype(np.int64),
            np.full(n, answered),
        )


def everyday(rng: np.random.Generator, seconds: float) -> Talks:
    """People at workstations, in bursts, and machines in the background."""
    parts = []
    for client in WORKSTATIONS:
        begins = np.cumsum(rng.exponential(25.0, int(seconds / 12) + 20))
        begins = begins[begins < seconds - 20]
        clicks = begins.repeat(rng.poisson(4, len(begins)) + 1)
        clicks = clicks + rng.exponential(4.0, len(clicks))
        size = rng.lognormal(9.0, 1.2, len(clicks))
        parts.append(Talks.to(clicks, client, DNS, 53, proto=17, up=70, down=150, seconds=0.02))
        to_web = rng.random(len(clicks)) < 0.6
        parts.append(Talks.to(clicks[to_web], client, WEB, 80, down=size[to_web], seconds=0.4))
        for place, outside in enumerate(OUTSIDE):
            mine = ~to_web & (rng.random(len(clicks)) < 0.5 + 0.5 * place)
            parts.append(Talks.to(clicks[mine], client, outside, 443, down=size[mine], seconds=1.5))
        saves = rng.uniform(0, seconds, rng.poisson(seconds / 45))
        parts.append(Talks.to(saves, client, FILES, 445, up=rng.lognormal(10, 1, len(saves))))
    queries = rng.uniform(0, seconds, rng.poisson(seconds * 0.8))
    parts.append(Talks.to(queries, WEB, DATABASE, 5432, down=rng.lognormal(7, 1, len(queries))))
    for server in SERVERS:
        syncs = np.arange(rng.uniform(0, 15), seconds, 16.0)
        parts.append(Talks.to(syncs, server, OUTSIDE[0], 123, proto=17, up=76, down=76))
    return Talks.join(parts)


def scan(client: str, targets: tuple[str, ...], at: float, ports: int = 300) -> Talks:
    """A port scan: every port of every target refused but those served."""
    parts = [
        Talks.to(
            at + place * 2 + np.linspace(0, 2, ports),
            client,
            target,
            np.arange(1, ports + 1),
            up=60,
            down=40,
            seconds=0.001,
            answered=False,
        )
        for place, target in enumerate(targets)
    ]
    return Talks.join(parts)


def flow_batch(talks: Talks, rng: np.random.Generator) -> pa.RecordBatch:
    """Flow records of the exchanges from the routers on their way, in order of arrival."""
    n = len(talks.at)
    start = START_NS + (talks.at * NS).astype(np.int64)
    end = start + (talks.seconds * NS).astype(np.int64)
    sport = rng.integers(32768, 61000, n)
    tcp = talks.proto == 6
    full = _SYN | _ACK | _PSH | _FIN
    up_flags = np.where(tcp, np.where(talks.answered, full, _SYN), 0)
    down_flags = np.where(tcp, np.where(talks.answered, full, _RST | _ACK), 0)
    down = np.where(talks.answered | tcp, talks.down, 0)
    client, server = _packed(talks.client), _packed(talks.server)
    columns = {
        "src": np.concatenate([client, server]),
        "dst": np.concatenate([server, client]),
        "sport": np.concatenate([sport, talks.port]),
        "dport": np.concatenate([talks.port, sport]),
        "bytes": np.concatenate([talks.up, down]),
        "flags": np.concatenate([up_flags, down_flags]),
        "proto": np.tile(talks.proto, 2),
        "start": np.tile(start, 2),
        "end": np.tile(end, 2),
        "upward": np.arange(2 * n) < n,
    }
    seen = columns["bytes"] > 0
    outside = np.isin(np.tile(talks.server, 2), OUTSIDE)
    first = {name: column[seen] for name, column in columns.items()}
    second = {name: column[seen & outside] for name, column in columns.items()}
    batch = pa.concat_batches([_export(first, 0, rng), _export(second, 1, rng)])
    return batch.take(pa.array(np.argsort(batch.column("time_received_ns"), kind="stable")))


def _export(
    columns: dict[str, npt.NDArray[np.generic]], router: int, rng: np.random.Generator
) -> pa.RecordBatch:
    n = len(columns["src"])
    end = columns["end"].astype(np.int64)
    upward = columns["upward"].astype(bool)
    given = {
        "type": pa.array(["IPFIX"] * n, pa.string()).dictionary_encode().cast(FLOWS[0].type),
        "time_received_ns": end + rng.integers(NS, 16 * NS, n),
        "time_flow_start_ns": columns["start"],
        "time_flow_end_ns": end,
        "sampler_address": pa.array([pack_address(ROUTERS[router])] * n, pa.binary(16)),
        "src_addr": pa.array(columns["src"].tolist(), pa.binary(16)),
        "dst_addr": pa.array(columns["dst"].tolist(), pa.binary(16)),
        "next_hop": pa.array([bytes(16)] * n, pa.binary(16)),
        "src_port": columns["sport"],
        "dst_port": columns["dport"],
        "proto": columns["proto"],
        "tcp_flags": columns["flags"],
        "bytes": columns["bytes"],
        "packets": columns["bytes"].astype(np.int64) // 1000 + 1,
        "in_if": np.where(upward, 1, 2),
        "out_if": np.where(upward, 2, 1),
        "etype": np.full(n, 0x0800),
        "attributes": pa.array([[]] * n, LABELS),
    }
    arrays = [
        column
        if isinstance(column := given.get(field.name, np.zeros(n, np.int64)), pa.Array)
        else pa.array(np.asarray(column).astype(field.type.to_pandas_dtype()))
        for field in FLOWS
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=FLOWS)


def _packed(texts: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    known = {text: pack_address(text) for text in dict.fromkeys(texts.tolist())}
    out = np.empty(len(texts), object)
    out[:] = [known[text] for text in texts.tolist()]
    return out


def log_batch(lines: list[tuple[float, str, int, str, str]]) -> pa.RecordBatch:
    """Log lines given as (seconds, sender, severity number, app, body), in order of time."""
    lines = sorted(lines)
    n = len(lines)
    time = pa.array([START_NS + int(line[0] * NS) for line in lines], pa.int64())
    return pa.RecordBatch.from_arrays(
        [
            time,
            time,
            pa.array([pack_address(line[1]) for line in lines], pa.binary(16)),
            pa.array([line[2] for line in lines], pa.uint8()),
            pa.array([""] * n, pa.string()),
            pa.array([line[1] for line in lines], pa.string()),
            pa.array([line[3] for line in lines], pa.string()),
            pa.array([""] * n, pa.string()),
            pa.array([line[4] for line in lines], pa.string()),
            pa.array([[]] * n, LOGS.field("attributes").type),
            pa.array([0] * n, pa.uint64()),
        ],
        schema=LOGS,
    )


def everyday_logs(
    rng: np.random.Generator, seconds: float
) -> list[tuple[float, str, int, str, str]]:
    """Web requests, DNS queries, cron and sessions."""
    lines: list[tuple[float, str, int, str, str]] = []

    def moments(per_second: float) -> list[float]:
        return sorted(rng.uniform(0, seconds, rng.poisson(seconds * per_second)).tolist())

    for at in moments(2.0):
        who = WORKSTATIONS[int(rng.integers(len(WORKSTATIONS)))]
        page = f'{who} "GET /page/{int(at)} HTTP/1.1" 200 {int(at * 7)}'
        lines.append((at, WEB, 9, "nginx", page))
        lines.append((at, DNS, 9, "dnsmasq", f"query[A] host{int(at) % 9}.example.com from {who}"))
    checkpoints = (f"checkpoint complete: wrote {i} buffers" for i in range(1, 1_000_000))
    lines += [(at, DATABASE, 9, "postgres", next(checkpoints)) for at in moments(0.3)]
    for host in (*SERVERS, *WORKSTATIONS):
        lines += [
            (at, host, 9, "CRON", f"(root) CMD (/usr/bin/job{int(at)})") for at in moments(0.05)
        ]
        lines += [
            (at, host, 13, "kernel", f"eth0: link event {int(at)} ignored") for at in moments(0.01)
        ]
    return lines


def metric_batch(rows: list[tuple[float, str, dict[str, str], float, str]]) -> pa.RecordBatch:
    """Samples given as (seconds, name, labels, value, kind), in order of time."""
    rows = sorted(rows, key=lambda row: row[0])
    keys: dict[str, int] = {}
    for _, name, labels, _, _ in rows:
        text = name + str(sorted(labels.items()))
        keys[text] = keys.get(text) or text_key(text)
    return pa.RecordBatch.from_arrays(
        [
            pa.array([START_NS + int(row[0] * NS) for row in rows], pa.int64()),
            pa.array([keys[r[1] + str(sorted(r[2].items()))] for r in rows], pa.uint64()),
            pa.array([row[1] for row in rows], pa.string()),
            pa.array([list(row[2].items()) for row in rows], METRICS.field("labels").type),
            pa.array([row[3] for row in rows], pa.float64()),
            pa.array([row[4] for row in rows], pa.string()),
        ],
        schema=METRICS,
    )


def everyday_metrics(
    rng: np.random.Generator, seconds: float, step: float = 15.0
) -> list[tuple[float, str, dict[str, str], float, str]]:
    """A few counters, gauges and constants of every server."""
    rows: list[tuple[float, str, dict[str, str], float, str]] = []
    for host in SERVERS:
        labels = {"job": "node", "instance": f"{host}:9100"}
        ticks = np.arange(rng.uniform(0, step), seconds, step)
        for core in range(6):
            grown = np.cumsum(rng.gamma(4.0, 0.3, len(ticks)))
            rows += [
                (t, "node_cpu_seconds_total", {**labels, "cpu": str(core)}, v, "counter")
                for t, v in zip(ticks.tolist(), grown.tolist(), strict=True)
            ]
        load = np.abs(0.5 + np.cumsum(rng.normal(0, 0.02, len(ticks))))
        rows += [
            (t, "node_load1", labels, v, "gauge")
            for t, v in zip(ticks.tolist(), load.tolist(), strict=True)
        ]
        for t in ticks.tolist():
            rows.append((t, "up", labels, 1.0, "gauge"))
            rows.append((t, "node_boot_time_seconds", labels, 1.7e9, "gauge"))
    return rows


def in_batches(batch: pa.RecordBatch, rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in slices."""
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def arrivals(signal: Signal, batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """When each row arrived, int64 (n,)."""
    column = {Signal.FLOWS: "time_received_ns", Signal.LOGS: "observed_time_ns"}
    return np.asarray(batch.column(column.get(signal, "time_ns")), np.int64)
