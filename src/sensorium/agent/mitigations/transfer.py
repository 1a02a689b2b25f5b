"""Hold a large transfer that nobody announced, where it leaves the network."""

from __future__ import annotations

from ipaddress import ip_address

from sensorium.agent.case import Case
from sensorium.agent.mitigations.proposal import (
    CONNECTOR,
    Ground,
    Remote,
    risk_of,
)
from sensorium.agent.stories.story import Story
from sensorium.model.action import Action, RiskTier


def propose(case: Case, story: Story, ground: Ground) -> Action | None:
    """Look first at who sends it; block the pair only where the data leaves the network."""
    names, remote = case.names, Remote(case.config.operator)
    sender, receiver = story.cause, str(story.detail["receiver"])
    if not case.inside(sender):
        return None
    look = remote.on(sender, "ss", "-tnpi", f"dst {receiver}")
    router, _ = ground.router(sender)
    if not story.detail["outbound"] or not router:
        return Action(
            incident_id=case.incident.id,
            connector=CONNECTOR,
            target=names.host(sender),
            title=f"See which program on {names.host(sender)} sends to {names.host(receiver)}",
            commands=(look,),
            rollback=(),
            risk=RiskTier.NONE,
            rationale="The transfer stays inside the network; looking at it changes nothing.",
        )
    table = case.incident.id.lower().replace("-", "_")
    family = "ip" if ip_address(sender).version == 4 else "ip6"
    chain = "{ type filter hook forward priority -10 ; policy accept ; }"
    rule = f"add rule inet {table} hold {family} saddr {sender} {family} daddr {receiver} drop"
    words = rule.split()
    return Action(
        incident_id=case.incident.id,
        connector=CONNECTOR,
        target=names.host(router),
        title=f"Stop {names.host(sender)} from sending to {names.host(receiver)}",
        commands=(
            look,
            remote.on(router, "nft", "add", "table", "inet", table),
            remote.on(router, "nft", f"add chain inet {table} hold {chain}"),
            remote.on(router, "nft", *words),
        ),
        rollback=(remote.on(router, "nft", "delete", "table", "inet", table),),
        risk=risk_of(0),
        rationale=(
            "Only this pair is cut; the first line shows which program sends, and may show that "
            "the transfer is wanted."
        ),
    )
