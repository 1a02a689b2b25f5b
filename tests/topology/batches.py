"""Small batches of each signal, written as rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from sensorium.model.address import pack_address
from sensorium.model.signals import FLOWS, LOGS, METRICS

SECOND = 1_000_000_000


def _batch(schema: pa.Schema, rows: Iterable[dict[str, Any]]) -> pa.RecordBatch:
    full = [{name: row.get(name) for name in schema.names} for row in rows]
    return pa.RecordBatch.from_pylist(full, schema=schema)


def flow(src: str, dst: str, **fields: Any) -> dict[str, Any]:
    """One flow row; a TCP record from a high port to port 80 unless told otherwise."""
    row: dict[str, Any] = {
        "src_addr": pack_address(src),
        "dst_addr": pack_address(dst),
        "src_port": 40000,
        "dst_port": 80,
        "proto": 6,
        "tcp_flags": 0x1B,
        "bytes": 1000,
        "packets": 10,
        "icmp_type": 0,
        "time_received_ns": 0,
    }
    return row | fields


def flows(*rows: dict[str, Any]) -> pa.RecordBatch:
    """A flow batch."""
    return _batch(FLOWS, rows)


def logs(*rows: tuple[str, str, int]) -> pa.RecordBatch:
    """A log batch of (sender, host field, arrival second)."""
    return _batch(
        LOGS,
        (
            {"source_address": pack_address(a), "host": h, "observed_time_ns": s * SECOND}
            for a, h, s in rows
        ),
    )


def uname(*rows: tuple[str, str, int]) -> pa.RecordBatch:
    """A metric batch of node_uname_info from (instance, nodename, second)."""
    return _batch(
        METRICS,
        (
            {
                "name": "node_uname_info",
                "labels": [("instance", i), ("nodename", n)],
                "time_ns": s * SECOND,
                "value": 1.0,
            }
            for i, n, s in rows
        ),
    )
