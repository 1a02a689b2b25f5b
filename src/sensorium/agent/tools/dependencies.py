"""Who depends on whom: the services each host habitually uses."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import CLIENT, ORIENTED, SERVER, span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox
from sensorium.topology import EdgeTable

NAME = "dependencies"

QUERY = f"""WITH {ORIENTED}
SELECT {CLIENT}, {SERVER}, if(proto IN (6, 17, 132), port, 0) AS port, proto,
       count() AS flows, sum(volume) AS bytes,
       uniqExact(intDiv(toUnixTimestamp64Nano(ended), 10000000000)) AS slots
FROM oriented
WHERE NOT failed
GROUP BY client_ip, server_ip, port, proto
HAVING slots >= 3
ORDER BY client, server, port, proto
LIMIT 20000"""


def dependencies(box: Toolbox) -> tuple[Answer, EdgeTable]:
    """Habitual use of services before the incident, as rows and as a graph to ask.

    A habit is a service used in at least three 10-second slots; a scan makes none. Bytes count
    every exporter's report.
    """
    windows = box.windows
    answer = box.ask(
        NAME,
        "services each host habitually used before the incident",
        QUERY,
        span_parameters(windows.before, windows.until_ns),
    )
    home = box.names.home
    columns = ("client", "server", "port", "proto", "flows", "bytes")
    rows = (
        (home(r["client"]), home(r["server"]), r["port"], r["proto"], r["flows"], r["bytes"])
        for r in answer.rows
    )
    return answer, EdgeTable.of_rows(columns, rows)
