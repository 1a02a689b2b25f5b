"""How one conversation went over time."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import CONNECTION, oriented, span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "pair_timeline"

QUERY = f"""WITH {oriented()}
SELECT minute_ns, max(sent) AS bytes_sent, max(received) AS bytes_received,
       max(tried) AS connections, max(refused) AS failed_connections
FROM (
    SELECT toUnixTimestamp64Nano(toDateTime64(toStartOfMinute(ended), 9, 'UTC')) AS minute_ns,
           meter,
           sumIf(volume, forward) AS sent, sumIf(volume, NOT forward) AS received,
           uniqExact({CONNECTION}) AS tried, uniqExactIf({CONNECTION}, failed) AS refused
    FROM oriented
    WHERE has(arrayMap(h -> toIPv6(h), {{clients:Array(String)}}), client_ip)
      AND has(arrayMap(h -> toIPv6(h), {{servers:Array(String)}}), server_ip)
      AND ({{port:UInt16}} = 0 OR port = {{port:UInt16}})
    GROUP BY minute_ns, meter
)
GROUP BY minute_ns
ORDER BY minute_ns
LIMIT 120"""


def pair_timeline(box: Toolbox, client: str, server: str, port: int = 0) -> Answer:
    """Bytes each way and connections of one client and server per minute; port 0 means any."""
    windows = box.windows
    whole = windows.whole
    port_text = f" on port {port}" if port else ""
    return box.ask(
        NAME,
        f"traffic per minute from {box.names.host(client)} to {box.names.host(server)}{port_text}",
        QUERY,
        {
            "clients": box.addresses((client,)),
            "servers": box.addresses((server,)),
            "port": port,
            **span_parameters(whole, windows.until_ns),
        },
    )
