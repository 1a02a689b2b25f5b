"""Nodes with the same neighbours, merged: what is between others is between for one as for all.

Two nodes with equal neighbours are twins, whether they are neighbours of each other (every path
to one is as long as to the other) or not. Sariyüce et al., "Shattering and compressing networks
for betweenness centrality", 2013, call them identical vertices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensorium.ingest.compiled import kernel
from sensorium.links.graph.compressed import Graph
from sensorium.topology.centrality.arrays import Columns, Floats, Ints, Rows


@dataclass(frozen=True, slots=True)
class Merged:
    """A graph of classes of twins. ``classes`` has each node's class.

    ``mult`` says how many nodes a class has and ``weight`` how many ends of paths. ``among`` is
    what a node of a class lies between for twins that are not neighbours: those reach each other
    over any of their common neighbours.
    """

    graph: Graph
    classes: Ints
    mult: Floats
    weight: Floats
    among: Floats


def merged(graph: Graph, weight: Floats) -> Merged:
    """Merge the twins of a graph whose nodes stand for ``weight`` ends of paths each."""
    first = _first_twin(graph.indptr, graph.indices, *_sums(graph))
    kept, classes = np.unique(first, return_inverse=True)
    mult = np.bincount(classes, minlength=len(kept)).astype(np.float64)
    total = np.bincount(classes, weight, minlength=len(kept)).astype(np.float64)
    squares = np.bincount(classes, weight * weight, minlength=len(kept))
    source = classes[graph.sources()]
    target = classes[graph.indices]
    small = Graph.from_edges(len(kept), source, target)
    among = np.zeros(len(kept))
    # Twins that are no neighbours have every neighbour in common, and as many shortest paths.
    close = np.zeros(len(kept), np.bool_)
    close[source[source == target]] = True
    degree = graph.degree()[kept]
    apart = np.flatnonzero((mult > 1) & ~close & (degree > 0))
    for one in apart:
        around = small.indices[small.indptr[one] : small.indptr[one + 1]]
        among[around] += (total[one] ** 2 - squares[one]) / degree[one]
    return Merged(small, classes, mult, total, among)


def _sums(graph: Graph) -> tuple[Ints, Ints]:
    """Sums of random numbers over each node's neighbours, without and with itself."""
    signs = np.random.default_rng(1).integers(-(2**62), 2**62, graph.nodes)
    running = np.zeros(len(graph.indices) + 1, np.int64)
    np.cumsum(signs[graph.indices], out=running[1:])  # wraps, and differences are right again
    others = running[graph.indptr[1:]] - running[graph.indptr[:-1]]
    return others, others + signs


def _first_twin(indptr: Rows, indices: Columns, apart: Ints, close: Ints) -> Ints:
    """The first node of each node's class. Sums only propose; neighbours are compared."""
    first = np.arange(len(indptr) - 1)
    for sums in (apart, close):
        order = np.argsort(sums, kind="stable")
        _settle(indptr, indices, sums, order, first, sums is close)
    return first


@kernel
def _settle(
    indptr: Rows, indices: Columns, sums: Ints, order: Ints, first: Ints, neighbours: bool
) -> None:
    leader = order[0] if len(order) else 0
    for place in range(1, len(order)):
        node = order[place]
        if sums[node] != sums[leader]:
            leader = node
            continue
        if indptr[node + 1] - indptr[node] != indptr[leader + 1] - indptr[leader]:
            continue
        one, other = indptr[node], indptr[leader]
        same = True
        while same and (one < indptr[node + 1] or other < indptr[leader + 1]):
            # Neighbours have each other, and not themselves, in rows that are equal but for that.
            if neighbours and one < indptr[node + 1] and indices[one] == leader:
                one += 1
            elif neighbours and other < indptr[leader + 1] and indices[other] == node:
                other += 1
            elif one < indptr[node + 1] and other < indptr[leader + 1]:
                same = indices[one] == indices[other]
                one += 1
                other += 1
            else:
                same = False
        if same:
            first[node] = first[leader]
