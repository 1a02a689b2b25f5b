"""``sensorium detect``: what is odd in the metric series of a file of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli.writing import written
from sensorium.errors import UsageError

if TYPE_CHECKING:
    from sensorium.detect.series.columns import ScoredColumn
    from sensorium.ingest.table import SeriesTable

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--warmup",
    type=click.IntRange(min=0),
    metavar="N",
    help="Rows taken as history and not judged (default: 15 % of the file, at most 750).",
)
@click.option("--time", default="", metavar="COLUMN", help="The time column (default: found).")
@click.option(
    "--column",
    "wanted",
    multiple=True,
    metavar="COLUMN",
    help="A column of values; may be repeated (default: all numbers).",
)
@click.option("--scores", type=_FILE, help="Write score and tail probability of each row, as CSV.")
@click.option("--plot", type=_FILE, help="Draw the series and its alarms, as .svg or .png.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def detect(
    file: Path,
    warmup: int | None,
    time: str,
    wanted: tuple[str, ...],
    scores: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Find what is odd in the metric series of FILE, a CSV or Parquet file, or in a recording.

    FILE has a time column (ISO 8601, 31.12.2026, or s to ns since 1970; without one, rows count)
    and one or many columns of numbers. Each column is judged row by row from the rows before it
    alone, with the same defaults for every series; of several columns, each row is also judged over
    all of them together. A score of 1 or more is an alarm.

    A folder is read as a recording of a network: its flows, log lines and metrics go through all
    detectors, window by window, with the default settings, and what passes is told.
    """
    from sensorium.detect.series.columns import score_columns, score_together
    from sensorium.detect.series.detector import history_rows
    from sensorium.ingest.table import read_series

    if plot is not None and plot.suffix.lower() not in {".svg", ".png"}:
        raise UsageError(f"cannot draw {plot}", next_step="name a file that ends in .svg or .png")
    if file.is_dir():
        if warmup is not None or time or wanted:
            raise UsageError(
                f"{file} is a folder, and --warmup, --time and --column are for tables",
                next_step="leave them out, or name a CSV or Parquet file",
            )
        from sensorium.cli.detect_recording import detect_recording

        detect_recording(file, scores, plot, as_json=as_json)
        return
    table = read_series(file, time=time, wanted=wanted)
    history = history_rows(len(table)) if warmup is None else warmup
    if history >= len(table):
        raise UsageError(
            f"{file} has {len(table):,} rows: with {history:,} as history none is left to judge",
            next_step="give a smaller --warmup",
        )
    columns = list(score_columns(table.times, table.columns, history))
    if len(columns) > 1:
        # One more, which is told first: what is odd of a host is seldom odd in one series alone.
        columns.insert(0, score_together(table.times, table.columns, history))
    for note in table.notes:
        click.echo(f"note: {note}", err=True)
    if as_json:
        from sensorium.cli.output import print_json

        print_json(_as_json(file, table, columns, history))
    else:
        from sensorium.cli.detect_view import show

        show(file, table, columns, history)
    _write(table, columns, history, scores, plot)


def _write(
    table: SeriesTable,
    columns: list[ScoredColumn],
    history: int,
    scores: Path | None,
    plot: Path | None,
) -> None:
    for path, write in ((scores, _write_scores), (plot, _write_plot)):
        if path is not None:
            with written(path):
                write(path, table, columns, history)


def _as_json(
    file: Path, table: SeriesTable, columns: list[ScoredColumn], history: int
) -> dict[str, Any]:
    own = columns[1:] or columns
    return {
        "file": str(file),
        "rows": len(table),
        "time_column": table.time_name or None,
        "history_rows": history,
        "notes": table.notes,
        "together": _alarms_as_json(columns[0]) if len(columns) > 1 else None,
        "columns": [
            {
                "name": column.name,
                "missing": column.missing,
                "counter": column.counter,
                "alarms": _alarms_as_json(column),
            }
            for column in own
        ],
    }


def _alarms_as_json(column: ScoredColumn) -> list[dict[str, Any]]:
    from sensorium.cli.detect_view import moment

    return [
        {
            "row": alarm.row,
            "time": None if alarm.time_ns is None else moment(alarm.time_ns),
            "score": alarm.score,
            "tail_probability": alarm.tail_probability,
            "reason": alarm.reason,
            "seen": alarm.seen,
            "nearest": alarm.nearest,
            "sentence": alarm.sentence,
        }
        for alarm in column.alarms
    ]


def _write_scores(path: Path, table: SeriesTable, columns: list[ScoredColumn], _: int) -> None:
    """The rows as they were read, in order of time, with what is said of each."""
    import pyarrow as pa
    from pyarrow import csv

    out: dict[str, Any] = {}
    if table.times is not None:
        whole = not (table.times % 10**9).any()
        times = pa.array(table.times, pa.timestamp("ns"))
        out[table.time_name] = times.cast(pa.timestamp("s")) if whole else times
    row, own = columns[0], columns[1:] or columns
    for column in own:
        out[column.name] = pa.array(column.values, from_pandas=True)
    said = {"score": row.scores, "tail_probability": row.tails}
    if len(columns) > 1:
        for column in own:
            said[f"score.{column.name}"] = column.scores
            said[f"tail_probability.{column.name}"] = column.tails
    for name, numbers in said.items():
        # A column of the file that is called the same keeps its name.
        out[name if name not in out else f"detect.{name}"] = pa.array(numbers, from_pandas=True)
    csv.write_csv(pa.table(out), str(path), csv.WriteOptions(quoting_style="needed"))


def _write_plot(path: Path, table: SeriesTable, columns: list[ScoredColumn], history: int) -> None:
    if path.suffix.lower() == ".svg":
        from sensorium.cli.detect_svg import draw
    else:
        from sensorium.cli.detect_png import draw
    draw(path, table.times, columns, history)
