"""``sensorium incident``: what was found, the brief of each, and what people say of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli import Noun
from sensorium.cli.actor import user_name
from sensorium.cli.context import Home, home_options

if TYPE_CHECKING:
    from sensorium.model.incident import Incident


@click.group(cls=Noun)
def incident() -> None:
    """List incidents, read their briefs, and say what they were."""


@incident.command("list")
@click.option("--state", multiple=True, help="Only incidents in this state; may be repeated.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option(
    "--sort",
    type=click.Choice(["newest", "worst", "rank"]),
    default="newest",
    show_default=True,
    help="What comes first; rank is what a person would most probably confirm.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@home_options
def list_incidents(
    home: Home, state: tuple[str, ...], limit: int, sort: str, as_json: bool
) -> None:
    """List incidents, newest first; those merged into another only with --state merged.

    --sort orders the newest --limit of them and leaves none out. By rank each has a probability
    where a model is active (see sensorium models train incidents.rank); else the worst come first.
    """
    from sensorium.errors import UsageError
    from sensorium.incident.ranking.sorting import Sort, in_order
    from sensorium.model.incident import IncidentState

    try:
        states = [IncidentState(name) for name in state]
    except ValueError as error:
        known = ", ".join(IncidentState)
        raise UsageError(str(error), next_step=f"states are: {known}") from error
    wanted = states or [known for known in IncidentState if known is not IncidentState.MERGED]
    with home.records() as records:
        newest = records.incidents.list(states=wanted, limit=limit)
        ranker = home.ranker(records)
        found = in_order(newest, Sort(sort), ranker)
        ranks = ranker.rate(newest) if sort == Sort.RANK else {}
    if as_json:
        from sensorium.cli.output import print_json

        rank = {"rank": list(ranks.values())} if sort == Sort.RANK else {}
        print_json({"incidents": found, **rank})
        return
    if not found:
        click.echo("no incidents" + (f" in state {', '.join(states)}" if states else " yet"))
        return
    from sensorium.cli.incident_view import print_table

    if sort == Sort.RANK and not ranks:
        click.echo("no model ranks them yet: the worst come first", err=True)
    print_table(found, ranks)


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
        rank = home.ranker(records).rate([found]).get(incident_id)
        labels = records.labels.of_incident(incident_id)
        if as_json:
            _print_all(found, brief, rank, records)
            return
    from sensorium.cli.incident_view import labels_markdown, rank_markdown

    more = rank_markdown(rank) + labels_markdown(labels)
    if brief is None:
        click.echo(f"{found.id} {found.title}\nis {found.state} and has no brief yet")
        click.echo(more, nl=False)
    elif markdown:
        click.echo(brief.markdown)
    elif not sys.stdout.isatty():
        click.echo(brief.markdown + more)
    else:
        from rich.console import Console
        from rich.markdown import Markdown

        console = Console(width=min(Console().width, 100))
        with console.pager(styles=True):
            console.print(Markdown(brief.markdown + more))


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


def _print_all(found: Incident, brief: Any, rank: Any, records: Any) -> None:
    from sensorium.cli.output import print_json

    print_json(
        {
            "incident": found,
            "brief": brief.markdown if brief else None,
            "anomalies": records.anomalies.of_incident(found.id),
            "evidence": records.evidence.of_incident(found.id),
            "approvals": records.approvals.of_incident(found.id),
            "labels": records.labels.of_incident(found.id),
            "rank": rank,
            "events": records.incidents.events(found.id),
        }
    )
