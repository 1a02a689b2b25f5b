"""Contain an intrusion: cut the attacker off at its router, lock what was taken over."""

from __future__ import annotations

from ipaddress import ip_address

from sensorium.agent.case import Case
from sensorium.agent.mitigations.proposal import (
    CONNECTOR,
    Ground,
    Remote,
    plain_word,
    risk_of,
)
from sensorium.agent.stories.story import Story
from sensorium.model.action import Action


def propose(case: Case, story: Story, ground: Ground) -> Action | None:
    """One nftables table of its own on the router, so that the rollback is exact; then accounts."""
    remote, names = Remote(case.config.operator), case.names
    attacker = story.cause
    router, interface = ground.router(attacker)
    if not router:
        return None
    table = case.incident.id.lower().replace("-", "_")
    chain = "{ type filter hook forward priority -10 ; policy accept ; }"
    commands = [
        remote.on(router, "nft", "add", "table", "inet", table),
        remote.on(router, "nft", f"add chain inet {table} isolate {chain}"),
    ]
    for way, address in _blocked(case, story):
        family = "ip" if ip_address(address).version == 4 else "ip6"
        commands.append(
            remote.on(router, "nft", f"add rule inet {table} isolate {family} {way} {address} drop")
        )
    rollback = [remote.on(router, "nft", "delete", "table", "inet", table)]
    entered = [str(h) for h in story.detail.get("entered", ())]
    for account in story.detail.get("accounts", ()):
        for host in entered:
            if plain_word(account):
                commands.append(remote.on(host, "usermod", "--lock", account))
                commands.append(remote.on(host, "loginctl", "terminate-user", account))
                rollback.append(remote.on(host, "usermod", "--unlock", account))
    users = ground.users(attacker)
    outside = [str(h) for h in story.detail.get("outside", ())]
    also = f", block {' and '.join(outside)}" if outside else ""
    locked = f" and lock the account used on {names.many(entered)}" if entered else ""
    return Action(
        incident_id=case.incident.id,
        connector=CONNECTOR,
        target=", ".join([names.host(router), *(names.host(h) for h in entered)]),
        title=f"Isolate {names.host(attacker)} at {names.host(router)}{also}{locked}",
        commands=tuple(commands),
        rollback=tuple(rollback),
        risk=risk_of(len(users) + len(entered)),
        rationale=(
            f"{names.host(attacker)} is where the attack comes from; {names.host(router)} is the "
            f"router nearest to it (interface {interface}). "
            + (
                f"{names.many(users)} would lose what they use on it"
                if users
                else "No host was seen to depend on it"
            )
            + f" {ground.citation}."
        ),
    )


def _blocked(case: Case, story: Story) -> list[tuple[str, str]]:
    rules = []
    for address in case.names.aliases(story.cause):
        rules += [("saddr", address), ("daddr", address)]
    for address in story.detail.get("outside", ()):
        rules.append(("daddr", str(address)))
    return rules
