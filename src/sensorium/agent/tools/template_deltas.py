"""Which kinds of log line appeared, multiplied or went missing."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import span_parameters
from sensorium.agent.tools.log_sql import LINES
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "template_deltas"

QUERY = f"""WITH {LINES}
SELECT source, app, template,
       countIf(now) AS lines, countIf(NOT now) AS lines_before,
       max(severity_number) AS severity,
       minIf(at_ns, now) AS first_ns, maxIf(at_ns, now) AS last_ns,
       minIf(line, now) AS example
FROM lines
GROUP BY source, app, template
HAVING lines > 0
   AND (lines_before = 0 OR lines * {{before_seconds:UInt32}} >
        3 * (lines_before + 1) * {{during_seconds:UInt32}})
ORDER BY lines_before = 0 DESC, severity DESC, lines DESC, source, app, template
LIMIT 60"""


def template_deltas(box: Toolbox, hosts: tuple[str, ...]) -> Answer:
    """Log templates of these hosts that are new or at least three times as frequent as before.

    Rows: source address, app, template, lines during and before, the highest severity (the
    OpenTelemetry number, 17 and above are errors), first and last time, one example.
    """
    windows = box.windows
    whole = windows.whole
    return box.ask(
        NAME,
        "log templates that appeared or multiplied",
        QUERY,
        {
            "hosts": box.addresses(hosts),
            "during_ns": windows.during.start_ns,
            "before_seconds": int(windows.before.seconds),
            "during_seconds": int(windows.during.seconds),
            **span_parameters(whole, windows.until_ns),
        },
    )
