"""Connections that were tried and never answered, by client and service."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import (
    CONNECTION,
    IN_HOSTS,
    OF_HOSTS,
    SERVER,
    oriented,
    span_parameters,
)
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "failed_connections"

QUERY = f"""WITH {oriented(OF_HOSTS)}
SELECT {SERVER}, port, proto,
       uniqExactIf(client_ip, now AND failed) AS failing_clients,
       uniqExactIf({CONNECTION}, now AND failed) AS failed_connections,
       uniqExactIf({CONNECTION}, now) AS connections,
       uniqExactIf({CONNECTION}, NOT now AND failed) AS failed_before,
       uniqExactIf({CONNECTION}, NOT now) AS connections_before,
       uniqExactIf(toStartOfMinute(ended), NOT now) AS busy_minutes_before,
       arrayStringConcat(arraySlice(arraySort(groupUniqArrayIf(
           replaceOne(toString(client_ip), '::ffff:', ''), now AND failed)), 1, 12), ' ')
           AS clients,
       toUnixTimestamp64Nano(minIf(began, now AND failed)) AS failed_first_ns,
       toUnixTimestamp64Nano(maxIf(ended, now AND failed)) AS failed_last_ns
FROM (SELECT *, ended > fromUnixTimestamp64Nano({{during_ns:Int64}}) AS now FROM oriented)
WHERE proto = 6 AND (has({IN_HOSTS}, client_ip) OR has({IN_HOSTS}, server_ip))
GROUP BY server_ip, port, proto
HAVING failed_connections >= 3 OR (failed_connections > 0 AND connections_before > 0)
    OR (connections_before >= 5 AND connections = 0)
ORDER BY failed_connections DESC, server, port, proto
LIMIT 60"""


def failed_connections(box: Toolbox, hosts: tuple[str, ...]) -> Answer:
    """TCP services whose connections failed (a SYN that no handshake followed).

    Also those that had clients and now have none. Rows: one per service, failed and all
    connections during against before, in how many minutes of before it was used, and the clients
    that failed (at most 12 are named).
    """
    windows = box.windows
    whole = windows.whole
    return box.ask(
        NAME,
        "failed connections by service, during the incident and before",
        QUERY,
        {
            "hosts": box.addresses(hosts),
            "during_ns": windows.during.start_ns,
            **span_parameters(whole, windows.until_ns),
        },
    )
