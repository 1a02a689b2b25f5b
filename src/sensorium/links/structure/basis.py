"""What a view's vectors are made by, so that those of rows that come or change later fit to them.

A decomposition depends on every tie of a graph, and is made for all nodes at once. Nodes that come
later are folded into it (Deerwester et al. 1990, "Indexing by Latent Semantic Analysis"): they get
the vectors that it has for such ties. Whatever else is told by it is a product of ties and of these
vectors, and follows a change exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy.sparse as sp

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.near import positions_of

Array = np.ndarray[Any, Any]

PENALTIES: Final = (100.0, 0.1)
"""EASE's penalties on ties as they are, and on ties damped by degrees."""
HELD: Final = 0
MOVED: Final = 1
LATER: Final = 2
_FAINT: Final = 1e-6
"""A singular value that is so small a part of the first is noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """Two decompositions, of ties as they are and of damped ones, and who is in them.

    ``values``: singular values of each, float32 (rank,). ``over``: what EASE divides by, float32
    (nodes,) for each. ``state``, uint8 (nodes,): whether a node was there with ties (``HELD``),
    had other ties then (``MOVED``), or had none or came later (``LATER``). ``directions``: what
    features are reduced to, float32 (columns, d); None where they are taken as they are.
    """

    values: tuple[Array, Array]
    over: tuple[Array, Array]
    state: Array
    directions: Array | None

    def arrays(self) -> dict[str, Array]:
        """By name, to be saved."""
        named = {"state": self.state}
        for n in range(len(PENALTIES)):
            named |= {f"values{n}": self.values[n], f"over{n}": self.over[n]}
        return named if self.directions is None else {**named, "directions": self.directions}

    @classmethod
    def restored(cls, arrays: dict[str, Array]) -> Basis | None:
        """From what :meth:`arrays` gave; None where an earlier version saved no basis."""
        if "state" not in arrays:
            return None
        values, over = ((arrays[f"{name}0"], arrays[f"{name}1"]) for name in ("values", "over"))
        return cls(values, over, arrays["state"], arrays.get("directions"))


def ties_of(graph: Graph, rows: Array, *, damped: bool) -> sp.csr_matrix:
    """Rows of the matrix of ties, float32 (rows, nodes); damped by the degrees of both ends."""
    arcs = positions_of(graph, rows)
    degree = graph.indptr[rows + 1] - graph.indptr[rows]
    to = graph.indices[arcs]
    data: Array = np.ones(len(arcs), np.float32)
    if damped:
        root = 1 / np.sqrt(np.maximum(graph.degree(), 1).astype(np.float32))
        data = np.repeat(root[rows], degree) * root[to]
    return sp.csr_matrix((data, to, np.append(0, np.cumsum(degree))), (len(rows), graph.nodes))


def applied(matrix: sp.csr_matrix, of: Callable[[Array], Array]) -> Array:
    """The matrix times vectors, which are asked for only where it has entries."""
    used, place = np.unique(matrix.indices, return_inverse=True)
    inner = sp.csr_matrix((matrix.data, place, matrix.indptr), (matrix.shape[0], len(used)))
    out: Array = inner @ of(used)
    return out


def scaled(projected: Array, values: Array, power: float) -> Array:
    """Vectors of a decomposition divided by singular values to a power, float32.

    Where these are noise, by nothing: zero is what is known.
    """
    kept = values > _FAINT * values.max(initial=0)
    by = np.where(kept, values, 1).astype(np.float32) ** power
    out: Array = np.where(kept, projected / by, 0).astype(np.float32)
    return out


def spectrum(projected: Array, values: Array) -> Array:
    """Vectors by the roots of their values, float32 (rows, width).

    ``projected`` are damped ties times the leading ``SPECTRUM`` vectors, or as many as there are.
    """
    return scaled(projected, values[: projected.shape[1]], 0.5)


def folded(
    ties: Callable[[Array], sp.csr_matrix],
    rows: Array,
    columns: Callable[[Array], Array],
    values: Array,
) -> Array:
    """The right singular vectors that rows have by their ties, float32 (rows, rank).

    A symmetric matrix, twice applied, stretches its singular vectors by squared values. ``columns``
    are those that it has, zero where it has none.
    """
    own = ties(rows)
    near = np.unique(own.indices)
    left = applied(ties(near), columns)
    return scaled(applied(own, lambda asked: left[np.searchsorted(near, asked)]), values, 2.0)
