"""``sensorium links export``: a graph divided into parts for several machines."""

from __future__ import annotations

from pathlib import Path

import click

from sensorium.cli.links.columns import columns_of_edges

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("edges", type=_FILE)
@click.option("--features", type=_FILE, help="What is known of the nodes: CSV, Parquet or .npz.")
@click.option("--parts", type=click.IntRange(2), required=True, help="One for each machine.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="links-parts",
    show_default=True,
    help="The folder, which must not be there yet.",
)
@columns_of_edges
def export(
    edges: Path,
    features: Path | None,
    parts: int,
    out: Path,
    columns: tuple[str, str] | None,
    time: str | None,
) -> None:
    """Divide a graph into parts for training on several machines, which others do.

    The parts are of like size, and few edges go between them. The files are those of PyG's
    partitioner; which machine trains on which, and with what, is not decided here.
    """
    from sensorium.cli.links.view import notes
    from sensorium.links.export.parts import cut_share, parts_of
    from sensorium.links.export.pyg import write_parts
    from sensorium.links.graph.describing import read_described

    read, known = read_described(edges, features, columns=columns, time=time)
    notes(read.notes)
    part = parts_of(read.graph, parts)
    write_parts(read, known, part, out)
    click.echo(
        f"{out}: {read.graph.nodes:,} nodes in {parts:,} parts, "
        f"{cut_share(read.graph, part):.1%} of {read.graph.edges:,} edges between parts"
    )
