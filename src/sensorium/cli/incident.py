"""``sensorium incident``: what was found, the brief of each, and what people say of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli.actor import user_name
from sensorium.cli.context import Home, home_options

if TYPE_CHECKING:
    from sensorium.model.incident import Incident


@click.group()
def incident() -> None:
    """List incidents, read their briefs, and say what they were."""


@incident.command("list")
@click.option("--state", multiple=True, help="Only incidents in this state; may be repeated.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@home_options
def list_incidents(home: Home, state: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List incidents, newest first; those merged into another only with --state merged."""
    from sensorium.errors import UsageError
    from sensorium.model.incident import IncidentState

    try:
        states = [IncidentState(name) for name in state]
    except ValueError as error:
        known = ", ".join(IncidentState)
        raise UsageError(str(error), next_step=f"states are: {known}") from error
    wanted = states or [known for known in IncidentState if known is not IncidentState.MERGED]
    with home.records() as records:
        found = records.incidents.list(states=wanted, limit=limit)
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"incidents": found})
        return
    if not found:
        click.echo("no incidents" + (f" in state {', '.join(states)}" if states else " yet"))
        return
    _table(found)


@incident.command("show")
@click.argument("incident_id")
@click.option("--json", "as_json", is_flag=True, help="Print all that is known, as JSON.")
@click.option("--markdown", is_flag=True, help="Print the brief's Markdown as it is.")
@home_options
def show_incident(home: Home, incident_id: str, as_json: bool, markdown: bool) -> None:
    """Show an incident's brief."""
    from sensorium.incident.errors import IncidentNotFoundError

    with home.records() as records:
        found = records.incidents.get(incident_id)
        if found is None:
            raise IncidentNotFoundError(incident_id)
        brief = records.briefs.latest(incident_id)
        labels = records.labels.of_incident(incident_id)
        if as_json:
            _print_all(found, brief, records)
            return
    from sensorium.cli.incident_view import labels_markdown

    if brief is None:
        click.echo(f"{found.id} {found.title}\nis {found.state} and has no brief yet")
        click.echo(labels_markdown(labels), nl=False)
    elif markdown:
        click.echo(brief.markdown)
    elif not sys.stdout.isatty():
        click.echo(brief.markdown + labels_markdown(labels))
    else:
        from rich.console import Console
        from rich.markdown import Markdown

        console = Console(width=min(Console().width, 100))
        with console.pager(styles=True):
            console.print(Markdown(brief.markdown + labels_markdown(labels)))


@incident.command("label")
@click.argument("incident_id")
@click.argument("label", type=click.Choice(["confirmed", "false_alarm", "planned"]))
@click.option("--note", default="", help="Why; kept with the label and in the audit log.")
@click.option("--actor", default=user_name, help="Who says so (default: your user name).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@home_options
def label_incident(
    home: Home, incident_id: str, label: str, note: str, actor: str, as_json: bool
) -> None:
    """Say what an incident was: confirmed, a false alarm, or planned.

    Say it again to change it: the latest word counts, and every word is kept. The incident stays
    as it is; `sensorium models train incidents.rank` learns from what was said.
    """
    import time

    from sensorium.incident.labelling import LabelDesk

    with home.records() as records:
        said = LabelDesk(records, time.time_ns).label(incident_id, label, actor=actor, note=note)
        before = records.labels.of_incident(incident_id)[:-1]
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"label": said, "before": before})
        return
    words = said.opinion.replace("_", " ")
    now = "" if not before else f"; before: {before[-1].opinion.replace('_', ' ')}"
    click.echo(f"{incident_id} is {words}, says {said.actor}{now}")


def _print_all(found: Incident, brief: Any, records: Any) -> None:
    from sensorium.cli.output import print_json

    print_json(
        {
            "incident": found,
            "brief": brief.markdown if brief else None,
            "anomalies": records.anomalies.of_incident(found.id),
            "evidence": records.evidence.of_incident(found.id),
            "approvals": records.approvals.of_incident(found.id),
            "labels": records.labels.of_incident(found.id),
            "events": records.incidents.events(found.id),
        }
    )


def _table(found: tuple[Incident, ...]) -> None:
    from datetime import UTC, datetime

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("incident", "began (UTC)", "severity", "state", "verdict"):
        table.add_column(heading, no_wrap=True)
    table.add_column("what", ratio=1)
    for item in found:
        began = datetime.fromtimestamp(item.start_ns / 1e9, UTC).strftime("%m-%d %H:%M:%S")
        state = item.state.replace("_", " ")
        table.add_row(item.id, began, item.severity, state, item.verdict, item.title)
    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    console.print(table)
