"""A small town of synthetic telemetry: ordinary life, and what may happen to it.

Everything is a function of the arguments; there is no randomness and no clock.
"""

from __future__ import annotations

import itertools
import zlib
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from sensorium.model.address import pack_address
from sensorium.model.signals import FLOWS, LOGS, METRICS, Signal

S = 1_000_000_000
T0 = 1_767_607_200 * S  # 2026-01-05 10:00:00 UTC
QUIET_S = 15 * 60

HOSTS = {
    "gw1": "10.0.0.1",
    "gw2": "10.0.0.2",
    "ws-1": "10.1.0.11",
    "ws-2": "10.1.0.12",
    "ws-3": "10.1.0.13",
    "web": "10.2.0.10",
    "app": "10.2.0.20",
    "db": "10.2.0.30",
    "files": "10.2.0.40",
    "vault": "10.2.0.50",
    "dns": "10.2.0.53",
}
OUTSIDE = "203.0.113.9"
WEBSITE = "198.51.100.7"
SYN, ESTABLISHED, RST_ACK = 0x02, 0x1B, 0x14


def at(seconds: float) -> int:
    """Unix nanoseconds, ``seconds`` after the town awoke."""
    return T0 + int(seconds * S)


def ip(name: str) -> str:
    """The address of a host of the town; an address is returned as it is."""
    return HOSTS.get(name, name)


@dataclass
class Town:
    """Rows of telemetry that grow as things happen."""

    flows: list[dict[str, Any]] = field(default_factory=list)
    logs: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    _ports: Any = field(default_factory=lambda: itertools.cycle(range(40000, 60000)))

    def talk(
        self,
        when: float,
        client: str,
        server: str,
        port: int,
        sent: int = 800,
        received: int = 4000,
        lasts: float = 1.0,
        *,
        failed: bool = False,
        proto: int = 6,
        client_port: int = 0,
    ) -> None:
        """One connection, exported as a record each way by each router on the path."""
        client_port = client_port or next(self._ports)
        outside = not (ip(client).startswith("10.") and ip(server).startswith("10."))
        for router in ("gw2", "gw1") if outside else ("gw2",):
            forward = (ip(client), ip(server), client_port, port)
            back = (ip(server), ip(client), port, client_port)
            flags = (SYN if failed else ESTABLISHED) if proto == 6 else 0
            self._flow(router, when, lasts, forward, proto, flags, 60 if failed else sent, 1, 2)
            if not failed:
                self._flow(router, when, lasts, back, proto, flags, received, 2, 1)
            elif port % 2 == 0:
                self._flow(router, when, lasts, back, proto, RST_ACK, 40, 2, 1)

    def _flow(
        self,
        router: str,
        when: float,
        lasts: float,
        path: tuple[str, str, int, int],
        proto: int,
        flags: int,
        size: int,
        in_if: int,
        out_if: int,
    ) -> None:
        src, dst, src_port, dst_port = path
        row: dict[str, Any] = dict.fromkeys(FLOWS.names, 0)
        row |= {
            "type": "IPFIX",
            "attributes": [],
            "time_flow_start_ns": at(when),
            "time_flow_end_ns": at(when + lasts),
            "time_received_ns": at(when + lasts + 5),
            "sampler_address": pack_address(ip(router)),
            "sampling_rate": 1,
            "src_addr": pack_address(src),
            "dst_addr": pack_address(dst),
            "src_port": src_port,
            "dst_port": dst_port,
            "proto": proto,
            "tcp_flags": flags,
            "bytes": size,
            "packets": 1 if size < 100 else max(2, size // 900),
            "in_if": in_if,
            "out_if": out_if,
            "next_hop": b"\0" * 16,
            "etype": 0x0800,
        }
        self.flows.append(row)

    def bulk(
        self, when: float, client: str, server: str, port: int, total: int, lasts: int
    ) -> None:
        """A long upload, cut into records by a 60 s active timeout."""
        client_port = next(self._ports)
        for start in range(0, lasts, 60):
            piece = min(60, lasts - start)
            self.talk(
                when + start, client, server, port, total * piece // lasts, 20_000, piece,
                client_port=client_port,
            )  # fmt: skip

    def log(self, when: float, host: str, app: str, body: str, severity: int = 9) -> None:
        """One syslog line."""
        self.logs.append(
            {
                "time_ns": at(when),
                "observed_time_ns": at(when + 0.01),
                "source_address": pack_address(ip(host)),
                "severity_number": severity,
                "severity_text": "",
                "host": host,
                "app": app,
                "proc_id": "1",
                "body": body,
                "attributes": [],
                "template_id": 0,
            }
        )

    def metric(self, when: float, host: str, name: str, value: float, **labels: str) -> None:
        """One sample of a series of the host's exporter."""
        pairs = sorted({**labels, "instance": f"{ip(host)}:9100", "job": "node"}.items())
        self.metrics.append(
            {
                "time_ns": at(when),
                "series_id": zlib.crc32(repr((name, pairs)).encode()),
                "name": name,
                "labels": pairs,
                "value": value,
                "kind": "counter" if name.endswith("_total") else "gauge",
            }
        )

    def live(self, until_s: int, *, without: tuple[tuple[str, int, int], ...] = ()) -> Town:
        """Ordinary life from 0 to ``until_s``. ``without``: (host, from, to) is not served."""

        def served(server: str, t: float) -> bool:
            return not any(h == server and a <= t < b for h, a, b in without)

        for t in range(0, until_s, 10):
            for i, ws in enumerate(("ws-1", "ws-2", "ws-3")):
                if t % 30 == i * 10:
                    self.talk(t + i, ws, "dns", 53, 70, 120, 0.1, proto=17)
                    self.talk(t + i, ws, "web", 80, 900, 30_000, failed=not served("web", t))
                    self.talk(t + i, ws, WEBSITE, 443, 2_000, 60_000)
            self.talk(t + 0.2, "web", "app", 8000, failed=not served("app", t))
            self.talk(t + 0.4, "app", "db", 5432, failed=not served("db", t))
            if t % 300 == 0:
                self.talk(t, "files", "vault", 22, 40_000, 4_000, 3)
            if t % 60 == 0:
                self.log(t, "app", "shop", f"order {t} placed")
                self.log(t, "web", "nginx", f'10.1.0.11 "GET / HTTP/1.1" 200 {1000 + t}')
            if t % 20 == 0:
                for host in ("gw1", "gw2", "db", "app"):
                    self.metric(t, host, "up", 1.0)
                for router in ("gw1", "gw2"):
                    self.metric(t, router, "node_network_carrier", 1.0, device="ge1")
        return self

    def batches(self) -> list[tuple[Signal, pa.RecordBatch]]:
        """All rows as Arrow batches of the signals' schemas."""
        pairs = ((Signal.FLOWS, self.flows, FLOWS), (Signal.LOGS, self.logs, LOGS),
                 (Signal.METRICS, self.metrics, METRICS))  # fmt: skip
        return [
            (signal, pa.RecordBatch.from_pylist(rows, schema=schema))
            for signal, rows, schema in pairs
            if rows
        ]
