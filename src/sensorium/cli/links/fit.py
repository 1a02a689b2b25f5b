"""``sensorium links fit``: a model from a file of edges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from sensorium.cli.links.columns import columns_of_edges
from sensorium.errors import UsageError

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("edges", type=_FILE)
@click.option("--features", type=_FILE, help="What is known of the nodes: CSV, Parquet or .npz.")
@click.option("--out", type=_FILE, default="links-model", show_default=True, help="The folder.")
@click.option(
    "--model",
    "encoder",
    default="sage",
    show_default=True,
    help="The encoder: sage, gcn, gat, gatv2 or rgat.",
)
@click.option(
    "--decoder",
    default="structural",
    show_default=True,
    help="structural, mlp or dot.",
)
@click.option(
    "--aggregation",
    type=click.Choice(["mean", "max", "sum", "lstm"]),
    help="How sage takes neighbours together.  [default: mean]",
)
@click.option("--layers", type=click.IntRange(1, 4), help="Steps that messages go.  [default: 2]")
@click.option("--normalise", is_flag=True, help="Bring vectors to length 1 after each layer (L2).")
@click.option(
    "--identity",
    type=click.Choice(["auto", "none", "random", "learned"]),
    default="auto",
    show_default=True,
    help="What tells a node from others beside its features; auto: random without features.",
)
@click.option(
    "--split",
    type=click.Choice(["random", "time", "new-nodes"]),
    default="random",
    show_default=True,
    help="Which edges are held out to judge by.",
)
@columns_of_edges
@click.option("--epochs", type=click.IntRange(1), help="At most so many epochs.  [default: 40]")
@click.option("--width", type=click.IntRange(4), help="How long a vector is.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all that is random.")
@click.option("--valid", type=float, default=0.05, show_default=True, help="Share for validation.")
@click.option("--test", type=float, default=0.10, show_default=True, help="Share for the test.")
@click.option("--fresh", is_flag=True, help="Do not go on with an interrupted training.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def fit(
    edges: Path, features: Path | None, out: Path, *, as_json: bool, fresh: bool, **chosen: Any
) -> None:
    """Learn from EDGES, a CSV, TSV, Parquet or edge-list file with the ids of two nodes in a row.

    A part of the edges is held out to judge by; the model then answers for the whole graph. An
    interrupted training goes on where it was when the command is given again.
    """
    from sensorium.cli.links.view import Progress, notes, said, show
    from sensorium.links.graph.describing import read_described
    from sensorium.links.learning.fitting import fit as fitted
    from sensorium.links.models import bundle
    from sensorium.links.optional import need_torch

    need_torch()
    read, known = read_described(
        edges, features, columns=chosen.pop("columns"), time=chosen.pop("time")
    )
    notes(read.notes)
    settings = _settings(chosen, described=known is not None)
    folder = out.parent / f".{out.name}.training"
    if fresh:
        _remove(folder)
    elif (folder / "checkpoint.json").is_file():
        notes(["going on with a training that was interrupted (--fresh begins anew)"])
    with _kept(folder), Progress(settings.epochs, quiet=as_json) as progress:
        model = fitted(
            read.graph,
            read.names,
            known,
            settings,
            split=chosen["split"],
            folder=folder,
            progress=progress.step,
            kinds=read.kinds,
            notes=read.notes,
        )
    bundle.save(model, out)
    _remove(folder)
    if as_json:
        from sensorium.cli.output import print_json

        print_json(said(model, out))
    else:
        show(model, out)


@contextmanager
def _kept(folder: Path) -> Iterator[None]:
    """Say what becomes of what was learned so far, where somebody interrupts or it has no room."""
    try:
        yield
    except KeyboardInterrupt:
        if (folder / "checkpoint.json").is_file():
            click.echo(
                "\ninterrupted: what was learned so far is kept, and the same command goes on",
                err=True,
            )
        raise
    except OSError as error:
        kept = (folder / "checkpoint.json").is_file()
        raise UsageError(
            f"cannot keep what is learned in {folder}: {error.strerror or error}",
            unaffected="what was learned before is kept" if kept else "",
            next_step="make room and give the same command, or name another folder with --out",
        ) from error


def _settings(chosen: dict[str, Any], *, described: bool) -> Any:
    from sensorium.links.learning.settings import Settings

    identity = chosen["identity"]
    if identity == "auto":
        identity = "none" if described else "random"
    given = {
        name: chosen[name]
        for name in (
            *("encoder", "decoder", "aggregation", "layers", "normalise"),
            *("epochs", "width", "seed", "valid", "test"),
        )
        if chosen[name] is not None
    }
    if chosen["aggregation"] is not None and chosen["encoder"] != "sage":
        raise UsageError(
            f"{chosen['encoder']} has an aggregation of its own",
            next_step="--aggregation goes with --model sage",
        )
    fan_out = (15, *[10] * (given.get("layers", Settings().layers) - 1))
    return Settings(identity=identity, fan_out=fan_out, **given)


def _remove(folder: Path) -> None:
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)
