"""Whose packets come in on each interface of a router."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "carried_hosts"

QUERY = """SELECT replaceOne(toString(sampler_address), '::ffff:', '') AS exporter,
       in_if AS interface, uniqExact(src_addr) AS hosts,
       arraySlice(arraySort(groupUniqArray(
           replaceOne(toString(src_addr), '::ffff:', ''))), 1, 40) AS addresses
FROM flows
WHERE time_received_ns <= fromUnixTimestamp64Nano({until_ns:Int64})
  AND time_flow_end_ns > fromUnixTimestamp64Nano({start_ns:Int64})
  AND time_flow_end_ns <= fromUnixTimestamp64Nano({end_ns:Int64})
  AND has(arrayMap(h -> toIPv6(h), {exporters:Array(String)}), sampler_address)
  AND arrayExists(n -> isIPAddressInRange(
          replaceOne(toString(src_addr), '::ffff:', ''), n), {inside:Array(String)})
GROUP BY sampler_address, in_if
ORDER BY exporter, interface
LIMIT 80"""


def carried_hosts(box: Toolbox, exporters: tuple[str, ...]) -> Answer:
    """Inside hosts whose packets came in on each interface before the incident (40 are named)."""
    windows = box.windows
    return box.ask(
        NAME,
        "inside hosts behind each interface, before the incident",
        QUERY,
        {
            "exporters": box.addresses(exporters),
            "inside": list(box.config.internal_networks),
            **span_parameters(windows.before, windows.until_ns),
        },
    )
