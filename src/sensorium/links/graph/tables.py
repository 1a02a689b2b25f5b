"""Files of rows as Arrow tables: CSV and TSV (also compressed), Parquet, lists parted by space."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import csv

from sensorium.errors import UsageError

_PARQUET: Final = b"PAR1"
_HEAD: Final = 65_536

Choose = Callable[[Sequence[str]], Sequence[str]]


def read_table(
    path: Path, headings: AbstractSet[str] | None, ids: Choose
) -> tuple[pa.Table, list[str]]:
    """Read a file; two of ``headings`` in its first line tell that this is one of names.

    It is also taken for one where it holds no number and the second line does, and always where
    ``headings`` is None. Lines
    before it that begin with # or % are comments. ``ids`` says which of the columns there are hold
    ids, which are read as they stand: 007 is not 7. Also gives notes on what was assumed.
    Raises UsageError for what cannot be read.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror or error}", next_step="give a file that exists"
        ) from error
    try:
        if magic == _PARQUET:
            from pyarrow import parquet

            return parquet.read_table(path), []
        return _text_table(path, headings, ids)
    except (pa.ArrowException, OSError, UnicodeDecodeError, EOFError) as error:
        raise UsageError(
            f"cannot read {path}: {str(error).splitlines()[0]}",
            next_step="CSV, TSV, Parquet, or two ids a line parted by space",
        ) from error


def _text_table(
    path: Path, headings: AbstractSet[str] | None, ids: Choose
) -> tuple[pa.Table, list[str]]:
    with pa.input_stream(str(path), compression="detect") as stream:
        head = stream.read(_HEAD).decode("utf-8", "replace")
    lines = head.splitlines()
    skipped = 0
    while skipped < len(lines) and (not lines[skipped].strip() or lines[skipped][0] in "#%"):
        skipped += 1
    if skipped == len(lines):
        raise UsageError(f"{path} is empty", next_step="give a file with a line for each row")
    first = lines[skipped]
    parted = next((mark for mark in (",", "\t", ";") if mark in first), " ")
    named = _is_heading(lines[skipped : skipped + 2], parted, headings)
    notes = [] if named else [f"the first line of {path.name} is read as a row, not as names"]
    if parted == " " and re.search(r"\S {2,}\S|\S +$", head, re.MULTILINE):
        return _by_space(path, named), notes
    cells = _cells(first, parted)
    names = cells if named else [f"f{n}" for n in range(len(cells))]
    with pa.input_stream(str(path), compression="detect") as stream:
        table = csv.read_csv(
            stream,
            read_options=csv.ReadOptions(skip_rows=skipped + named, column_names=names),
            parse_options=csv.ParseOptions(delimiter=parted),
            convert_options=csv.ConvertOptions(
                strings_can_be_null=True,
                null_values=[""],
                column_types={name: pa.string() for name in ids(names)},
            ),
        )
    return table, notes


def _by_space(path: Path, named: bool) -> pa.Table:
    """Columns lined up with several spaces, which the CSV reader takes for empty cells."""
    with pa.input_stream(str(path), compression="detect") as stream:
        text = stream.read().decode("utf-8")
    rows = [line.split() for line in text.splitlines() if line.strip() and line[0] not in "#%"]
    width = len(rows[0])
    ragged = next((n for n, row in enumerate(rows) if len(row) != width), None)
    if ragged is not None:
        raise UsageError(
            f"{path}: row {ragged + 1} has {len(rows[ragged])} cells, the first one {width}",
            next_step="give every row as many",
        )
    names = rows.pop(0) if named else [f"f{n}" for n in range(width)]
    return pa.table({name: [row[n] for row in rows] for n, name in enumerate(names)})


def _is_heading(lines: list[str], parted: str, headings: AbstractSet[str] | None) -> bool:
    if headings is None:
        return True
    cells = [_cells(line, parted) for line in lines]
    if len({cell.lower() for cell in cells[0]} & headings) > 1:
        return True
    if any(_number(cell) for cell in cells[0]) or len(cells) < 2:
        return False
    return any(_number(cell) for cell in cells[1])


def _cells(line: str, parted: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(None if parted == " " else parted)]


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
