"""Which conversations had never been seen before the incident."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import (
    CLIENT,
    CONNECTION,
    IN_HOSTS,
    OF_HOSTS,
    SERVER,
    oriented,
    span_parameters,
)
from sensorium.agent.tools.toolbox import Answer, Toolbox
from sensorium.agent.window import MINUTE_NS, Span

NAME = "first_seen"

QUERY = f"""WITH {oriented(OF_HOSTS)}
SELECT {CLIENT}, {SERVER}, port, proto,
       toUnixTimestamp64Nano(first) AS first_ns, toUnixTimestamp64Nano(last) AS last_ns,
       connections, failed_connections, bytes_sent, bytes_received,
       peer_known AS server_known_before
FROM (
    SELECT client_ip, server_ip, port, proto,
           min(first_at) AS first, max(last_at) AS last,
           max(tried) AS connections, max(refused) AS failed_connections,
           max(sent) AS bytes_sent, max(received) AS bytes_received
    FROM (
        SELECT client_ip, server_ip, port, proto, meter,
               min(began) AS first_at, max(ended) AS last_at,
               uniqExact({CONNECTION}) AS tried, uniqExactIf({CONNECTION}, failed) AS refused,
               sumIf(volume, forward) AS sent, sumIf(volume, NOT forward) AS received
        FROM oriented
        WHERE has({IN_HOSTS}, client_ip)
        GROUP BY client_ip, server_ip, port, proto, meter
    )
    GROUP BY client_ip, server_ip, port, proto
    HAVING first >= fromUnixTimestamp64Nano({{during_ns:Int64}})
       AND connections > failed_connections
) AS fresh
LEFT JOIN (
    SELECT server_ip AS ip, toUInt8(1) AS peer_known
    FROM oriented
    WHERE ended <= fromUnixTimestamp64Nano({{during_ns:Int64}}) AND NOT failed
    GROUP BY server_ip
) AS seen ON fresh.server_ip = seen.ip
ORDER BY bytes_sent + bytes_received DESC, client, server, port, proto
LIMIT 60"""


def first_seen(box: Toolbox, hosts: tuple[str, ...]) -> Answer:
    """Conversations these hosts began during the incident and not in the history before.

    Those where no connection was ever answered are left out: fan-out tells of them. Rows:
    client, server, port, first and last seen, connections, bytes each way, and whether one of
    these hosts had used that server before.
    """
    windows = box.windows
    start = windows.during.start_ns - box.config.history_hours * 60 * MINUTE_NS
    return box.ask(
        NAME,
        "conversations first seen during the incident",
        QUERY,
        {
            "hosts": box.addresses(hosts),
            "during_ns": windows.during.start_ns,
            **span_parameters(Span(start, windows.during.end_ns), windows.until_ns),
        },
    )
