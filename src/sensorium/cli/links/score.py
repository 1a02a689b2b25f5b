"""``sensorium links score``: how likely the pairs of a file are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sensorium.cli.links.answers import asked_of_a_model

if TYPE_CHECKING:
    from sensorium.links.serving.served import Served


@click.command()
@asked_of_a_model
@click.option(
    "--pairs",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV or Parquet file whose first two columns are ids.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the scores there, as CSV or Parquet (default: CSV to standard output).",
)
def score(served: Served, pairs: Path, out: Path | None) -> None:
    """Write a score and a probability for each pair of a file, as CSV or Parquet.

    MODEL is the folder that `sensorium links fit` wrote. The probability is calibrated on as many
    linked as unlinked pairs.
    """
    import sys

    import pyarrow as pa
    from pyarrow import csv

    from sensorium.errors import UsageError
    from sensorium.links.graph.pairs import read_pairs

    table = read_pairs(pairs, served.recommender.names)
    one, other = (table[name].to_pylist() for name in table.column_names)
    scores = served.recommender.score(list(zip(one, other, strict=True)))
    for at, name in enumerate(("score", "probability")):
        table = table.append_column(name, pa.array([row[at] for row in scores], pa.float64()))
    options = csv.WriteOptions(quoting_style="needed")
    if out is None:
        sys.stdout.flush()
        csv.write_csv(table, sys.stdout.buffer, options)
        return
    try:
        if out.suffix == ".parquet":
            from pyarrow import parquet

            parquet.write_table(table, out)
        else:
            csv.write_csv(table, str(out), options)
    except OSError as error:
        raise UsageError(
            f"cannot write {out}: {error.strerror or error}", next_step="name another place"
        ) from error
    click.echo(f"written: {out}", err=True)
