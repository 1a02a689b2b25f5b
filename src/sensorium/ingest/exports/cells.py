"""Lines of cells that one character parts, as columns of text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from sensorium.ingest.exports.lines import distinct, pieces
from sensorium.ingest.exports.problem import Refusals


def titled(
    file: BinaryIO,
    separators: re.Pattern[str],
    refused: Refusals,
    called: Callable[[str], str] = str,
) -> Iterator[pa.Table]:
    """A file whose first line has the titles of its columns, some megabytes at a time.

    What of ``separators`` comes first in it parts all cells. ``called`` makes a column's name of
    its title.
    """
    names: list[str] = []
    separator = ","
    for piece in pieces(file):
        lines = piece
        if not names:
            first, _, lines = piece.partition(b"\n")
            heading = first.decode(errors="replace").strip()
            parted = separators.search(heading)
            separator = parted[0] if parted else separator
            names = distinct(called(title.strip()) for title in heading.split(separator))
        if lines.strip():
            yield table(lines, names, separator, refused)


def table(lines: bytes, names: Sequence[str], separator: str, refused: Refusals) -> pa.Table:
    """Whole lines as columns called ``names``, without the spaces around cells.

    A line of another number of cells is counted as ``malformed``. Where files follow each other,
    the names of columns come again, and are passed over.
    """

    def odd(_: object) -> str:
        refused.add("malformed")
        return "skip"

    read = pa_csv.read_csv(
        pa.BufferReader(lines),
        pa_csv.ReadOptions(column_names=list(names), encoding="latin-1"),
        pa_csv.ParseOptions(delimiter=separator, quote_char=False, invalid_row_handler=odd),
        pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )
    trimmed = [pc.utf8_trim_whitespace(column) for column in read.columns]
    cells = pa.Table.from_arrays(trimmed, names=list(names))
    again = pc.and_(pc.equal(cells.column(0), names[0]), pc.equal(cells.column(1), names[1]))
    return cells.filter(pc.invert(again)).combine_chunks()


def column(cells: pa.Table, name: str, unset: str = "") -> pa.Array:
    """One column; null in all rows where there is none, and where a cell is ``unset``."""
    if name not in cells.column_names or not cells.num_rows:
        return pa.nulls(cells.num_rows, pa.string())
    found = cells.column(name).chunk(0)
    return pc.if_else(pc.equal(found, unset), pa.scalar(None, pa.string()), found)
