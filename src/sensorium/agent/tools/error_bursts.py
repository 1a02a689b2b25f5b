"""Where errors came in bursts."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import span_parameters
from sensorium.agent.tools.log_sql import LINES
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "error_bursts"

QUERY = f"""WITH {LINES},
wrong AS (
    SELECT * FROM lines
    WHERE severity_number >= 17
       OR match(line, '(?i)\\\\b(error|fatal|critical|panic|timed out|refused|unreachable)\\\\b')
)
SELECT source, app,
       countIf(now) AS errors, countIf(NOT now) AS errors_before,
       minIf(at_ns, now) AS first_ns, maxIf(at_ns, now) AS last_ns,
       minIf(line, now) AS example
FROM wrong
GROUP BY source, app
HAVING errors > 0
ORDER BY errors DESC, source, app
LIMIT 40"""


def error_bursts(box: Toolbox, hosts: tuple[str, ...]) -> Answer:
    """Error lines by host and app, during against before.

    A line is an error by its severity (OpenTelemetry 17 and above) or by the words of one.
    Without hosts, all hosts are asked.
    """
    windows = box.windows
    whole = windows.whole
    return box.ask(
        NAME,
        "error lines by host and app, during the incident and before",
        QUERY,
        {
            "hosts": box.addresses(hosts),
            "during_ns": windows.during.start_ns,
            **span_parameters(whole, windows.until_ns),
        },
    )
