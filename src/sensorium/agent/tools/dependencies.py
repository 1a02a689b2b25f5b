"""Who depends on whom: the services each host habitually uses."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sensorium.agent.tools.flow_sql import CLIENT, SERVER, oriented, span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox
from sensorium.topology import EdgeTable

NAME = "dependencies"

WATCHED = 5
WEB = frozenset({80, 443})
"""People read many sites, which makes no monitor of their machines."""

QUERY = f"""WITH {oriented()}
SELECT {CLIENT}, {SERVER}, if(proto IN (6, 17, 132), port, 0) AS port, proto,
       count() AS flows, sum(volume) AS bytes,
       uniqExact(intDiv(toUnixTimestamp64Nano(ended), 10000000000)) AS slots
FROM oriented
WHERE NOT failed
GROUP BY client_ip, server_ip, port, proto
HAVING slots >= 3 AND (proto != 17 OR countIf(NOT forward) > 0)
ORDER BY client, server, port, proto
LIMIT 20000"""


def dependencies(box: Toolbox) -> tuple[Answer, EdgeTable]:
    """Habitual use of services before the incident, as rows and as a graph to ask.

    A habit is a service used in at least three 10-second slots; a scan makes none, and nor does
    UDP that nothing answers, such as syslog. Bytes count every exporter's report. The graph leaves
    out clients that use one port on many hosts: see :func:`_watchers`.
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
    rows = [
        (home(r["client"]), home(r["server"]), r["port"], r["proto"], r["flows"], r["bytes"])
        for r in answer.rows
    ]
    watchers = _watchers(rows)
    kept = (row for row in rows if row[0] not in watchers)
    return answer, EdgeTable.of_rows(columns, kept)


def _watchers(rows: list[tuple[Any, ...]]) -> set[str]:
    """Clients that use one port on many hosts: monitors and administrators' machines.

    They lose sight of a host that fails; they do not depend on it.
    """
    reached: dict[tuple[str, int, int], set[str]] = defaultdict(set)
    for client, server, port, proto, _, _ in rows:
        if port not in WEB:
            reached[client, port, proto].add(server)
    return {client for (client, _, _), hosts in reached.items() if len(hosts) >= WATCHED}
