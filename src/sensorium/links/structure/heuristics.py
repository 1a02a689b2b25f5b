"""Link prediction without learning: the scores that a learned model must be shown beside."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import scipy.sparse as sp

from sensorium.links.graph.compressed import Graph
from sensorium.links.structure import overlaps
from sensorium.links.structure.counts import pair_counts

Array = np.ndarray[Any, Any]

RETURN: Final = 0.15
"""PageRank's chance of going back to where it began (Page et al. 1999 use the same)."""
_STEPS: Final = 20
_AT_ONCE: Final = 256


def common_neighbours(graph: Graph, source: Any, target: Any) -> Array:
    """How many neighbours both have, float64 (pairs,)."""
    return pair_counts(graph, source, target)[:, overlaps.COMMON]


def adamic_adar(graph: Graph, source: Any, target: Any) -> Array:
    """Common neighbours, each weighing 1 / log(degree), float64 (pairs,)."""
    return pair_counts(graph, source, target)[:, overlaps.ADAMIC_ADAR]


def resource_allocation(graph: Graph, source: Any, target: Any) -> Array:
    """Common neighbours, each weighing 1 / degree, float64 (pairs,)."""
    return pair_counts(graph, source, target)[:, overlaps.ALLOCATION]


def personal_pagerank(graph: Graph, source: Any, target: Any) -> Array:
    """PageRank personalised to one end, read at the other, both ways added, float64 (pairs,)."""
    one, other = np.asarray(source, np.int64), np.asarray(target, np.int64)
    degree = np.maximum(graph.degree(), 1)
    arcs = np.ones(graph.arcs), graph.indices, graph.indptr
    step = sp.csr_matrix(arcs, (graph.nodes, graph.nodes)).multiply(1 / degree[:, None]).T.tocsr()
    start, end = np.concatenate([one, other]), np.concatenate([other, one])
    out = np.empty(len(start))
    distinct = np.unique(start)
    for first in range(0, len(distinct), _AT_ONCE):
        roots = distinct[first : first + _AT_ONCE]
        begin = np.zeros((graph.nodes, len(roots)))
        begin[roots, np.arange(len(roots))] = 1
        rank = begin
        for _ in range(_STEPS):
            rank = RETURN * begin + (1 - RETURN) * (step @ rank)
        mine = np.flatnonzero((start >= roots[0]) & (start <= roots[-1]))
        out[mine] = rank[end[mine], np.searchsorted(roots, start[mine])]
    return out[: len(one)] + out[len(one) :]


HEURISTICS: Final = {
    "CN": common_neighbours,
    "AA": adamic_adar,
    "RA": resource_allocation,
    "PPR": personal_pagerank,
}
