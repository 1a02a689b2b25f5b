"""Who failed to log in where, and who got in."""

from __future__ import annotations

from sensorium.agent.knowledge.message_families import Meaning, families
from sensorium.agent.tools.flow_sql import span_parameters
from sensorium.agent.tools.log_sql import LINES
from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "auth_events"
_FAMILIES = families(Meaning.LOGIN_FAILED, Meaning.LOGIN)


def _block(number: int) -> str:
    family = _FAMILIES[number]
    user = family.groups.index("user") + 1
    address = family.groups.index("address") + 1
    failed = int(family.meaning is Meaning.LOGIN_FAILED)
    return f"""    SELECT {number} AS family, {failed} AS failed, source, now, at_ns,
           extractGroups(line, {{p{number}:String}}) AS g, g[{user}] AS user, g[{address}] AS client
    FROM lines WHERE match(line, {{p{number}:String}})"""


QUERY = f"""WITH {LINES},
events AS (
{" UNION ALL ".join(f"{chr(10)}{_block(i)}" for i in range(len(_FAMILIES)))}
)
SELECT source AS server, client, user, failed,
       max(during) AS events, max(before) AS events_before,
       min(first) AS first_ns, max(last) AS last_ns
FROM (
    SELECT family, source, client, user, failed, countIf(now) AS during,
           countIf(NOT now) AS before, minIf(at_ns, now) AS first, maxIf(at_ns, now) AS last
    FROM events
    WHERE client != ''
    GROUP BY family, source, client, user, failed
)
GROUP BY server, client, user, failed
HAVING events > 0
ORDER BY events DESC, server, client, user, failed
LIMIT 60"""


def auth_events(box: Toolbox, hosts: tuple[str, ...] = ()) -> Answer:
    """Failed and accepted logins by server, client address and user, during against before.

    One attempt that two programs log (sshd and PAM) counts once. Without hosts, all are asked.
    """
    windows = box.windows
    whole = windows.whole
    patterns = {f"p{i}": family.pattern for i, family in enumerate(_FAMILIES)}
    return box.ask(
        NAME,
        "failed and accepted logins, during the incident and before",
        QUERY,
        {
            "hosts": box.addresses(hosts),
            "during_ns": windows.during.start_ns,
            **patterns,
            **span_parameters(whole, windows.until_ns),
        },
    )
