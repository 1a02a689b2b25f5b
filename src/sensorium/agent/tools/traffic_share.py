"""How much of what a router carried was one pair's."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox
from sensorium.agent.window import Span

NAME = "traffic_share"

QUERY = """WITH arrayMap(h -> toIPv6(h), {pair:Array(String)}) AS pair_ips
SELECT replaceOne(toString(sampler_address), '::ffff:', '') AS exporter, interface,
       sum(volume) AS bytes, sumIf(volume, of_pair) AS bytes_of_pair
FROM (
    SELECT sampler_address, arrayJoin(arrayDistinct([in_if, out_if])) AS interface,
           bytes * greatest(sampling_rate, 1) AS volume,
           has(pair_ips, src_addr) AND has(pair_ips, dst_addr) AS of_pair
    FROM flows
    WHERE time_received_ns <= fromUnixTimestamp64Nano({until_ns:Int64})
      AND time_flow_end_ns > fromUnixTimestamp64Nano({start_ns:Int64})
      AND time_flow_end_ns <= fromUnixTimestamp64Nano({end_ns:Int64})
)
WHERE interface > 0
GROUP BY sampler_address, interface
ORDER BY exporter, interface
LIMIT 80"""


def traffic_share(box: Toolbox, pair: tuple[str, ...], span: Span) -> Answer:
    """Bytes each interface carried in a span, and those between the hosts of ``pair``."""
    return box.ask(
        NAME,
        "share of the announced hosts in what each interface carried",
        QUERY,
        {"pair": box.addresses(pair), **span_parameters(span, box.windows.until_ns)},
    )
