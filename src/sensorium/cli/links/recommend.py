"""``sensorium links recommend``: whom to suggest to whom."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli.links.answers import asked_of_a_model
from sensorium.errors import UsageError

if TYPE_CHECKING:
    from sensorium.links.serving.coverage import Coverage
    from sensorium.links.serving.served import Served


@click.command()
@asked_of_a_model
@click.option("--node", "nodes", multiple=True, metavar="ID", help="For whom; may be repeated.")
@click.option("--everyone", is_flag=True, help="For every node, with a report on who is suggested.")
@click.option("--top", default=5, show_default=True, type=click.IntRange(1, 1000), help="How many.")
@click.option("--exclude", multiple=True, metavar="ID", help="Not these; may be repeated.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write them, as CSV or Parquet."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def recommend(
    served: Served,
    nodes: tuple[str, ...],
    everyone: bool,
    top: int,
    exclude: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Say to whom a node is most likely to be tied, though it is not yet, and why.

    MODEL is the folder that `sensorium links fit` wrote. Never suggested are the node itself, those
    it is tied to, and those that the rules refuse; private ties are told by nothing that is said.
    """
    if everyone == bool(nodes):
        raise UsageError("say for whom", next_step="give --node ID, or --everyone")
    if everyone:
        _for_everyone(served, top, out, as_json)
        return
    found = {node: served.recommender.recommend(node, top, exclude) for node in nodes}
    if out is not None:
        rows = [
            (node, place, one.node, one.score, one.probability, one.reasons.sentence)
            for node, suggestions in found.items()
            for place, one in enumerate(suggestions, 1)
        ]
        _write(out, ["node", "place", "suggested", "score", "probability", "because"], rows)
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"version": served.version, "suggestions": found})
        return
    for node, suggestions in found.items():
        many = "" if len(suggestions) == 1 else "s"
        said = f"{len(suggestions)} suggestion{many}" if suggestions else "nobody"
        click.echo(f"{node}: {said}")
        width = max((len(one.node) for one in suggestions), default=0)
        for one in suggestions:
            click.echo(f"  {one.node:<{width}}  {one.probability:6.1%}  {one.reasons.sentence}")


def _for_everyone(served: Served, top: int, out: Path | None, as_json: bool) -> None:
    from sensorium.links.serving.coverage import suggested_to_all

    names = served.recommender.names
    with click.progressbar(length=len(names), label="suggesting", file=sys.stderr) as bar:
        lists, report = suggested_to_all(served.recommender, top, bar.update)
    if out is not None:
        rows = [
            (names.name(row), place, names.name(int(other)), float(score))
            for row, (rows_, scores) in enumerate(lists)
            for place, (other, score) in enumerate(zip(rows_, scores, strict=True), 1)
        ]
        _write(out, ["node", "place", "suggested", "score"], rows)
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"version": served.version, "coverage": report})
        return
    _show(report)


def _show(report: Coverage) -> None:
    click.echo(
        f"{report.suggestions:,} suggestions to {report.nodes:,} nodes; "
        f"{report.unserved:,} nodes get none; {report.covered:.1%} of nodes are suggested"
    )
    click.echo(f"  {'ties':<12}{'nodes':>9}{'suggested':>12}{'of all':>9}{'per node':>10}")
    for group in report.groups:
        click.echo(
            f"  {group.ties:<12}{group.nodes:>9,}{group.covered:>12.1%}"
            f"{group.share:>9.1%}{group.per_node:>10.1f}"
        )


def _write(path: Path, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    import pyarrow as pa
    from pyarrow import csv, parquet

    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    table = pa.table({name: list(of) for name, of in zip(columns, values, strict=True)})
    try:
        if path.suffix == ".parquet":
            parquet.write_table(table, path)
        else:
            csv.write_csv(table, str(path), csv.WriteOptions(quoting_style="needed"))
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror or error}", next_step="name another place"
        ) from error
    click.echo(f"written: {path}", err=True)
