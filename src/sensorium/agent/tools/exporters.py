"""Which addresses export flows: the routers and switches of the network."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "exporters"

QUERY = """SELECT replaceOne(toString(sampler_address), '::ffff:', '') AS exporter,
       count() AS records, uniqExact(in_if) AS interfaces
FROM flows
WHERE time_received_ns > fromUnixTimestamp64Nano({start_ns:Int64})
  AND time_received_ns <= fromUnixTimestamp64Nano(least({end_ns:Int64}, {until_ns:Int64}))
GROUP BY sampler_address
ORDER BY exporter
LIMIT 200"""


def exporters(box: Toolbox) -> Answer:
    """Exporters that sent flow records before or during the incident."""
    windows = box.windows
    return box.ask(
        NAME,
        "exporters that sent flow records",
        QUERY,
        span_parameters(windows.whole, windows.until_ns),
    )
