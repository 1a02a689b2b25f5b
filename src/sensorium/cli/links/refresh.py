"""``sensorium links refresh``: the model on newer edges, without training."""

from __future__ import annotations

from pathlib import Path

import click

from sensorium.cli.links.columns import columns_of_edges

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("model", type=click.Path(path_type=Path, file_okay=False))
@click.argument("edges", type=_FILE)
@click.option("--features", type=_FILE, help="Features of all nodes (default: as they were).")
@columns_of_edges
@click.option("--whole", is_flag=True, help="Compute everything, changed or not.")
def refresh(
    model: Path,
    edges: Path,
    features: Path | None,
    columns: tuple[str, str] | None,
    time: str | None,
    *,
    whole: bool,
) -> None:
    """Take all ties from EDGES instead of those in MODEL, and make the embeddings anew.

    Only nodes in the neighbourhood of a change are computed; the graph's spectra are made again
    where a fifth of the nodes have other ties than when they were made, and with --whole. Weights
    stay as they are; new nodes are served from their features and ties. A service that serves the
    folder takes it up.
    """
    from time import monotonic, time_ns

    from sensorium.links.graph.describing import read_features
    from sensorium.links.graph.reading import read_edges
    from sensorium.links.models import bundle
    from sensorium.links.models.updating import updated

    before = bundle.load(model)
    described = None if features is None else read_features(features)
    given = read_edges(edges, columns=columns, time=time)
    for note in [*given.notes, *(described.notes if described else ())]:
        click.echo(f"note: {note}", err=True)
    if described is not None and before.features is None:
        click.echo("note: the model was trained without features: they are not used", err=True)
    began = monotonic()
    made = updated(before, given, described, time_ns(), whole=whole)
    after = made.model
    if made.left_out:
        click.echo(
            f"note: {made.left_out:,} features were not there in training and are not used",
            err=True,
        )
    bundle.save(after, model)
    new = after.graph.nodes - before.graph.nodes
    click.echo(
        f"{model}: {after.graph.nodes:,} nodes ({new:,} new), {after.graph.edges:,} edges; "
        f"{len(made.embedded):,} embeddings computed in {monotonic() - began:.1f} s"
    )
    view = after.scorer.view
    if view is None:
        return
    if made.decomposed:
        click.echo("  spectra made of the whole graph")
    else:
        click.echo(
            f"  spectra followed for {len(made.told):,} nodes; {view.moved():.1%} of all have "
            "other ties than when they were made (--whole makes them anew)"
        )
