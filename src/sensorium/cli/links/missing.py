"""``sensorium links missing``: services that a host has never used and hosts like it do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from sensorium.cli.context import Home, home_options


@click.command()
@click.option(
    "--top",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="List so many, the likeliest.",
)
@click.option(
    "--least",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="The least likelihood to be listed.",
)
@click.option(
    "--days",
    type=click.FloatRange(0, 3650, min_open=True),
    default=1.0,
    show_default=True,
    help="Look at so many days of flows.",
)
@click.option(
    "--recording",
    type=click.Path(path_type=Path, file_okay=False),
    help="A recording to look at instead of the data folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@home_options
def missing(
    home: Home, top: int, least: float, days: float, recording: Path | None, *, as_json: bool
) -> None:
    """List services that a host has never used and hosts like it do.

    From the flows of the last day that are stored. Such an edge is a dependency nobody has seen
    yet, or one that does not work: something to know before a change, and for what would be lost.
    """
    answer = _asked(home, recording, {"most": top, "least": least, "days": days})
    if as_json:
        from sensorium.cli.output import print_json

        print_json(answer)
        return
    _show(answer)


def _asked(home: Home, recording: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """The answer of a recording, of the service that owns the data, or of the data."""
    from sensorium.topology.unseen import unseen

    if recording is not None:
        from sensorium.app.recorded import recorded_telemetry

        with recorded_telemetry(recording, home.settings) as telemetry:
            return unseen(telemetry.query, **options)
    service = home.service()
    if service is not None:
        answer: dict[str, Any] = service.get("/topology/unseen", **options)
        return answer
    with home.telemetry() as telemetry:
        return unseen(telemetry.query, **options)


def _show(answer: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    seen, likely, listed = answer["edges"], answer["likely"], answer["missing"]
    if not likely:
        console.print(f"{seen:,} edges seen; none is missing that hosts alike have")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("client", "service", "likely", "used by"):
        table.add_column(heading, justify="right" if heading == "likely" else "left")
    for edge in listed:
        table.add_row(
            edge["client"],
            f"{edge['server']} {_service(edge['port'], edge['proto'])}",
            f"{edge['likelihood']:.0%}",
            f"{edge['using']} of {edge['like']} like it: {', '.join(edge['users'])}"
            + (", ..." if edge["using"] > len(edge["users"]) else ""),
        )
    console.print(table)
    more = f", the likeliest {len(listed)} of {likely:,} listed" if likely > len(listed) else ""
    console.print(f"{seen:,} edges seen; {likely:,} likely ones never were{more}")


def _service(port: int, proto: int) -> str:
    from sensorium.detect.wording import ports, protocol

    return ports(port, proto) if port else protocol(proto)
