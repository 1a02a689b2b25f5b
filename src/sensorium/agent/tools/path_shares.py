"""On how many of the paths in use each exporter is."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import oriented, span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "path_shares"

QUERY = f"""WITH {oriented()}, metered AS (
    SELECT client_ip, server_ip, if(proto IN (6, 17, 132), port, 0) AS service, proto, meter,
           sum(volume) AS bytes, countIf(NOT forward) AS answers,
           groupUniqArray(intDiv(toUnixTimestamp64Nano(ended), 10000000000)) AS slots
    FROM oriented
    WHERE NOT failed
    GROUP BY client_ip, server_ip, service, proto, meter
), uses AS (
    SELECT client_ip, server_ip, service, proto, max(bytes) AS most,
           groupUniqArray(tupleElement(meter, 1)) AS exporters
    FROM metered
    GROUP BY client_ip, server_ip, service, proto
    HAVING length(arrayDistinct(arrayFlatten(groupArray(slots)))) >= 3
       AND (proto != 17 OR sum(answers) > 0)
)
SELECT replaceOne(toString(exporter), '::ffff:', '') AS exporter, count() AS pairs,
       (SELECT count() FROM uses) AS all_pairs, sum(most) AS bytes,
       (SELECT sum(most) FROM uses) AS all_bytes
FROM uses
ARRAY JOIN exporters AS exporter
GROUP BY exporter
ORDER BY pairs DESC, exporter
LIMIT 50"""


def path_shares(box: Toolbox) -> Answer:
    """Of all habitual uses of services before the incident, how many each exporter reported.

    An exporter reports what passes it, so its share of the client-service pairs is its share of
    the paths. Habits are those of :func:`dependencies`; of several meters that saw a use, the one
    that saw most bytes counts.
    """
    windows = box.windows
    return box.ask(
        NAME,
        "on how many of the paths in use each router was before the incident",
        QUERY,
        span_parameters(windows.before, windows.until_ns),
    )
