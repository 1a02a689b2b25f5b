"""What an announced pair of hosts really moved: who began it, which way, how much."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import (
    CLIENT,
    CONNECTION,
    DURING,
    SERVER,
    oriented,
    span_parameters,
)
from sensorium.agent.tools.toolbox import Answer, Toolbox
from sensorium.agent.window import Span

NAME = "planned_transfer"

LITTLE = 0.01
"""The share of what a meter reported that its smallest records may have together."""

QUERY = f"""WITH {oriented()},
arrayMap(h -> toIPv6(h), {{sources:Array(String)}}) AS source_ips,
arrayMap(h -> toIPv6(h), {{targets:Array(String)}}) AS target_ips,
of_pair AS (
    SELECT *, {DURING} AS now
    FROM oriented
    WHERE (has(source_ips, client_ip) AND has(target_ips, server_ip))
       OR (has(target_ips, client_ip) AND has(source_ips, server_ip))
),
weighed AS (
    SELECT *,
           maxIf(volume, NOT now) OVER (
               PARTITION BY client_ip, server_ip, port, proto, meter) AS usual,
           maxIf(volume, now) OVER (
               PARTITION BY client_ip, server_ip, port, proto, meter) AS largest,
           sumIf(volume, now) OVER (
               PARTITION BY client_ip, server_ip, port, proto, meter) AS whole,
           sumIf(volume, now) OVER (
               PARTITION BY client_ip, server_ip, port, proto, meter
               ORDER BY volume, began, ended, client_port, forward
               ROWS UNBOUNDED PRECEDING) AS so_far
    FROM of_pair
),
measured AS (
    SELECT client_ip, server_ip, port, proto, meter,
           sumIf(volume, forward) AS sent, sumIf(volume, NOT forward) AS received,
           uniqExact({CONNECTION}) AS tried,
           minIf(began, carries) AS first, maxIf(ended, carries) AS last
    FROM (
        SELECT *,
               so_far >= {LITTLE} * whole AND (volume > usual OR largest <= usual) AS carries
        FROM weighed
        WHERE now
    )
    GROUP BY client_ip, server_ip, port, proto, meter
)
SELECT {CLIENT}, {SERVER}, port, proto,
       max(sent) AS bytes_sent, max(received) AS bytes_received,
       max(tried) AS connections,
       toUnixTimestamp64Nano(argMax(first, (sent + received, meter))) AS first_ns,
       toUnixTimestamp64Nano(argMax(last, (sent + received, meter))) AS last_ns
FROM measured
GROUP BY client_ip, server_ip, port, proto
ORDER BY bytes_sent + bytes_received DESC, client, server, port, proto
LIMIT 40"""


def planned_transfer(
    box: Toolbox, sources: tuple[str, ...], targets: tuple[str, ...], span: Span, title: str
) -> Answer:
    """Conversations between two sets of hosts, in both directions, in a span of event time.

    Rows: client, server, port, bytes each way, connections, and from when to when the bytes
    went. A pair that also talks day in, day out has small flows before and after a transfer
    between them. So the time is that of the flow records that carried it: all but those no
    larger than the largest that was usual before the span, and but the smallest that together
    carried next to nothing. Where none is larger than usual, usual says nothing.
    """
    known = Span(min(box.windows.before.start_ns, span.start_ns), span.end_ns)
    return box.ask(
        NAME,
        title,
        QUERY,
        {
            "sources": box.addresses(sources),
            "targets": box.addresses(targets),
            "during_ns": span.start_ns,
            **span_parameters(known, box.windows.until_ns),
        },
    )
