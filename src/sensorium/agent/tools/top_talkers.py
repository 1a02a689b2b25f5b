"""Which conversations moved the most bytes."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import (
    CLIENT,
    IN_HOSTS,
    OF_HOSTS,
    SERVER,
    oriented,
    span_parameters,
)
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "top_talkers"

QUERY = f"""WITH {oriented(OF_HOSTS)}
SELECT {CLIENT}, {SERVER}, port, proto,
       max(sent) AS bytes_sent, max(received) AS bytes_received,
       max(sent_before) AS bytes_sent_before, max(received_before) AS bytes_received_before,
       toUnixTimestamp64Nano(min(first)) AS first_ns, toUnixTimestamp64Nano(max(last)) AS last_ns
FROM (
    SELECT client_ip, server_ip, port, proto, meter,
           sumIf(volume, forward AND now) AS sent,
           sumIf(volume, NOT forward AND now) AS received,
           sumIf(volume, forward AND NOT now) AS sent_before,
           sumIf(volume, NOT forward AND NOT now) AS received_before,
           minIf(began, now) AS first, maxIf(ended, now) AS last
    FROM (SELECT *, ended > fromUnixTimestamp64Nano({{during_ns:Int64}}) AS now FROM oriented)
    WHERE has({IN_HOSTS}, client_ip) OR has({IN_HOSTS}, server_ip)
    GROUP BY client_ip, server_ip, port, proto, meter
    HAVING countIf(now) > 0
)
GROUP BY client_ip, server_ip, port, proto
ORDER BY bytes_sent + bytes_received DESC, client, server, port, proto
LIMIT 40"""


def top_talkers(box: Toolbox, hosts: tuple[str, ...]) -> Answer:
    """Conversations of these hosts by bytes during the incident, with the bytes of before.

    Rows: client, server, port, proto, bytes each way during and before, first and last seen.
    """
    windows = box.windows
    whole = windows.whole
    return box.ask(
        NAME,
        "conversations by volume, during the incident and before",
        QUERY,
        {
            "hosts": box.addresses(hosts),
            "during_ns": windows.during.start_ns,
            **span_parameters(whole, windows.until_ns),
        },
    )
