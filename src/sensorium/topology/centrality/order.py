"""An order of nodes in which those near each other stand together."""

from __future__ import annotations

import numpy as np

from sensorium.ingest.compiled import kernel
from sensorium.links.graph.compressed import Graph
from sensorium.topology.centrality.arrays import Columns, Ints, Rows

LANDMARKS = 8


def by_landmarks(graph: Graph) -> Ints:
    """Nodes by their distances to the eight nodes of most neighbours, the largest first.

    Searches from nodes that are alike in this run alike, which :mod:`.brandes` lives on.
    """
    landmarks = np.argsort(-graph.degree(), kind="stable")[:LANDMARKS]
    far = [distances(graph.indptr, graph.indices, int(node)) for node in landmarks]
    return np.lexsort(far[::-1]) if far else np.zeros(0, np.int64)


def relabelled(graph: Graph, order: Ints) -> Graph:
    """The graph whose row ``i`` is node ``order[i]``; without names."""
    place = np.empty(graph.nodes, np.int64)
    place[order] = np.arange(graph.nodes)
    source = graph.sources()
    return Graph.from_edges(graph.nodes, place[source], place[graph.indices])


@kernel
def distances(indptr: Rows, indices: Columns, source: int) -> Ints:
    """How many steps each node is from ``source``; -1 for those that cannot be reached."""
    nodes = len(indptr) - 1
    found, queue = np.full(nodes, -1, np.int64), np.empty(nodes, np.int64)
    found[source], queue[0] = 0, source
    head, tail = 0, 1
    while head < tail:
        node = queue[head]
        head += 1
        for arc in range(indptr[node], indptr[node + 1]):
            other = indices[arc]
            if found[other] < 0:
                found[other] = found[node] + 1
                queue[tail] = other
                tail += 1
    return found
