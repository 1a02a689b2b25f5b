"""Edges in files of one's own: CSV, Parquet, and lists of edges.

Ids of nodes are text: whatever stands in the file. Where columns are not named by the caller, those
of usual names are taken, else the first two that say nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.errors import UsageError
from sensorium.links.graph.columns import KINDS, WEIGHTS, ends_named, ends_of, only_mark, usual
from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.forms import is_matrix
from sensorium.links.graph.names import Names
from sensorium.links.graph.tables import read_table, text_of
from sensorium.links.graph.times import time_column, times_first, times_of

_MOST_KINDS: Final = 32_767


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """A graph from a file, the names of its nodes and of its kinds of edges.

    ``notes`` says in sentences what was left out or assumed.
    """

    graph: Graph
    names: Names
    kinds: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def read_edges(
    path: Path,
    *,
    columns: tuple[str, str] | None = None,
    time: str | None = None,
    also: pa.Array | None = None,
) -> Edges:
    """Read an undirected graph from a CSV, TSV, Parquet, Matrix Market or edge-list file.

    ``columns`` names the two columns of ids, ``time`` that of times; columns without names are
    f0, f1 and so on. ``also`` are ids of further nodes, which may have no edge. Raises UsageError
    for what cannot be used.
    """
    table, (source, target), when, notes = _columns(path, columns, time)
    whole = table.num_rows
    ends = [text_of(table, name, path) for name in (source, target)]
    table = table.filter(pc.and_(*(pc.not_equal(pc.fill_null(end, ""), "") for end in ends)))
    if table.num_rows < whole:
        notes.append(f"{whole - table.num_rows:,} rows without one of the two ids left out")
    if table.num_rows == 0:
        raise UsageError(f"{path} has no edges", next_step="a row has the ids of two nodes")
    one, other = (text_of(table, name, path) for name in (source, target))
    names = Names.of(one, other, *([] if also is None else [also]))
    kinds, kind_names = _kinds(table, {source, target}, path, notes)
    graph = Graph.from_edges(
        len(names),
        names.find(one),
        names.find(other),
        times=None if when is None else times_of(table[when], path),
        kinds=kinds,
        weights=_weights(table, {source, target}),
    )
    if graph.dropped:
        notes.append(
            f"{graph.dropped:,} rows that repeat an edge or link a node to itself merged; "
            "an edge is the same in both directions"
        )
    if graph.edges == 0:
        raise UsageError(f"{path} links no two different nodes", next_step="look at its columns")
    return Edges(graph, names, kind_names, notes)


def _columns(
    path: Path, columns: tuple[str, str] | None, time: str | None
) -> tuple[pa.Table, tuple[str, str], str | None, list[str]]:
    """The rows of a file, which columns hold ids and which the time, and what to note of that."""
    table, notes = read_table(
        path, usual, lambda names: columns or ends_of(names, path), recurring=True
    )
    found = columns
    if columns is None and times_first(table):
        found, time = ("f1", "f2"), time or "f0"
        table, notes = read_table(path, usual, lambda _: ("f1", "f2"), recurring=True)
        notes.append("column 1 (f0) is read as times, columns 2 and 3 as ids (others: --columns)")
    elif columns is None and is_matrix(table):
        raise UsageError(
            f"{path} has as many rows as columns: it looks like a matrix, which is not read",
            next_step="give a row an edge, with the ids of two nodes",
        )
    source, target = found or ends_of(table.column_names, path)
    for name in (source, target, *([time] if time else [])):
        if name not in table.column_names:
            raise UsageError(
                f"{path} has no column {name!r}",
                next_step=f"it has {', '.join(table.column_names)}",
            )
    for name in (source, target) if found is None and table.num_columns > 2 else ():
        if mark := only_mark(table[name]):
            raise UsageError(
                f"column {name} of {path} holds {mark!r} in every row, which is no id",
                next_step="name the two columns of ids: --columns A,B",
            )
    told = source == "f0" or ends_named((source, target)) is not None
    if found is None and table.num_columns > 2 and not told:
        notes.append(f"ids are taken from the columns {source} and {target} (others: --columns)")
    return table, (source, target), time or time_column(table, {source, target}, notes), notes


def _found(table: pa.Table, wanted: tuple[str, ...], but: set[str]) -> str | None:
    for name in table.column_names:
        if name.lower() in wanted and name not in but:
            return str(name)
    return None


def _weights(table: pa.Table, but: set[str]) -> np.ndarray[Any, Any] | None:
    name = _found(table, WEIGHTS, but)
    column = None if name is None else table[name]
    if column is None or not (
        pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    ):
        return None
    weights: np.ndarray[Any, Any] = pc.fill_null(
        column.cast(pa.float32(), safe=False), 1
    ).to_numpy()
    return weights


def _kinds(
    table: pa.Table, but: set[str], path: Path, notes: list[str]
) -> tuple[np.ndarray[Any, Any] | None, tuple[str, ...]]:
    name = _found(table, KINDS, but)
    if name is None:
        return None, ()
    coded = pc.fill_null(text_of(table, name, path), "").combine_chunks().dictionary_encode()
    if len(coded.dictionary) > _MOST_KINDS:
        notes.append(f"column {name} has {len(coded.dictionary):,} different values: no kinds")
        return None, ()
    return coded.indices.to_numpy().astype(np.int16), tuple(coded.dictionary.to_pylist())
