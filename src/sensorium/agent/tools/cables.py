"""What is cabled to what, as inventory files say."""

from __future__ import annotations

from sensorium.agent.tools.toolbox import Answer, Toolbox

NAME = "cables"

QUERY = """SELECT DISTINCT one, one_kind, one_site, one_port, other, other_kind, other_site,
       other_port, source
FROM cables
WHERE snapshot = {snapshot:String}
ORDER BY NOT hasAny({names:Array(String)},
             [one, other, splitByChar('.', one)[1], splitByChar('.', other)[1]]),
         one, one_port, other, other_port, source
LIMIT 20000"""


def cables(box: Toolbox, snapshot: str, hosts: tuple[str, ...]) -> Answer:
    """Every cable that the inventory told of, those of the named hosts first.

    ``snapshot`` is what the cables are filed under. All are asked for, since what else leads from
    one end to the other is a question to the whole.
    """
    names = sorted({name.lower() for host in hosts if (name := box.names.name(host))})
    return box.ask(
        NAME,
        "what is cabled to what by the inventory",
        QUERY,
        {"snapshot": snapshot, "names": names},
    )
