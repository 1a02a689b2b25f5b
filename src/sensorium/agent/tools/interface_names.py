"""What the interfaces that flows know by number are called."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "interface_names"

QUERY = """SELECT replaceAll(replaceAll(replaceRegexpOne(labels['instance'], ':[0-9]+$', ''),
                  '[', ''), ']', '') AS host,
       if(name = 'node_network_iface_id', labels['device'],
          if(labels['ifName'] != '', labels['ifName'], labels['ifDescr'])) AS interface,
       toUInt32(if(name = 'node_network_iface_id', max(value),
          toFloat64OrZero(labels['ifIndex']))) AS number
FROM metrics
WHERE time_ns > fromUnixTimestamp64Nano({start_ns:Int64})
  AND time_ns <= fromUnixTimestamp64Nano(least({end_ns:Int64}, {until_ns:Int64}))
  AND name IN ('node_network_iface_id', 'ifOperStatus', 'ifHCInOctets')
  AND has({hosts:Array(String)}, host)
GROUP BY host, interface, name, labels['ifIndex']
HAVING interface != '' AND number > 0
ORDER BY host, number, interface
LIMIT 500"""


def interface_names(box: Toolbox, hosts: tuple[str, ...]) -> Answer:
    """Interface names by host and SNMP ifIndex, from node_exporter or snmp_exporter."""
    windows = box.windows
    return box.ask(
        NAME,
        "names of the routers' interfaces",
        QUERY,
        {"hosts": box.addresses(hosts), **span_parameters(windows.whole, windows.until_ns)},
    )
