"""Edges and features in files of one's own: CSV, Parquet, and lists of edges.

Ids of nodes are text: whatever stands in the file. Where columns are not named by the caller, those
of usual names are taken, else the first two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.errors import UsageError
from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.names import Names
from sensorium.links.graph.tables import read_table, text_of

SOURCES: Final = ("source", "src", "from", "u", "user", "node1", "node_1", "id1", "id_1")
TARGETS: Final = ("target", "dst", "to", "v", "friend", "node2", "node_2", "id2", "id_2")
TIMES: Final = ("time", "timestamp", "ts", "time_ns", "date", "datetime", "when", "since")
WEIGHTS: Final = ("weight", "count", "strength")
KINDS: Final = ("kind", "type", "relation", "label")
HEADINGS: Final = frozenset((*SOURCES, *TARGETS, *TIMES, *WEIGHTS, *KINDS))

_EPOCHS: Final = ((92 * 10**8, 10**9), (92 * 10**11, 10**6), (92 * 10**14, 10**3))
"""Below each bound, what one unit of a time in numbers is in nanoseconds: s, ms, us; else ns. Each
bound is a time in 2261, beyond which nanoseconds have no room in 64 bits."""
_SINCE: Final = 10**8 * 10**9
"""Spring of 1973 in nanoseconds: whole numbers beside ids that are all later may be times."""
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
    table, notes = read_table(
        path, HEADINGS, lambda names: columns or _ends(names, path), recurring=True
    )
    source, target = columns or _ends(table.column_names, path)
    for name in (source, target, *([time] if time else [])):
        if name not in table.column_names:
            raise UsageError(
                f"{path} has no column {name!r}",
                next_step=f"it has {', '.join(table.column_names)}",
            )
    usual = source == "f0" or source.lower() in SOURCES
    if columns is None and table.num_columns > 2 and not usual:
        notes.append(f"ids are taken from the columns {source} and {target} (others: --columns)")
    when = time or _time_column(table, {source, target}, notes)
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
        times=None if when is None else _times(table[when], path),
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


def _ends(names: Sequence[str], path: Path) -> tuple[str, str]:
    """The two columns of ids: those of usual names, else the first two that say nothing else."""
    if len(names) < 2:
        raise UsageError(
            f"{path} has one column", next_step="a row has the ids of two nodes, parted by commas"
        )
    lower = {name.lower(): name for name in reversed(names)}
    for one, other in zip(SOURCES, TARGETS, strict=True):
        if one in lower and other in lower:
            return lower[one], lower[other]
    ids = [name for name in names if name.lower() not in {*TIMES, *WEIGHTS, *KINDS}]
    return (ids[0], ids[1]) if len(ids) > 1 else (names[0], names[1])


def _found(table: pa.Table, wanted: tuple[str, ...], but: set[str]) -> str | None:
    for name in table.column_names:
        if name.lower() in wanted and name not in but:
            return str(name)
    return None


def _time_column(table: pa.Table, but: set[str], notes: list[str]) -> str | None:
    """The column of times: by its name, or without names one whose numbers are dates."""
    for name in table.column_names:
        if name.lower() in TIMES and name not in but:
            return str(name)
    if table.column_names[0] != "f0":
        return None
    for name in table.column_names[2:]:
        column = table[name]
        if pa.types.is_string(column.type):
            column = _parsed(column)
        if name in but or column.null_count or not pa.types.is_integer(column.type):
            continue
        ends = pc.min_max(column)
        low, high = ends["min"].as_py(), ends["max"].as_py()
        if low is not None and low * _unit(high) >= _SINCE:
            notes.append(f"column {int(name[1:]) + 1} ({name}) is read as times")
            return str(name)
    return None


def _unit(largest: float) -> int:
    return next((unit for bound, unit in _EPOCHS if largest < bound), 1)


def _times(column: pa.ChunkedArray, path: Path) -> np.ndarray[Any, Any]:
    if pa.types.is_string(column.type):
        column = _parsed(column)
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("ns")).cast(pa.int64())
        units = 1
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        whole = pa.types.is_integer(kind) and kind != pa.uint64()
        column = column.cast(pa.int64() if whole else pa.float64(), safe=False)
        if not whole:
            there = pc.less(pc.abs(column), 9.2e18)
            column = pc.if_else(there, column, pa.scalar(None, pa.float64()))
        units = _unit(pc.max(pc.abs(column)).as_py() or 0)
    else:
        column = pa.chunked_array([pa.nulls(len(column), pa.int64())])
    if column.null_count:
        raise UsageError(
            f"{path} has {column.null_count:,} edges without a time that can be read",
            next_step="ISO 8601, or seconds to nanoseconds since 1970; or take the column out",
        )
    values = column.to_numpy()
    scaled = values * units  # whole numbers stay whole: a float has no room for nanoseconds
    out: np.ndarray[Any, Any] = scaled if scaled.dtype.kind == "i" else np.rint(scaled)
    return out.astype(np.int64)


def _parsed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    for kind in (pa.int64(), pa.float64(), pa.timestamp("ns"), pa.timestamp("ns", "UTC")):
        try:
            return column.cast(kind)
        except pa.ArrowInvalid:
            continue
    return pa.chunked_array([pa.nulls(len(column), pa.timestamp("ns"))])


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
