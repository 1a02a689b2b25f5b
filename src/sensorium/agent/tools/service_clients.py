"""How a service's clients fared before, during and after the incident."""

from __future__ import annotations

from sensorium.agent.naming import parse_port
from sensorium.agent.tools.flow_sql import CLIENT, CONNECTION, oriented, span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "service_clients"

QUERY = f"""WITH {oriented()}
SELECT phase, {CLIENT},
       max(tried) AS connections, max(refused) AS failed_connections,
       max(sent) AS bytes_sent, max(received) AS bytes_received,
       max(slow) AS median_ms
FROM (
    SELECT multiIf(ended <= fromUnixTimestamp64Nano({{during_ns:Int64}}), 'before',
                   began > fromUnixTimestamp64Nano({{after_ns:Int64}}), 'after',
                   'during') AS phase,
           client_ip, meter,
           uniqExact({CONNECTION}) AS tried, uniqExactIf({CONNECTION}, failed) AS refused,
           sumIf(volume, forward) AS sent, sumIf(volume, NOT forward) AS received,
           toInt64(quantileExact(toUnixTimestamp64Milli(ended) - toUnixTimestamp64Milli(began)))
               AS slow
    FROM oriented
    WHERE has(arrayMap(h -> toIPv6(h), {{servers:Array(String)}}), server_ip)
      AND port = {{port:UInt16}} AND proto = {{proto:UInt8}}
    GROUP BY phase, client_ip, meter
)
GROUP BY phase, client_ip
ORDER BY phase, connections DESC, client
LIMIT 90"""


def service_clients(box: Toolbox, service: str, ended_ns: int) -> Answer:
    """Per client of a service (``10.0.0.2:5432/tcp``) and phase: connections, failures, bytes.

    ``ended_ns`` divides during from after. ``median_ms`` is how long a flow record lasted.
    """
    address, _, label = service.rpartition(":")
    port, proto = parse_port(label)
    windows = box.windows
    whole = windows.after
    return box.ask(
        NAME,
        f"clients of {box.names.service(service)} before, during and after",
        QUERY,
        {
            "servers": box.addresses((address,)),
            "port": port,
            "proto": proto,
            "during_ns": windows.during.start_ns,
            "after_ns": ended_ns,
            **span_parameters(whole, windows.until_ns),
        },
    )
