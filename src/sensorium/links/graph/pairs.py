"""Pairs of ids in a file of one's own, to be scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from sensorium.errors import UsageError
from sensorium.links.graph.columns import ends_named, usual
from sensorium.links.graph.names import Names
from sensorium.links.graph.tables import read_table, text_of


def read_pairs(path: Path, names: Names) -> pa.Table:
    """The two columns of ids, as text, under their names.

    Those of usual names are taken, else the first two. A first line that ``names`` has neither id
    of is one of names. Raises UsageError for what cannot be used.
    """
    table, _ = read_table(path, usual, _ends)
    ends = _ends(table.column_names)
    if len(ends) < 2:
        raise UsageError(f"{path} has one column", next_step="give two ids in each row")
    ids = pa.table([text_of(table, name, path) for name in ends], names=list(ends))
    if ids.column_names == ["f0", "f1"] and len(ids) > 1:
        first = [column[0].as_py() for column in ids.columns]
        if None not in first and first[0] != first[1] and (names.find(first) < 0).all():
            ids = ids.slice(1).rename_columns(first)
    if any(column.null_count for column in ids.columns):
        raise UsageError(f"{path} has a row with one id", next_step="give two ids in each row")
    return ids


def _ends(names: Sequence[str]) -> Sequence[str]:
    return ends_named(names) or names[:2]
