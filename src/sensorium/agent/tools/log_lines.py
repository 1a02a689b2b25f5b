"""A few log lines, word for word."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import span_parameters
from sensorium.agent.tools.log_sql import LINES
from sensorium.agent.tools.toolbox import Answer, Toolbox
from sensorium.agent.window import Span

NAME = "log_lines"

QUERY = f"""WITH {LINES}
SELECT at_ns, source, host, app, severity_number AS severity, substring(line, 1, 240) AS line
FROM lines
WHERE {{needle:String}} = '' OR positionCaseInsensitiveUTF8(line, {{needle:String}}) > 0
ORDER BY at_ns, source, app, line
LIMIT 30"""


def log_lines(box: Toolbox, hosts: tuple[str, ...], span: Span, needle: str, title: str) -> Answer:
    """The first 30 lines of these hosts in a span that contain ``needle`` (any case)."""
    return box.ask(
        NAME,
        title,
        QUERY,
        {
            "hosts": box.addresses(hosts),
            "needle": needle,
            "during_ns": box.windows.during.start_ns,
            **span_parameters(span, box.windows.until_ns),
        },
    )
