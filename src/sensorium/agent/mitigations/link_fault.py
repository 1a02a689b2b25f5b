"""Calm a link: look at its port, then hold a flapping one down or queue fairly on a full one."""

from __future__ import annotations

from sensorium.agent.case import Case
from sensorium.agent.mitigations.proposal import CONNECTOR, Ground, Remote, plain_word, risk_of
from sensorium.agent.naming import clock
from sensorium.agent.stories.story import Story
from sensorium.model.action import Action, RiskTier

SHAPERS = frozenset({"tbf", "htb", "hfsc", "cake", "ets"})
"""Queueing disciplines that somebody configured to limit a link: not to be replaced blindly."""


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
    where = f"{device} of {names.host(router)}" if device else f"the links of {names.host(router)}"
    if story.detail["full"]:
        title = f"See what fills {where}"
        look.append(remote.on(router, "tc", "-s", "qdisc", "show"))
        if device and story.detail["qdisc"] not in SHAPERS:
            replace = ("tc", "qdisc", "replace", "dev", device, "root", "fq_codel")
            change = [remote.on(router, *replace)]
            rollback = [remote.on(router, "tc", "qdisc", "del", "dev", device, "root")]
            title = f"Queue fairly on {where}"
    elif not device or story.detail["steady"]:
        title = f"Check the cable and optics of {where}"
    else:
        title = f"Check the cable and optics of {where}, then hold it down"
        change = [remote.on(router, "ip", "link", "set", "dev", device, "down")]
        rollback = [remote.on(router, "ip", "link", "set", "dev", device, "up")]
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
        rationale=_rationale(case, story, changes=bool(change)),
    )


def _rationale(case: Case, story: Story, *, changes: bool) -> str:
    if story.detail["full"]:
        senders = [c for c in story.chain if "client" in c.detail]
        top = " ".join(f"Most comes from {case.names.host(c.subject)}." for c in senders[:1])
        if changes:
            return f"The first lines only look. A fair queue keeps small flows alive. {top}".strip()
        shaper = story.detail["qdisc"]
        limit = f"A shaper ({shaper}) limits the link, and may be meant to. " if shaper else ""
        return f"These lines only look. {limit}{top}".strip()
    if not changes:
        last = clock(int(story.detail["last_ns"]))
        return (
            f"These lines only look: no flap was seen after {last}. Should it begin again, hold "
            "the port down where another path exists."
        )
    return (
        "The first lines only look. Holding a flapping port down stops the routes from changing "
        "with it; do so only where another path exists, or all behind the port are cut off."
    )
