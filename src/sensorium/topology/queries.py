"""The queries that topology shares with whoever asks the telemetry store the same questions."""

from __future__ import annotations

SRC_IS_SERVER = """multiIf(
        proto = 6 AND bitAnd(tcp_flags, 18) = 2, 0,
        proto = 6 AND bitAnd(tcp_flags, 22) = 20 AND packets <= 2, 1,
        proto NOT IN (6, 17, 132), 0,
        src_port != dst_port, src_port < dst_port,
        src_addr < dst_addr)"""
"""1 where a flow record's source is the server, else 0.

The same rule as :func:`sensorium.topology.orientation.source_is_server`.
"""

EDGES = f"""
SELECT
    replaceOne(toString(if(src_is_server, dst_addr, src_addr)), '::ffff:', '') AS client,
    replaceOne(toString(if(src_is_server, src_addr, dst_addr)), '::ffff:', '') AS server,
    multiIf(proto NOT IN (6, 17, 132), 0, src_is_server, src_port, dst_port) AS port,
    proto,
    count() AS flows,
    sum(bytes) AS bytes
FROM (
    SELECT src_addr, dst_addr, src_port, dst_port, proto, bytes,
        {SRC_IS_SERVER} AS src_is_server
    FROM flows
    WHERE time_received_ns >= fromUnixTimestamp64Nano({{start_ns:Int64}})
      AND time_received_ns < fromUnixTimestamp64Nano({{end_ns:Int64}})
)
GROUP BY client, server, port, proto
ORDER BY client, server, port, proto
""".strip()
"""Who used whose service in a span of time: one row per client, server, port and protocol.

Parameters ``start_ns`` and ``end_ns`` (Int64, Unix ns). Feed its rows to
:meth:`sensorium.topology.EdgeTable.of_rows`.
"""
