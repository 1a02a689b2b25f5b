"""Files of rows as Arrow tables: CSV and TSV (also compressed), Parquet, lists parted by space."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from csv import reader as cells_of
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sensorium.errors import UsageError
from sensorium.links.graph.forms import form_of

_PARQUET: Final = b"PAR1"
_MATRIX: Final = "%%MatrixMarket matrix coordinate"
_COMMENT: Final = "#%"
_HEAD: Final = 65_536
_EVEN: Final = "give every row as many cells as the first one; a row is one edge, or one node"

Choose = Callable[[Sequence[str]], Sequence[str]]
Heading = Callable[[str], bool]


def read_table(
    path: Path, heading: Heading | None, ids: Choose, *, recurring: bool = False
) -> tuple[pa.Table, list[str]]:
    """Read a file; two cells that are a ``heading`` tell that its first line is one of names.

    It is also taken for one where it holds no value and the second line does, and always where
    ``heading`` is None; with ``recurring`` also where it holds no value and no other row has one
    of its ids: nodes of a graph come again, names of columns do not. Lines that begin with # or %
    are comments, and a Matrix Market file's line of sizes is none of its rows. ``ids`` says which
    of the columns there are hold ids, which are read as they stand: 007 is not 7. Also gives notes
    on what was assumed. Raises UsageError for what cannot be read.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror or error}", next_step="give a file that exists"
        ) from error
    if magic != _PARQUET and path.suffix.lower() in {".parquet", ".pq"}:
        raise UsageError(
            f"{path} is called a Parquet file and is none", next_step="write it again, or as CSV"
        )
    try:
        if magic == _PARQUET:
            from pyarrow import parquet

            return _plain(parquet.read_table(path), path), []
        table, notes = _text_table(path, heading, ids, recurring=recurring)
    except (pa.ArrowException, OSError, UnicodeDecodeError, EOFError) as error:
        said = str(error).splitlines()[0].removeprefix("CSV parse error: ")
        raise UsageError(f"cannot read {path}: {said}", next_step=_remedy(said)) from error
    return _plain(table, path), notes


def text_of(table: pa.Table, name: str, path: Path) -> pa.ChunkedArray:
    """A column as strings without spaces around them; UsageError where it holds no text."""
    column = table[name]
    try:
        return pc.utf8_trim_whitespace(column.cast(pa.string()))
    except pa.ArrowException as error:
        raise UsageError(
            f"column {name} of {path} is of type {column.type}, which is no text",
            next_step="write it as text or whole numbers, or name other columns",
        ) from error


def _plain(table: pa.Table, path: Path) -> pa.Table:
    """The same with one type for all texts; UsageError where a column's name is not its own."""
    names = table.column_names
    twice = next((name for n, name in enumerate(names) if name in names[:n]), None)
    if twice is not None:
        raise UsageError(f"{path} has two columns {twice!r}", next_step="give each its own name")
    for place, field in enumerate(table.schema):
        kind = field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            kind = pa.string()
        if kind != field.type:
            table = table.set_column(place, field.name, table.column(place).cast(kind))
    return table


def _remedy(said: str) -> str:
    if "UTF8" in said or "utf-8" in said:
        return "save it as UTF-8"
    if said.startswith("Expected "):
        return _EVEN
    return "CSV, TSV, Parquet, or two ids a line parted by space"


def _text_table(
    path: Path, heading: Heading | None, ids: Choose, *, recurring: bool
) -> tuple[pa.Table, list[str]]:
    head = _head_of(path)
    if form := form_of(head):
        raise UsageError(
            f"{path} is {form}, which is not read",
            next_step="save it as CSV: a row an edge with two ids, or for features a row a node",
        )
    lines = head.splitlines()
    skipped = _comments(lines, 0)
    matrix = head.startswith(_MATRIX)
    if matrix:
        skipped = _comments(lines, skipped + 1)
    if skipped >= len(lines):
        raise UsageError(f"{path} is empty", next_step="give a file with a line for each row")
    first = lines[skipped]
    parted = next((mark for mark in (",", "\t", ";") if mark in first), " ")
    named = not matrix and _is_heading(lines[skipped : skipped + 2], parted, heading)
    if parted == " " and re.search(r"\S {2,}\S|\S +$|^ +\S", head, re.MULTILINE):
        table = _by_space(path, skipped + named, _cells(first, parted) if named else None)
    else:
        cells = _cells(first, parted)
        names = cells if named else [f"f{n}" for n in range(len(cells))]
        table = _by_mark(path, skipped + named, parted, names, ids)
    if named:
        return table, []
    if recurring and (found := _never_again(table)):
        said = ", ".join(found)
        return table.slice(1).rename_columns(found), [
            f"the first line of {path.name} ({said}) is read as names: no other row has these ids"
        ]
    return table, [f"the first line of {path.name} is read as a row, not as names"]


def _head_of(path: Path) -> str:
    with pa.input_stream(str(path), compression="detect") as stream:
        head = bytes(stream.read(_HEAD))
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise UsageError(f"{path} is text in UTF-16", next_step="save it as UTF-8")
    if b"\0" in head:
        raise UsageError(
            f"{path} holds no text",
            next_step="CSV, TSV, Parquet, or two ids a line parted by space",
        )
    return head.decode("utf-8-sig", "replace")


def _comments(lines: list[str], at: int) -> int:
    """Where the first line from ``at`` on is that is neither empty nor a comment."""
    while at < len(lines) and (not lines[at].strip() or lines[at][0] in _COMMENT):
        at += 1
    return at


def _by_mark(path: Path, skipped: int, parted: str, names: list[str], ids: Choose) -> pa.Table:
    def odd(row: csv.InvalidRow) -> str:
        return "skip" if row.text and row.text[0] in _COMMENT else "error"

    with pa.input_stream(str(path), compression="detect") as stream:
        return csv.read_csv(
            stream,
            read_options=csv.ReadOptions(skip_rows=skipped, column_names=names),
            parse_options=csv.ParseOptions(delimiter=parted, invalid_row_handler=odd),
            convert_options=csv.ConvertOptions(
                strings_can_be_null=True,
                null_values=[""],
                column_types={name: pa.string() for name in ids(names)},
            ),
        )


def _never_again(table: pa.Table) -> list[str] | None:
    """The first row, where it may be one of names and neither of its ids comes again."""
    first = [column[0].as_py() for column in table.columns]
    names = [cell for cell in first if isinstance(cell, str)]
    if len(first) < 2 or len(set(names)) < len(first) or any(map(_is_value, names)):
        return None
    looked = pa.array(names[:2])
    again = [pc.any(pc.is_in(column.slice(1), looked)).as_py() for column in table.columns[:2]]
    return None if any(again) else names


def _by_space(path: Path, skipped: int, names: list[str] | None) -> pa.Table:
    """Columns lined up with several spaces, which the CSV reader takes for empty cells."""
    with pa.input_stream(str(path), compression="detect") as stream:
        lines = stream.read().decode("utf-8-sig").splitlines()[skipped:]
    rows = [line.split() for line in lines if line.strip() and line[0] not in _COMMENT]
    width = len(names or rows[0])
    ragged = next((n for n, row in enumerate(rows) if len(row) != width), None)
    if ragged is not None:
        raise UsageError(
            f"{path}: row {ragged + 1} has {len(rows[ragged])} cells, the first one {width}",
            next_step=_EVEN,
        )
    called = names or [f"f{n}" for n in range(width)]
    return pa.table({name: [row[n] for row in rows] for n, name in enumerate(called)})


def _is_heading(lines: list[str], parted: str, heading: Heading | None) -> bool:
    if heading is None:
        return True
    cells = [_cells(line, parted) for line in lines]
    if cells[0][:2] == ["", "0"]:
        return True  # a table saved with its index, whose columns had no names
    if sum(map(heading, cells[0])) > 1:
        return True
    if any(map(_is_value, cells[0])) or len(cells) < 2:
        return False
    return any(map(_is_value, cells[1]))


def _cells(line: str, parted: str) -> list[str]:
    if parted == " ":
        return [cell.strip('"') for cell in line.split()]
    return [cell.strip() for cell in next(cells_of([line], delimiter=parted))]


def _is_value(cell: str) -> bool:
    """Whether this is a number or a date, which nothing is called."""
    for value_of in (float, datetime.fromisoformat):
        try:
            value_of(cell)
        except ValueError:
            continue
        return True
    return False
