"""Lines of cells that one character parts, as columns of text."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from sensorium.ingest.exports.problem import Refusals


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
