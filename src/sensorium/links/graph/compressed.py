"""The graph that everything in ``links`` works on: a simple graph in compressed rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sensorium.links.graph.rows import firsts, order_by, positions

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Row u's neighbours are ``indices[indptr[u]:indptr[u + 1]]``, ascending.

    An undirected graph holds both arcs of an edge. There are no self loops and no repeated arcs;
    ``dropped`` says how many records of edges were left out as such.

    ``indptr``: int64, nodes + 1. ``indices``: int32, arcs. Aligned with ``indices`` where given:
    ``times``, int64 nanoseconds (when the arc was first seen); ``kinds``, int16 (its type);
    ``weights``, float32.
    """

    indptr: Array
    indices: Array
    directed: bool
    times: Array | None = None
    kinds: Array | None = None
    weights: Array | None = None
    dropped: int = 0

    @classmethod
    def from_edges(
        cls,
        nodes: int,
        source: Any,
        target: Any,
        *,
        directed: bool = False,
        times: Any = None,
        kinds: Any = None,
        weights: Any = None,
    ) -> Graph:
        """Build it from one record an edge, in any order; rows count from 0 to ``nodes`` - 1.

        Of records of the same edge the earliest gives time and kind (the first one where there
        are no times), and weights are added up. Raises ValueError for rows that do not exist and
        for columns of different lengths.
        """
        source, target = _rows(source, nodes), _rows(target, nodes)
        columns: dict[str, Array | None] = {
            "times": _column(times, np.int64, len(source)),
            "kinds": _column(kinds, np.int16, len(source)),
            "weights": _column(weights, np.float32, len(source)),
        }
        if len(source) != len(target):
            raise ValueError(f"{len(source)} sources and {len(target)} targets")
        if not directed:
            source, target = np.minimum(source, target), np.maximum(source, target)
        order = np.flatnonzero(source != target)
        if (when := columns["times"]) is not None:
            order = order[np.argsort(when[order], kind="stable")]
        order = order_by(source, order_by(target, order, nodes), nodes)
        first = firsts(source, target, order)
        kept = np.unique(first) if len(first) else first
        if (weight := columns["weights"]) is not None:
            total = np.bincount(first, weight[order], len(order))[kept]
            columns["weights"] = total.astype(np.float32)
        chosen = order[kept]
        for name in ("times", "kinds"):
            if (values := columns[name]) is not None:
                columns[name] = values[chosen]
        dropped = len(source) - len(chosen)
        source, target = source[chosen], target[chosen]
        if not directed:
            source, target, columns = _mirrored(source, target, columns, nodes)
        indptr = np.zeros(nodes + 1, np.int64)
        np.cumsum(np.bincount(source, minlength=nodes), out=indptr[1:])
        return cls(indptr, target.astype(np.int32), directed, dropped=dropped, **columns)

    @property
    def nodes(self) -> int:
        """How many nodes there are, those without neighbours included."""
        return len(self.indptr) - 1

    @property
    def arcs(self) -> int:
        """How many arcs there are; an undirected edge is two."""
        return len(self.indices)

    @property
    def edges(self) -> int:
        """How many edges there are: arcs of a directed graph, half the arcs of another."""
        return self.arcs if self.directed else self.arcs // 2

    def degree(self) -> Array:
        """How many arcs leave each node, int32."""
        return np.diff(self.indptr).astype(np.int32)

    def sources(self) -> Array:
        """The node that each arc leaves, int32, aligned with ``indices``."""
        return np.repeat(np.arange(self.nodes, dtype=np.int32), np.diff(self.indptr))

    def pairs(self) -> tuple[Array, Array]:
        """Source and target of each edge, int32; an undirected edge once, source < target."""
        source, target = self.sources(), self.indices
        if self.directed:
            return source, target
        once = source < target
        return source[once], target[once]

    def find(self, source: Any, target: Any) -> Array:
        """Where each arc lies in ``indices``, int64; -1 where there is none."""
        source, target = _rows(source, self.nodes), _rows(target, self.nodes)
        if len(source) != len(target):
            raise ValueError(f"{len(source)} sources and {len(target)} targets")
        return positions(self.indptr, self.indices, source, target)

    def has(self, source: Any, target: Any) -> Array:
        """Whether each arc exists."""
        return self.find(source, target) >= 0

    def without(self, source: Any, target: Any) -> Graph:
        """The graph without these edges, in both directions when undirected.

        Edges that it does not have are passed over.
        """
        found = self.find(source, target)
        if not self.directed:
            found = np.concatenate([found, self.find(target, source)])
        keep = np.ones(self.arcs, bool)
        keep[found[found >= 0]] = False
        before = np.zeros(self.arcs + 1, np.int64)
        np.cumsum(keep, out=before[1:])
        columns = {"times": self.times, "kinds": self.kinds, "weights": self.weights}
        kept: Any = {name: of[keep] for name, of in columns.items() if of is not None}
        return replace(self, indptr=before[self.indptr], indices=self.indices[keep], **kept)


def _rows(given: Any, nodes: int) -> Array:
    rows = np.ascontiguousarray(given)
    if rows.ndim != 1 or (len(rows) and rows.dtype.kind not in "iu"):
        raise ValueError("rows are whole numbers in one dimension")
    if len(rows) and (rows.min() < 0 or rows.max() >= nodes):
        raise ValueError(f"a row is not one of the {nodes} from 0 to {nodes - 1}")
    return rows.astype(np.int64, copy=False)


def _column(given: Any, kind: type, length: int) -> Array | None:
    if given is None:
        return None
    values: Array = np.ascontiguousarray(given, dtype=kind)
    if values.shape != (length,):
        raise ValueError(f"a column of shape {values.shape} beside {length} edges")
    return values


def _mirrored(
    source: Array, target: Array, columns: dict[str, Array | None], nodes: int
) -> tuple[Array, Array, dict[str, Array | None]]:
    """Both arcs of each edge, ordered."""
    both, other = np.concatenate([source, target]), np.concatenate([target, source])
    order = order_by(both, order_by(other, np.arange(len(both)), nodes), nodes)
    edge = order % max(len(source), 1)
    doubled = {name: None if of is None else of[edge] for name, of in columns.items()}
    return both[order], other[order], doubled
