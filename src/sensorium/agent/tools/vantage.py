"""Which exporters saw these hosts, and on which interface their packets came in."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import IN_HOSTS, span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "vantage"

QUERY = f"""SELECT replaceOne(toString(src_addr), '::ffff:', '') AS host,
       replaceOne(toString(sampler_address), '::ffff:', '') AS exporter, in_if,
       count() AS flows, sum(bytes * greatest(sampling_rate, 1)) AS bytes,
       uniqExact(dst_addr) AS peers
FROM flows
WHERE time_received_ns <= fromUnixTimestamp64Nano({{until_ns:Int64}})
  AND time_flow_end_ns > fromUnixTimestamp64Nano({{start_ns:Int64}})
  AND time_flow_end_ns <= fromUnixTimestamp64Nano({{end_ns:Int64}})
  AND has({IN_HOSTS}, src_addr)
GROUP BY src_addr, sampler_address, in_if
ORDER BY host, peers DESC, flows DESC, exporter, in_if
LIMIT 80"""


def vantage(box: Toolbox, hosts: tuple[str, ...]) -> Answer:
    """Exporters that saw these hosts send, the one nearest to each host first.

    The router next to a host sees all its peers, one further on only those behind it; so rows
    are ordered by the number of peers seen.
    """
    windows = box.windows
    whole = windows.whole
    return box.ask(
        NAME,
        "routers that saw these hosts send, nearest first",
        QUERY,
        {"hosts": box.addresses(hosts), **span_parameters(whole, windows.until_ns)},
    )
