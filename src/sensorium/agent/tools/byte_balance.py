"""What each host sent and received, inside and outside the network."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import IN_HOSTS, span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "byte_balance"

QUERY = f"""WITH ends AS (
    SELECT arrayJoin([(src_addr, dst_addr, 1), (dst_addr, src_addr, 0)]) AS tuple3,
           tuple3.1 AS host_ip, tuple3.2 AS peer_ip, tuple3.3 AS sending,
           bytes * greatest(sampling_rate, 1) AS volume,
           (sampler_address, observation_domain_id, least(in_if, out_if),
            greatest(in_if, out_if)) AS meter,
           time_flow_end_ns > fromUnixTimestamp64Nano({{during_ns:Int64}}) AS now,
           arrayExists(n -> isIPAddressInRange(
               replaceOne(toString(peer_ip), '::ffff:', ''), n),
               {{inside:Array(String)}}) AS peer_inside
    FROM flows
    WHERE time_received_ns <= fromUnixTimestamp64Nano({{until_ns:Int64}})
      AND time_flow_end_ns > fromUnixTimestamp64Nano({{start_ns:Int64}})
      AND time_flow_end_ns <= fromUnixTimestamp64Nano({{end_ns:Int64}})
)
SELECT replaceOne(toString(host_ip), '::ffff:', '') AS host,
       sumIf(out_now, inside) AS sent_inside, sumIf(out_now, NOT inside) AS sent_outside,
       sumIf(in_now, inside) AS received_inside, sumIf(in_now, NOT inside) AS received_outside,
       sumIf(out_before, inside) AS sent_inside_before,
       sumIf(out_before, NOT inside) AS sent_outside_before
FROM (
    SELECT host_ip, peer_ip, any(is_inside) AS inside,
           max(a) AS out_now, max(b) AS in_now, max(c) AS out_before
    FROM (
        SELECT host_ip, peer_ip, meter, any(peer_inside) AS is_inside,
               sumIf(volume, sending = 1 AND now) AS a,
               sumIf(volume, sending = 0 AND now) AS b,
               sumIf(volume, sending = 1 AND NOT now) AS c
        FROM ends
        WHERE has({IN_HOSTS}, host_ip)
        GROUP BY host_ip, peer_ip, meter
    )
    GROUP BY host_ip, peer_ip
)
GROUP BY host_ip
ORDER BY sent_outside DESC, sent_inside DESC, host
LIMIT 40"""


def byte_balance(box: Toolbox, hosts: tuple[str, ...]) -> Answer:
    """Bytes each host sent and received, by whether the peer is inside, during and before.

    Rows: one per host; volumes in bytes.
    """
    windows = box.windows
    whole = windows.whole
    return box.ask(
        NAME,
        "bytes sent and received by host, inside and outside, during the incident and before",
        QUERY,
        {
            "hosts": box.addresses(hosts),
            "inside": list(box.config.internal_networks),
            "during_ns": windows.during.start_ns,
            **span_parameters(whole, windows.until_ns),
        },
    )
