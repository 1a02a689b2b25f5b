"""Bring a service back: look at it, restart it, check that it answers."""

from __future__ import annotations

from sensorium.agent.case import Case
from sensorium.agent.knowledge.units import unit_of
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
    """Restart the unit behind the failing service; a restart has no undo but stopping it again."""
    names, remote = case.names, Remote(case.config.operator)
    host, service = str(story.detail["host"]), str(story.detail["service"])
    if not case.inside(host):
        return None
    port = service.rpartition(":")[2] if service else ""
    unit = unit_of(port, str(story.detail["app"]))
    if not plain_word(unit):
        unit = ""
    number, _, proto = port.partition("/")
    commands = [remote.on(host, "systemctl", "list-units", "--failed", "--no-pager")]
    if unit:
        commands += [
            remote.on(host, "journalctl", "-u", unit, "-n", "100", "--no-pager"),
            remote.on(host, "systemctl", "restart", unit),
            remote.on(host, "systemctl", "is-active", unit),
        ]
    if number:
        flag = "-ltn" if proto == "tcp" else "-lun"
        commands.append(remote.on(host, "ss", flag, f"sport = :{number}"))
    rollback = [remote.on(host, "systemctl", "stop", unit)] if unit else []
    users = ground.users(host)
    what = f"{unit} on {names.host(host)}" if unit else f"the failing service on {names.host(host)}"
    verb = "Restart" if unit else "Examine"
    return Action(
        incident_id=case.incident.id,
        connector=CONNECTOR,
        target=names.host(host),
        title=f"{verb} {what} and check that it answers",
        commands=tuple(commands),
        rollback=tuple(rollback),
        risk=risk_of(len(users)) if unit else risk_of(0),
        rationale=(
            f"{names.host(host)} is the deepest dependency that is itself ill. "
            + (
                f"A restart interrupts {names.many(users)} once more. "
                if users and unit
                else "No other host was seen to depend on it. "
                if unit
                else ""
            )
            + "Should it have recovered by itself, only run the lines that look and do not restart."
        ),
    )
