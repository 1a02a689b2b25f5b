"""SQL that all flow questions share: who was client, who was server, and what counts once.

A flow record has a direction, not a client: topology's rule says which side serves. A connection
is a five-tuple, counted once however many records, routers or active timeouts it was cut into.
Bytes are summed per exporter and interface pair and the largest sum is taken, since two routers
on one path, or two ports of one router, report the same packets.
"""

from __future__ import annotations

from typing import Any

from sensorium.agent.window import Span
from sensorium.topology.orientation import SRC_IS_SERVER

IN_HOSTS = "arrayMap(h -> toIPv6(h), {hosts:Array(String)})"
OF_HOSTS = f"(has({IN_HOSTS}, src_addr) OR has({IN_HOSTS}, dst_addr))"
"""Keeps the flows of ``hosts`` alone, before anything is worked out from them."""


def oriented(condition: str = "1") -> str:
    """The table expression ``oriented``: flows of a span, told as client and server."""
    return f"""oriented AS (
    SELECT
        NOT ({SRC_IS_SERVER}) AS forward,
        if(forward, src_addr, dst_addr) AS client_ip,
        if(forward, dst_addr, src_addr) AS server_ip,
        if(forward, src_port, dst_port) AS client_port,
        if(forward, dst_port, src_port) AS port,
        proto,
        forward AND proto = 6 AND bitAnd(tcp_flags, 18) = 2 AS failed,
        bytes * greatest(sampling_rate, 1) AS volume,
        (sampler_address, observation_domain_id, least(in_if, out_if), greatest(in_if, out_if))
            AS meter,
        time_flow_start_ns AS began,
        time_flow_end_ns AS ended
    FROM flows
    WHERE time_received_ns <= fromUnixTimestamp64Nano({{until_ns:Int64}})
      AND time_flow_end_ns > fromUnixTimestamp64Nano({{start_ns:Int64}})
      AND time_flow_end_ns <= fromUnixTimestamp64Nano({{end_ns:Int64}})
      AND {condition}
)"""


CLIENT = "replaceOne(toString(client_ip), '::ffff:', '') AS client"
SERVER = "replaceOne(toString(server_ip), '::ffff:', '') AS server"
CONNECTION = "(client_ip, client_port, server_ip, port, proto)"
DURING = "ended > fromUnixTimestamp64Nano({during_ns:Int64})"


def span_parameters(span: Span, until_ns: int) -> dict[str, Any]:
    """The parameters that :func:`oriented` binds."""
    return {"start_ns": span.start_ns, "end_ns": span.end_ns, "until_ns": until_ns}
