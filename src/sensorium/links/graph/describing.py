"""Features of nodes from a file: a row a node, an id and what is known of it.

Text is a mark for each different value (``city: Bern``); text with ``;`` or ``|`` in it and lists
in Parquet files are several marks; true and false are one mark; whole numbers of few values are
marks; other numbers, and dates, are brought to mean 0 and deviation 1. Cells without a value say
nothing, nor do marks that only one node has where most are such, as names are.
A SciPy file (``.npz``) is taken as it is; its row n is the node whose id is n.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from sensorium.errors import UsageError
from sensorium.links.graph.features import Features
from sensorium.links.graph.names import Names
from sensorium.links.graph.reading import Edges, read_edges
from sensorium.links.graph.tables import read_table, text_of

IDS: Final = ("id", "node", "user", "name", "node_id", "user_id")
MARKS: Final = 5_000
"""A column has at most so many different marks; of more, the most frequent ones are taken."""
_FEW: Final = 12
_PARTED: Final = r"[;|]"

Column = tuple[sp.csr_matrix, list[str]]


class Described:
    """What a features file says, before it is known which nodes a graph has.

    ``ids`` Arrow strings; ``features`` a row for each of them; ``notes`` what was left out.
    """

    def __init__(self, ids: pa.Array, features: Features, notes: list[str]) -> None:
        self.ids, self.features, self.notes = ids, features, notes

    def fit_to(self, tied: Any, names: Names, path: Path) -> list[str]:
        """What to note of who is described; ``tied`` tells which of ``names`` have an edge.

        Raises UsageError where nobody is that has one: the file is of other nodes.
        """
        described = np.zeros(len(names), bool)
        described[names.find(self.ids)] = True
        if not (described & tied).any():
            mine, theirs = names.name(int(np.flatnonzero(tied)[0])), self.ids[0].as_py()
            raise UsageError(
                f"{path} describes none of the nodes that have edges",
                next_step=f"ids are compared letter by letter: {theirs!r} there, {mine!r} here",
            )
        missing, alone = int((~described).sum()), int((~tied).sum())
        notes = [f"{missing:,} nodes without a row in {path.name}"] if missing else []
        if alone:
            notes.append(f"nodes without an edge, told by their features alone: {alone:,}")
        return notes

    def of(self, names: Names) -> Features:
        """The features in the order of a graph's nodes; rows of nothing for those not described."""
        rows = names.find(self.ids)
        here = np.flatnonzero(rows >= 0)
        shape = (len(names), len(self.ids))
        place = sp.csr_matrix((np.ones(len(here), np.float32), (rows[here], here)), shape)
        matrix = (place @ self.features.matrix).tocsr()
        matrix.sort_indices()  # which a product of matrices does not do, and comparing rows needs
        return Features(matrix, self.features.columns, self.features.binary)


def read_features(path: Path, column: str = "") -> Described:
    """Read features; ``column`` names that of ids. Raises UsageError for what cannot be used."""
    if path.suffix == ".npz":
        return _from_scipy(path)
    table, notes = read_table(path, None, lambda names: [column or _id_column(names)])
    chosen = column or _id_column(table.column_names)
    if chosen not in table.column_names:
        raise UsageError(
            f"{path} has no column {chosen!r}", next_step=f"it has {', '.join(table.column_names)}"
        )
    ids = text_of(table, chosen, path).combine_chunks()
    if ids.null_count or pc.count_distinct(ids).as_py() != len(ids):
        raise UsageError(
            f"{path}: an id is missing or there twice in column {chosen!r}",
            next_step="a row a node; several values of one node go into one cell, parted by ;",
        )
    made = []
    for name in table.column_names:
        if name == chosen:
            continue
        parts = [(matrix, names) for matrix, names in _made(table, name) if names]
        if not parts:
            notes.append(
                f"column {name} of {path.name} tells no two nodes alike or apart: not used"
            )
        made.extend(parts)
    if not made:
        raise UsageError(f"{path} says nothing beside ids", next_step="add columns of features")
    columns = tuple(name for _, names in made for name in names)
    return Described(ids, Features.of(sp.hstack([part for part, _ in made]), columns), notes)


def read_described(
    edges: Path, features: Path | None, *, columns: tuple[str, str] | None, time: str | None
) -> tuple[Edges, Features | None]:
    """A graph and what is known of its nodes, which may have no edge; see :func:`.read_edges`.

    Raises UsageError for files that cannot be used, and for features of other nodes.
    """
    if features is None:
        return read_edges(edges, columns=columns, time=time), None
    described = read_features(features)
    read = read_edges(edges, columns=columns, time=time, also=described.ids)
    read.notes.extend(described.notes)
    read.notes.extend(described.fit_to(read.graph.degree() > 0, read.names, features))
    return read, described.of(read.names)


def _from_scipy(path: Path) -> Described:
    try:
        matrix = sp.load_npz(path)
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            f"cannot read {path}: {str(error).splitlines()[0]}",
            next_step="a sparse matrix saved by scipy.sparse.save_npz",
        ) from error
    ids = pa.array(np.arange(matrix.shape[0])).cast(pa.string())
    return Described(ids, Features.of(matrix), [])


def _id_column(names: Any) -> str:
    lower = {name.lower(): name for name in reversed(names)}
    found: str = next((lower[name] for name in IDS if name in lower), names[0])
    return found


def _made(table: pa.Table, name: str) -> Iterator[Column]:
    column = table[name].combine_chunks()
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield _marks(
            name, pc.list_parent_indices(column), column.flatten().cast(pa.string()), len(column)
        )
    elif pa.types.is_boolean(kind):
        rows = np.flatnonzero(pc.fill_null(column, False).to_numpy(zero_copy_only=False))
        yield _single(rows, np.ones(len(rows)), len(column)), [name]
    elif pa.types.is_integer(kind) and 2 < pc.count_distinct(column).as_py() <= _FEW:
        yield _marks(name, np.arange(len(column)), column.cast(pa.string()), len(column))
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        yield from _number(name, column)
    elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        yield from _number(name, column.cast(pa.timestamp("s"), safe=False).cast(pa.int64()))
    elif pa.types.is_string(kind):
        parts = pc.split_pattern_regex(column, _PARTED)
        yield _marks(name, pc.list_parent_indices(parts), parts.flatten(), len(column))


def _number(name: str, column: Any) -> Iterator[Column]:
    values = pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(np.isfinite(values))
    there = values[rows]
    if not len(rows):
        return
    if set(np.unique(there)) <= {0.0, 1.0}:
        yield _single(rows, there, len(values)), [name]
        return
    spread = there.std()
    if spread > 0:
        yield _single(rows, (there - there.mean()) / spread, len(values)), [name]


def _single(rows: Any, values: Any, length: int) -> sp.csr_matrix:
    return sp.csr_matrix((values, (rows, np.zeros(len(rows), int))), (length, 1), np.float32)


def _marks(name: str, rows: Any, values: Any, length: int) -> Column:
    values = pc.utf8_trim_whitespace(values)
    coded = values.dictionary_encode()
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    words = coded.dictionary.to_pylist()
    held = np.bincount(codes[codes >= 0], minlength=len(words))
    held[[n for n, word in enumerate(words) if not word]] = 0
    alone = held == 1
    if len(words) > _FEW and 2 * alone.sum() > len(words):
        held[alone] = 0  # names, addresses: nobody else has it, and it says nothing of two
    chosen = np.sort(np.argsort(-held, kind="stable")[: min(MARKS, int((held > 0).sum()))])
    place = np.full(len(words) + 1, -1)
    place[chosen] = np.arange(len(chosen))
    at = place[codes]
    rows = np.asarray(rows)[at >= 0]
    matrix = sp.csr_matrix((np.ones(len(rows)), (rows, at[at >= 0])), (length, len(chosen)))
    matrix.data[:] = 1  # the same mark twice in a cell is one
    return matrix, [f"{name}: {words[n]}" for n in chosen]
