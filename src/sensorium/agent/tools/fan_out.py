"""How many hosts and ports a client tried."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import (
    CLIENT,
    CONNECTION,
    IN_HOSTS,
    OF_HOSTS,
    oriented,
    span_parameters,
)
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "fan_out"

QUERY = f"""WITH {oriented(OF_HOSTS)}
SELECT {CLIENT},
       uniqExactIf(server_ip, now) AS hosts,
       uniqExactIf((port, proto), now) AS ports,
       uniqExactIf((server_ip, port, proto), now) AS targets,
       uniqExactIf({CONNECTION}, now) AS connections,
       uniqExactIf({CONNECTION}, now AND failed) AS failed_connections,
       uniqExactIf((server_ip, port, proto), now AND failed) AS failed_targets,
       uniqExactIf(server_ip, now AND failed) AS failed_hosts,
       uniqExactIf((server_ip, port, proto), NOT now) AS targets_before,
       uniqExactIf({CONNECTION}, NOT now AND failed) AS failed_before,
       uniqExactIf((server_ip, port, proto), NOT now AND failed) AS failed_targets_before,
       toUnixTimestamp64Nano(minIf(began, now AND failed)) AS failed_first_ns,
       toUnixTimestamp64Nano(maxIf(ended, now AND failed)) AS failed_last_ns
FROM (SELECT *, ended > fromUnixTimestamp64Nano({{during_ns:Int64}}) AS now FROM oriented)
WHERE has({IN_HOSTS}, client_ip)
GROUP BY client_ip
ORDER BY targets DESC, client
LIMIT 40"""


def fan_out(box: Toolbox, hosts: tuple[str, ...]) -> Answer:
    """Distinct hosts, ports and targets each client tried, and how many refused or kept silent.

    A target is a host, port and protocol. Rows: one per client, during against before.
    """
    windows = box.windows
    whole = windows.whole
    return box.ask(
        NAME,
        "hosts and ports each client tried, during the incident and before",
        QUERY,
        {
            "hosts": box.addresses(hosts),
            "during_ns": windows.during.start_ns,
            **span_parameters(whole, windows.until_ns),
        },
    )
