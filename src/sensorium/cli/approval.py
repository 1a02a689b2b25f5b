"""``sensorium approval``: what waits for a person, and the person's answer.

Decisions go straight to the records database, whether a service runs or not: SQLite and
PostgreSQL are safe to share, and one conditional UPDATE lets exactly one decision through. A
running service finds the decision within a second and resumes the investigation that waited for
it; without one, this command resumes it itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli import Noun
from sensorium.cli.actor import user_name
from sensorium.cli.context import Home, home_options

if TYPE_CHECKING:
    from sensorium.approval import ApprovalDesk
    from sensorium.model.approval import Approval
    from sensorium.model.incident import Incident
    from sensorium.store.records import Records


@click.group(cls=Noun)
def approval() -> None:
    """List what waits for a person; approve or reject it.

    Nothing is run by approving: the exact commands are handed over for a person to run.
    """


@approval.command("list")
@click.option("--all", "everything", is_flag=True, help="Decided and expired ones as well.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@home_options
def list_approvals(home: Home, everything: bool, limit: int, as_json: bool) -> None:
    """List what waits for a decision, newest first."""
    with _desk(home) as (records, desk):
        desk.expire_due()
        states = None if everything else ["pending"]
        found = records.approvals.list(states=states, limit=limit)
        actions = [records.actions.get(one.action_digest) for one in found]
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"approvals": found})
    elif not found:
        click.echo("no approvals yet" if everything else "nothing waits for a decision")
    else:
        from sensorium.cli.approval_view import print_table

        print_table(list(zip(found, actions, strict=True)))


@approval.command("show")
@click.argument("approval_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@home_options
def show_approval(home: Home, approval_id: str, as_json: bool) -> None:
    """Show exactly what would be approved: commands, rollback, risk."""
    from sensorium.approval import ApprovalNotFoundError

    with _desk(home) as (records, desk):
        desk.expire_due()
        found = records.approvals.get(approval_id)
        if found is None:
            raise ApprovalNotFoundError(approval_id)
        action = records.actions.get(found.action_digest)
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"approval": found, "action": action})
        return
    from sensorium.cli.approval_view import print_approval
    from sensorium.cli.context import data_flag

    print_approval(found, action, data_flag(home.data))


def _decision_options(command: Any) -> Any:
    for option in (
        click.argument("approval_id"),
        click.option("--actor", default=user_name, help="Who decides (default: your user name)."),
        click.option(
            "--digest", help="Decide only if the action still has this SHA-256 (from show)."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON instead."),
        home_options,
    ):
        command = option(command)
    return command


@approval.command("approve")
@click.option("--reason", default="", help="Why; kept in the audit log.")
@_decision_options
def approve(home: Home, **given: Any) -> None:
    """Approve a proposal: once, and exactly as it was proposed."""
    _decide(home, "approve", **given)


@approval.command("reject")
@click.option("--reason", required=True, help="Why; kept in the audit log.")
@_decision_options
def reject(home: Home, **given: Any) -> None:
    """Reject a proposal, and say why."""
    _decide(home, "reject", **given)


def _decide(
    home: Home,
    decision: str,
    *,
    approval_id: str,
    actor: str,
    reason: str,
    digest: str | None,
    as_json: bool,
) -> None:
    with _desk(home) as (records, desk):
        decided = desk.decide(approval_id, decision, actor, reason, digest)
        action = records.actions.get(decided.action_digest)
    incident = _resume(home, decided)
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"approval": decided, "action": action, "incident": incident})
        return
    from sensorium.cli.approval_view import print_decision
    from sensorium.cli.context import data_flag

    print_decision(decided, action, incident, data_flag(home.data))


def _resume(home: Home, decided: Approval) -> Incident | None:
    """Let the investigation that waited go on, unless a service does; the incident as it is."""
    from sensorium.store.telemetry import embedded_folder

    owner = home.owner()
    if owner is not None:
        click.echo(f"the service (process {owner.pid}) takes it from here", err=True)
    elif embedded_folder(home.settings.store.telemetry, home.data) is None:
        # A server's telemetry has no owner to ask for: a service may be at work or not.
        click.echo("a running service takes it from here", err=True)
    elif (home.data / "checkpoints.sqlite").exists():
        _resume_here(home)
    with home.records() as records:
        return records.incidents.get(decided.incident_id)


def _resume_here(home: Home) -> None:
    from dataclasses import replace

    from sensorium.app import build_spine
    from sensorium.store.errors import StoreInUseError

    settings = replace(home.settings, data_dir=home.data)
    try:
        spine = build_spine(settings, home.observe())
    except StoreInUseError:
        # A service was started this moment: it resumes what was decided.
        return
    try:
        spine.inquest.resume_decided(int(spine.records.meta.get("watermark_ns") or 0))
    finally:
        spine.close()


@contextmanager
def _desk(home: Home) -> Iterator[tuple[Records, ApprovalDesk]]:
    import time

    from sensorium.approval import ApprovalDesk

    with home.records() as records:
        yield records, ApprovalDesk(records, time.time_ns, home.settings.approval)
