"""The host graph in the telemetry store: who used whose service, window by window.

Directed from client to server, weighted by conversations and bytes, typed by service. It is asked
of the stored flows; nothing is kept twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

Ask = Callable[[str, dict[str, Any]], pa.Table]
"""Puts one read-only statement with its parameters to the telemetry store."""

_SQL = """WITH oriented AS (
    SELECT NOT ({src_is_server}) AS forward,
           if(forward, src_addr, dst_addr) AS client_ip,
           if(forward, dst_addr, src_addr) AS server_ip,
           if(proto IN (6, 17, 132), if(forward, dst_port, src_port), 0) AS port, proto,
           forward AND proto = 6 AND bitAnd(tcp_flags, 18) = 2 AS failed,
           bytes * greatest(sampling_rate, 1) AS volume,
           (sampler_address, observation_domain_id, least(in_if, out_if), greatest(in_if, out_if))
               AS meter,
           intDiv(toUnixTimestamp64Nano(time_flow_end_ns), {{window_ns:Int64}}) AS window
    FROM flows
    WHERE time_flow_end_ns > fromUnixTimestamp64Nano({{start_ns:Int64}})
      AND time_flow_end_ns <= fromUnixTimestamp64Nano({{end_ns:Int64}})
), metered AS (
    SELECT window, client_ip, server_ip, port, proto, meter,
           sum(volume) AS bytes, count() AS flows, countIf(NOT forward) AS answers
    FROM oriented WHERE NOT failed
    GROUP BY window, client_ip, server_ip, port, proto, meter
)
SELECT toInt64(window) AS window, replaceOne(toString(client_ip), '::ffff:', '') AS client,
       replaceOne(toString(server_ip), '::ffff:', '') AS server, toInt64(port) AS port,
       toInt64(proto) AS proto, toInt64(max(bytes)) AS bytes, toInt64(max(flows)) AS flows
FROM metered
GROUP BY window, client_ip, server_ip, port, proto
HAVING proto != 17 OR sum(answers) > 0
ORDER BY window, client, server, port, proto
LIMIT {{limit:UInt32}}"""

_EDGE = ["client", "server", "port", "proto"]


def edges_by_window(
    ask: Ask,
    start_ns: int,
    end_ns: int,
    *,
    src_is_server: str,
    window_s: int = 30,
    limit: int = 2_000_000,
) -> pa.Table:
    """The graph of each window that flows of the span ended in; times in Unix ns.

    Columns ``window`` (windows since the Unix epoch), ``client``, ``server``, ``port``, ``proto``,
    ``bytes`` and ``flows``, one row per edge and window, in that order; of meters that saw the same
    traffic, the one that saw most. What nobody answered is no edge. ``src_is_server`` is the SQL
    condition that a record was sent by the server.
    """
    parameters = {
        "start_ns": start_ns,
        "end_ns": end_ns,
        "window_ns": window_s * 10**9,
        "limit": limit,
    }
    return ask(_SQL.format(src_is_server=src_is_server), parameters)


def over_all_windows(edges: pa.Table) -> pa.Table:
    """Each edge once: ``windows`` it was seen in, the ``first`` and the ``latest``, and sums."""
    summed = edges.group_by(_EDGE).aggregate(
        [
            ("window", "count"),
            ("window", "min"),
            ("window", "max"),
            ("bytes", "sum"),
            ("flows", "sum"),
        ]
    )
    names = ["windows", "first", "latest", "bytes", "flows"]
    return summed.rename_columns([*_EDGE, *names]).sort_by([(name, "ascending") for name in _EDGE])
