"""``sensorium links missing``: services that a host has never used and hosts like it do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli.context import Home, home_options

if TYPE_CHECKING:
    from sensorium.links.network.missing import Missing

_DAY_NS = 86_400 * 10**9


@click.command()
@click.option("--top", default=20, show_default=True, help="List so many, the likeliest.")
@click.option(
    "--least",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="The least likelihood to be listed.",
)
@click.option("--days", default=1.0, show_default=True, help="Look at so many days of flows.")
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
    from sensorium.links.network.graph import edges_by_window, over_all_windows
    from sensorium.links.network.missing import missing as likely
    from sensorium.topology.orientation import SRC_IS_SERVER
    from sensorium.topology.survey import last_flow_ns

    with _telemetry(home, recording) as telemetry:
        end = last_flow_ns(telemetry.query)
        windows = edges_by_window(
            telemetry.query, end - int(days * _DAY_NS), end, src_is_server=SRC_IS_SERVER
        )
    edges = over_all_windows(windows)
    found = likely(edges, least_likelihood=least)
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"edges": edges.num_rows, "missing": [asdict(m) for m in found[:top]]})
        return
    _show(edges.num_rows, found, top)


@contextmanager
def _telemetry(home: Home, recording: Path | None) -> Iterator[Any]:
    if recording is None:
        with home.telemetry() as telemetry:
            yield telemetry
        return
    from sensorium.app.recorded import recorded_telemetry

    with recorded_telemetry(recording, home.settings) as telemetry:
        yield telemetry


def _show(edges: int, found: list[Missing], top: int) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    if not found:
        console.print(f"{edges:,} edges seen; none is missing that hosts alike have")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("client", "service", "likely", "used by"):
        table.add_column(heading, justify="right" if heading == "likely" else "left")
    for edge in found[:top]:
        table.add_row(
            edge.client,
            f"{edge.server} {_service(edge.port, edge.proto)}",
            f"{edge.likelihood:.0%}",
            f"{edge.using} of {edge.like} like it: {', '.join(edge.users)}"
            + (", ..." if edge.using > len(edge.users) else ""),
        )
    console.print(table)
    more = f", the likeliest {top} of {len(found):,} listed" if len(found) > top else ""
    console.print(f"{edges:,} edges seen; {len(found):,} likely ones never were{more}")


def _service(port: int, proto: int) -> str:
    from sensorium.detect.wording import ports, protocol

    return ports(port, proto) if port else protocol(proto)
