"""Pairs of ids in a file of one's own, to be scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from sensorium.errors import UsageError
from sensorium.links.graph.reading import HEADINGS, SOURCES, TARGETS
from sensorium.links.graph.tables import read_table


def read_pairs(path: Path) -> pa.Table:
    """The two columns of ids, as text, under their names.

    Those of usual names are taken, else the first two. Raises UsageError for what cannot be used.
    """
    table, _ = read_table(path, HEADINGS, _ends)
    ends = _ends(table.column_names)
    if len(ends) < 2:
        raise UsageError(f"{path} has one column", next_step="give two ids in each row")
    chosen = table.select(list(ends))
    ids = chosen.cast(pa.schema([(name, pa.string()) for name in chosen.column_names]))
    if any(column.null_count for column in ids.columns):
        raise UsageError(f"{path} has a row with one id", next_step="give two ids in each row")
    return ids


def _ends(names: Sequence[str]) -> Sequence[str]:
    lower = {name.lower(): name for name in reversed(names)}
    source = next((lower[name] for name in SOURCES if name in lower), None)
    target = next((lower[name] for name in TARGETS if name in lower), None)
    return (source, target) if source and target else names[:2]
