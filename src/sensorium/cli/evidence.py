"""``sensorium evidence``: what findings stand on, asked again."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli import Noun
from sensorium.cli.context import Home, home_options

if TYPE_CHECKING:
    from sensorium.model.evidence import Evidence

_MOST_ROWS = 30


@click.group(cls=Noun)
def evidence() -> None:
    """Show what a finding stands on, and run its query again."""


@evidence.command("list")
@click.argument("incident_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@home_options
def list_evidence(home: Home, incident_id: str, as_json: bool) -> None:
    """List the evidence of an incident."""
    from sensorium.errors import UsageError

    with home.records() as records:
        if records.incidents.get(incident_id) is None:
            raise UsageError(
                f"there is no incident {incident_id}", next_step="see: sensorium incident list"
            )
        found = records.evidence.of_incident(incident_id)
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"evidence": found})
        return
    if not found:
        click.echo(f"{incident_id} has no evidence yet")
    for one in found:
        click.echo(f"{one.id}  {one.row_count:>5} rows  {one.title}")


@evidence.command("show")
@click.argument("evidence_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@click.option("--stored", is_flag=True, help="Only what was stored; do not ask again.")
@home_options
def show_evidence(home: Home, evidence_id: str, as_json: bool, stored: bool) -> None:
    """Show an evidence's query, ask it again, and say whether the answer is still the same.

    Exit status 1 if the answer differs or the stored record was altered.
    """
    shown = _of_service(home, evidence_id) if not stored else None
    if shown is None:
        shown = _of_files(home, evidence_id, ask_again=not stored)
    if as_json:
        from sensorium.cli.output import print_json

        print_json(shown)
    else:
        _print(shown["evidence"], shown.get("rerun"))
    again = shown.get("rerun")
    if again is not None and not (again["matches"] and again["intact"]):
        sys.exit(1)


def _of_service(home: Home, evidence_id: str) -> dict[str, Any] | None:
    service = home.service()
    if service is None:
        return None
    answer: dict[str, Any] = service.get(f"/evidence/{evidence_id}", again=True)
    return answer


def _of_files(home: Home, evidence_id: str, *, ask_again: bool) -> dict[str, Any]:
    from dataclasses import asdict

    from sensorium.agent.evidence_rerun import rerun
    from sensorium.errors import UsageError

    with home.records() as records:
        found: Evidence | None = records.evidence.get(evidence_id)
    if found is None:
        raise UsageError(
            f"there is no evidence {evidence_id}",
            next_step="a brief names its own; see: sensorium evidence list INCIDENT",
        )
    shown: dict[str, Any] = {"evidence": asdict(found)}
    if ask_again:
        with home.telemetry() as telemetry:
            shown["rerun"] = asdict(rerun(found, telemetry))
    return shown


def _print(found: Mapping[str, Any], again: Mapping[str, Any] | None) -> None:
    click.echo(f"{found['id']} of {found['incident_id']}: {found['title']}\n")
    for name in sorted(found["parameters"]):
        value = json.dumps(found["parameters"][name], ensure_ascii=False)
        click.echo(f"-- {name} = {value}")
    click.echo(f"{found['query']}\n")
    rows = again["rows"] if again is not None else found["rows"]
    total = len(rows) if again is not None else found["row_count"]
    columns = again["columns"] if again is not None else found["columns"]
    for row in rows[:_MOST_ROWS]:
        click.echo(" ".join(_cell(name, v) for name, v in zip(columns, row, strict=True)))
    if total > _MOST_ROWS:
        click.echo(f"({total - _MOST_ROWS} more rows; --json prints them all)")
    click.echo()
    _verdict(found, again)


def _cell(name: str, value: Any) -> str:
    if name.endswith("_ns") and isinstance(value, int):
        when = datetime.fromtimestamp(value // 1_000_000_000, UTC)
        return f"{name.removesuffix('_ns')}={when:%H:%M:%S}" if value else f"{name[:-3]}=-"
    return f"{name}={value}"


def _verdict(found: Mapping[str, Any], again: Mapping[str, Any] | None) -> None:
    if again is None:
        click.echo(f"as stored, not asked again; digest {found['digest'][:16]}")
        return
    if not again["intact"]:
        click.secho("altered: the stored record is not the one this id was made from", fg="red")
    if again["matches"]:
        click.secho(
            f"same answer: the digest {again['digest'][:16]} matches the stored one", fg="green"
        )
        return
    click.secho(
        f"another answer: now {again['digest'][:16]}, stored {found['digest'][:16]}", fg="red"
    )
    click.echo("Telemetry past its retention, or a store that was changed, answers differently.")
