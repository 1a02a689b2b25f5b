"""Rows of a graph: where their arcs lie, and which are near them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sensorium.links.graph.compressed import Graph

I64 = npt.NDArray[np.int64]


def within(graph: Graph, rows: I64, steps: int) -> I64:
    """The rows within so many steps along arcs of these, themselves included, ascending."""
    reached = np.zeros(graph.nodes, np.bool_)
    reached[rows] = True
    newest = np.flatnonzero(reached)
    for _ in range(steps):
        to = np.unique(graph.indices[positions_of(graph, newest)])
        newest = to[~reached[to]].astype(np.int64)
        reached[newest] = True
    return np.flatnonzero(reached)


def positions_of(graph: Graph, rows: I64) -> I64:
    """Where the arcs of these rows lie in ``indices``, row by row."""
    starts, counts = graph.indptr[rows], graph.indptr[rows + 1] - graph.indptr[rows]
    offsets = np.cumsum(counts) - counts
    positions: I64 = np.repeat(starts - offsets, counts) + np.arange(counts.sum())
    return positions
