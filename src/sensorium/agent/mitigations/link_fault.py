"""Calm a link: look at its port, then hold a flapping one down or queue fairly on a full one."""

from __future__ import annotations

from sensorium.agent.case import Case
from sensorium.agent.mitigations.proposal import CONNECTOR, Ground, Remote, plain_word, risk_of
from sensorium.agent.naming import clock
from sensorium.agent.stories.story import Story
from sensorium.agent.window import MINUTE_NS
from sensorium.model.action import Action, RiskTier


def propose(case: Case, story: Story, ground: Ground) -> Action | None:
    """Read-only checks first; the change is one line and its undo another.

    How many depend on a port is how many hosts have this router nearest to them.
    """
    names, remote = case.names, Remote(case.config.operator)
    router, port = str(story.detail["router"]), str(story.detail["port"])
    known = plain_word(port)
    device = port if known else ""
    look = [remote.on(router, "ip", "-s", "link", "show", *((device,) if device else ()))]
    if device:
        look += [
            remote.on(router, "ethtool", device),
            remote.on(router, "ethtool", "-m", device),
        ]
    change: list[str] = []
    rollback: list[str] = []
    users = len({host for host, (near, _) in ground.nearest.items() if near == router})
    if story.detail["full"]:
        title = f"Look at the full link of {names.host(router)} and at who fills it"
        look.append(remote.on(router, "tc", "-s", "qdisc", "show"))
        if device:
            change = [
                remote.on(router, "tc", "qdisc", "replace", "dev", device, "root", "fq_codel")
            ]
            rollback = [remote.on(router, "tc", "qdisc", "del", "dev", device, "root")]
            title = f"Queue fairly on {device} of {names.host(router)}"
    elif device and _is_steady(case, story):
        title = f"Check the cable and optics of {device} on {names.host(router)}"
    elif device:
        title = f"Check the cable and optics of {device} on {names.host(router)}, then hold it down"
        change = [remote.on(router, "ip", "link", "set", "dev", device, "down")]
        rollback = [remote.on(router, "ip", "link", "set", "dev", device, "up")]
    else:
        title = f"Check the links of {names.host(router)}"
    risk = RiskTier.NONE
    if change:
        risk = risk_of(users if story.detail["full"] else users + 4)
    return Action(
        incident_id=case.incident.id,
        connector=CONNECTOR,
        target=names.host(router),
        title=title,
        commands=(*look, *change),
        rollback=tuple(rollback),
        risk=risk,
        rationale=_rationale(story, changes=bool(change)),
    )


def _is_steady(case: Case, story: Story) -> bool:
    """Whether the link had been up for a minute when the case was closed."""
    return bool(case.windows.until_ns - int(story.detail["last_ns"]) > MINUTE_NS)


def _rationale(story: Story, *, changes: bool) -> str:
    if story.detail["full"]:
        more = "A fair queue keeps small flows alive while the link is full."
        return f"The first lines only look. {more}" if changes else "These lines only look."
    if not changes:
        last = clock(int(story.detail["last_ns"]))
        return f"These lines only look: no flap was seen after {last}. Should it begin again, " + (
            "hold the port down where another path exists."
        )
    return (
        "The first lines only look. Holding a flapping port down stops the routes from changing "
        "with it; do so only where another path exists, or all behind the port are cut off."
    )
