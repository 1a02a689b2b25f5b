"""Since when telemetry is known, so that silence before is not taken for quiet."""

from __future__ import annotations

from sensorium.agent.tools.flow_sql import span_parameters
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "known_since"

_ONE = """SELECT '{table}' AS signal, toUnixTimestamp64Nano(min({column})) AS since_ns
FROM {table}
WHERE {column} > fromUnixTimestamp64Nano({{start_ns:Int64}})
  AND {column} <= fromUnixTimestamp64Nano(least({{end_ns:Int64}}, {{until_ns:Int64}}))
HAVING count() > 0"""
_COLUMNS = {"flows": "time_received_ns", "logs": "observed_time_ns", "metrics": "time_ns"}

QUERY = "SELECT signal, since_ns FROM (\n{}\n) ORDER BY signal".format(
    "\nUNION ALL\n".join(_ONE.format(table=t, column=c) for t, c in _COLUMNS.items())
)


def known_since(box: Toolbox) -> Answer:
    """The first arrival of each signal in the time that the incident is compared with."""
    windows = box.windows
    return box.ask(
        NAME,
        "since when telemetry is known, within the time compared with",
        QUERY,
        span_parameters(windows.whole, windows.until_ns),
    )
