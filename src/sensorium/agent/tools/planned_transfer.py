"""What an announced pair of hosts really moved: who began it, which way, how much."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import (
    CLIENT,
    CONNECTION,
    SERVER,
    oriented,
    span_parameters,
)
from sensorium.agent.tools.toolbox import Answer, Toolbox
from sensorium.agent.window import Span

NAME = "planned_transfer"

QUERY = f"""WITH {oriented()},
arrayMap(h -> toIPv6(h), {{sources:Array(String)}}) AS source_ips,
arrayMap(h -> toIPv6(h), {{targets:Array(String)}}) AS target_ips
SELECT {CLIENT}, {SERVER}, port, proto,
       max(sent) AS bytes_sent, max(received) AS bytes_received,
       max(tried) AS connections,
       toUnixTimestamp64Nano(min(first)) AS first_ns, toUnixTimestamp64Nano(max(last)) AS last_ns
FROM (
    SELECT client_ip, server_ip, port, proto, meter,
           sumIf(volume, forward) AS sent, sumIf(volume, NOT forward) AS received,
           uniqExact({CONNECTION}) AS tried, min(began) AS first, max(ended) AS last
    FROM oriented
    WHERE (has(source_ips, client_ip) AND has(target_ips, server_ip))
       OR (has(target_ips, client_ip) AND has(source_ips, server_ip))
    GROUP BY client_ip, server_ip, port, proto, meter
)
GROUP BY client_ip, server_ip, port, proto
ORDER BY bytes_sent + bytes_received DESC, client, server, port, proto
LIMIT 40"""


def planned_transfer(
    box: Toolbox, sources: tuple[str, ...], targets: tuple[str, ...], span: Span, title: str
) -> Answer:
    """Conversations between two sets of hosts, in both directions, in a span of event time.

    Rows: client, server, port, bytes each way, connections, first and last seen.
    """
    return box.ask(
        NAME,
        title,
        QUERY,
        {
            "sources": box.addresses(sources),
            "targets": box.addresses(targets),
            **span_parameters(span, box.windows.until_ns),
        },
    )
