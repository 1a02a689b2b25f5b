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
from sensorium.model.action import Action, RiskTier


def propose(case: Case, story: Story, ground: Ground) -> Action | None:
    """Restart the unit behind the failing service; only looking where it is back."""
    names, remote = case.names, Remote(case.config.operator)
    host, service = str(story.detail["host"]), str(story.detail["service"])
    if not case.inside(host):
        return None
    port = service.rpartition(":")[2] if service else ""
    unit = unit_of(port, str(story.detail["app"]))
    if not plain_word(unit):
        unit = ""
    number, _, proto = port.partition("/")
    back = bool(story.detail["recovered"])
    commands = [remote.on(host, "systemctl", "list-units", "--failed", "--no-pager")]
    if unit:
        commands.append(remote.on(host, "journalctl", "-u", unit, "-n", "100", "--no-pager"))
    restart = bool(unit) and not back
    if restart:
        commands.append(remote.on(host, "systemctl", "restart", unit))
    if unit:
        commands.append(remote.on(host, "systemctl", "is-active", unit))
    if number:
        flag = "-ltn" if proto == "tcp" else "-lun"
        commands.append(remote.on(host, "ss", flag, f"sport = :{number}"))
    users = ground.users(host)
    what = f"{unit} on {names.host(host)}" if unit else f"the service on {names.host(host)}"
    title = f"Restart {what} and check that it answers"
    if not restart:
        title = f"Find out why {what} failed" + ("; it is well again" if back else "")
    return Action(
        incident_id=case.incident.id,
        connector=CONNECTOR,
        target=names.host(host),
        title=title,
        commands=tuple(commands),
        rollback=(remote.on(host, "systemctl", "stop", unit),) if restart else (),
        risk=risk_of(len(users)) if restart else RiskTier.NONE,
        rationale=_rationale(case, host, users, ground, restart=restart),
    )


def _rationale(
    case: Case, host: str, users: tuple[str, ...], ground: Ground, *, restart: bool
) -> str:
    names = case.names
    cause = f"{names.host(host)} is the deepest dependency that is itself ill"
    if not restart:
        return f"{cause}. These lines only look and change nothing."
    if not users:
        return f"{cause}, and no other host was seen to depend on it {ground.citation}."
    return f"{cause}. A restart interrupts {names.many(users)} once more {ground.citation}."
