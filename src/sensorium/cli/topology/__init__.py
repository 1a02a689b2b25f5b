"""``sensorium topology``: what is connected to what, and what is lost if a part of it fails."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sensorium.cli import Noun
from sensorium.cli.context import Home, home_options

Command = Callable[..., Any]


def _source_options(command: Command) -> Command:
    """What all of them take: where to look, as of when, and how to print it."""

    @functools.wraps(command)
    def with_source(*args: Any, **kwargs: Any) -> Any:
        return command(*args, **kwargs)

    recording = click.option(
        "--recording",
        type=click.Path(path_type=Path, file_okay=False),
        help="A recording to look at instead of the data folder.",
    )
    inventory = click.option(
        "--inventory",
        multiple=True,
        type=click.Path(path_type=Path),
        help="A file or folder of LLDP, SNMP, NetBox or Kubernetes exports; may be repeated.",
    )
    until = click.option(
        "--until",
        default="",
        help="As it was by a time, as 2026-11-28T12:00Z (default: the latest flow).",
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
    return recording(inventory(until(as_json(home_options(with_source)))))


@click.group(cls=Noun)
def topology() -> None:
    """Show what is connected to what, and what is lost if a part of it fails.

    Learnt from the flows of the last day that are stored, or of a recording, and from the exports
    of LLDP, SNMP, NetBox and Kubernetes that the settings name.
    """


@topology.command()
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Draw it there.")
@click.option("--most", default=300, show_default=True, help="Nodes that are drawn one by one.")
@_source_options
def show(
    home: Home,
    recording: Path | None,
    inventory: tuple[Path, ...],
    until: str,
    as_json: bool,
    svg: Path | None,
    most: int,
) -> None:
    """Show every device and host, the most critical first."""
    from sensorium.cli.topology.source import asked

    with asked(home, recording, inventory, until) as source:
        answer = source.show()
    if svg is not None:
        from sensorium.cli.topology.picture import draw

        draw(answer, svg, most)
    _print(answer, as_json, "show")


@topology.command()
@click.argument("node")
@_source_options
def impact(
    home: Home,
    recording: Path | None,
    inventory: tuple[Path, ...],
    until: str,
    as_json: bool,
    node: str,
) -> None:
    """Show what is lost if NODE fails: a name, an address, an interface or a site.

    An interface is NODE#NAME or NODE#NUMBER; a site is cut off where all links that leave it fail.
    """
    from sensorium.cli.topology.source import asked

    with asked(home, recording, inventory, until) as source:
        answer = source.impact(node)
    _print(answer, as_json, "impact")


@topology.command()
@click.argument("one")
@click.argument("other")
@_source_options
def path(
    home: Home,
    recording: Path | None,
    inventory: tuple[Path, ...],
    until: str,
    as_json: bool,
    one: str,
    other: str,
) -> None:
    """Show the way from ONE to OTHER, and which of them depends on the other."""
    from sensorium.cli.topology.source import asked

    with asked(home, recording, inventory, until) as source:
        answer = source.path(one, other)
    _print(answer, as_json, "path")


def _print(answer: dict[str, Any], as_json: bool, kind: str) -> None:
    if as_json:
        from sensorium.cli.output import print_json

        print_json(answer)
        return
    from sensorium.cli.topology import view

    getattr(view, kind)(answer)
