"""Recognised log lines: services that stop and start, dependencies that fail, links that drop."""

from __future__ import annotations

from sensorium.agent.knowledge.message_families import FAMILIES, Meaning
from sensorium.agent.tools.flow_sql import span_parameters
from sensorium.agent.tools.log_sql import LINES
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "service_events"
_KNOWN = tuple(f for f in FAMILIES if f.meaning not in (Meaning.LOGIN_FAILED, Meaning.LOGIN))


def _branch(number: int) -> str:
    pattern = f"{{p{number}:String}}"
    groups = f"extractGroups(line, {pattern})" if _KNOWN[number].groups else "emptyArrayString()"
    return f"match(line, {pattern}), ({number}, {groups})"


_BRANCHES = ",\n           ".join(_branch(i) for i in range(len(_KNOWN)))

QUERY = f"""WITH {LINES},
recognised AS (
    SELECT *, at_ns > {{ended_ns:Int64}} AS later, multiIf(
           {_BRANCHES},
           (-1, emptyArrayString())) AS hit,
           arrayStringConcat(arrayFilter(x -> x != '', hit.2), ' ') AS named,
           if(empty(named), extract(app, '\\\\(([^)]+)\\\\)'), named) AS about
    FROM lines
)
SELECT source, app, hit.1 AS family, about,
       countIf(now AND NOT later) AS lines, countIf(NOT now) AS lines_before,
       countIf(later) AS lines_after,
       minIf(at_ns, now) AS first_ns, maxIf(at_ns, now AND NOT later) AS last_ns,
       argMinIf(line, (at_ns, line), now) AS example
FROM recognised
WHERE hit.1 >= 0
GROUP BY source, app, family, about
HAVING lines > 0
ORDER BY first_ns, source, app, family, about
LIMIT 200"""


def service_events(box: Toolbox, hosts: tuple[str, ...] = ()) -> Answer:
    """Lines of known message families by host, app and what they are about.

    ``meaning_of`` tells what a row's ``family`` says; ``lines_after`` counts those that came once
    the incident was over. Without hosts, all are asked.
    """
    windows = box.windows
    whole = windows.after
    patterns = {f"p{i}": family.pattern for i, family in enumerate(_KNOWN)}
    return box.ask(
        NAME,
        "recognised log messages, before, during and after the incident",
        QUERY,
        {
            "hosts": box.addresses(hosts),
            "during_ns": windows.during.start_ns,
            "ended_ns": windows.during.end_ns,
            **patterns,
            **span_parameters(whole, windows.until_ns),
        },
    )


def meaning_of(family: int) -> Meaning:
    """What the lines of a row's ``family`` say."""
    return _KNOWN[family].meaning
