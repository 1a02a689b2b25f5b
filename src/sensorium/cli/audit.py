"""``sensorium audit``: the log of every decision, and whether anyone has changed it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from sensorium.cli import Noun
from sensorium.cli.context import Home, home_options

if TYPE_CHECKING:
    from sensorium.store.records import AuditEntry


@click.group(cls=Noun)
def audit() -> None:
    """Read and verify the hash-chained log of every decision."""


@audit.command("list")
@click.option("--subject", help="Only entries about this approval or incident.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@home_options
def list_entries(home: Home, subject: str | None, limit: int, as_json: bool) -> None:
    """List the newest entries, the last one at the bottom."""
    with home.records() as records:
        entries = records.audit.tail(limit, subject=subject)
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"entries": entries})
    elif not entries:
        click.echo("the audit log has no entries" + (f" about {subject}" if subject else " yet"))
    else:
        _print(entries)


@audit.command("verify")
@click.option(
    "--expect", default="", metavar="HASH", help="A head noted earlier, which must still be there."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@home_options
def verify(home: Home, expect: str, as_json: bool) -> None:
    """Check every entry against the one before it. Exit status 1 if the chain is broken.

    Whoever can write the database can also rewrite the whole chain: note the printed head
    somewhere else, and give it back later with --expect.
    """
    with home.records() as records:
        verdict = records.audit.verify(expect=expect)
    if as_json:
        from dataclasses import asdict

        from sensorium.cli.output import print_json

        print_json({**asdict(verdict), "intact": verdict.intact})
    elif verdict.intact:
        click.secho("intact", fg="green", nl=False)
        click.echo(f": {verdict.entries} entries, each following the one before it")
        click.echo(f"head: {verdict.head}")
    else:
        click.secho("broken", fg="red", bold=True, nl=False)
        click.echo(f" at entry {verdict.broken_at}: {verdict.problem}")
        click.echo(f"the {verdict.entries} entries before it are intact")
    if not verdict.intact:
        sys.exit(1)


def _print(entries: tuple[AuditEntry, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    from sensorium.cli.approval_view import console, visible, when

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("number", justify="right", no_wrap=True)
    for heading in ("when", "what", "subject"):
        table.add_column(heading, no_wrap=True)
    table.add_column("who")
    table.add_column("why", ratio=1)
    for entry in entries:
        table.add_row(
            str(entry.number),
            when(entry.at_ns),
            entry.kind,
            Text(visible(entry.subject)),
            Text(visible(entry.actor)),
            Text(visible(_why(entry))),
        )
    console().print(table)


def _why(entry: AuditEntry) -> str:
    if entry.kind == "incident.state":
        before = str(entry.detail["from"]).replace("_", " ")
        after = str(entry.detail["to"]).replace("_", " ")
        return f"{before} → {after}" if before else after
    return str(entry.detail.get("reason", ""))
