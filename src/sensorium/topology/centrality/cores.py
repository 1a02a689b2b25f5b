"""How deep in the thick of a graph each node is."""

from __future__ import annotations

import numpy as np

from sensorium.ingest.compiled import kernel
from sensorium.links.graph.compressed import Graph
from sensorium.topology.centrality.arrays import Columns, Ints, Rows


def core_numbers(graph: Graph) -> Ints:
    """The largest k for which each node is in a part where all have k neighbours or more.

    Batagelj and Zaveršnik, "An O(m) algorithm for cores decomposition of networks", 2003.
    """
    return _cores(graph.indptr, graph.indices)


@kernel
def _cores(indptr: Rows, indices: Columns) -> Ints:
    nodes = len(indptr) - 1
    left = indptr[1:] - indptr[:-1]
    # Nodes by how many neighbours they have left; `start` is where those of a number begin.
    start = np.zeros(nodes + 2, np.int64)
    for node in range(nodes):
        start[left[node] + 1] += 1
    start = np.cumsum(start)
    order, place = np.empty(nodes, np.int64), np.empty(nodes, np.int64)
    at = start.copy()
    for node in range(nodes):
        place[node] = at[left[node]]
        order[place[node]] = node
        at[left[node]] += 1
    for turn in range(nodes):
        node = order[turn]
        for arc in range(indptr[node], indptr[node + 1]):
            other = indices[arc]
            if left[other] <= left[node]:
                continue
            # To the front of those with its number, which then begin one further on.
            front = start[left[other]]
            if front <= turn:
                front = turn + 1
            moved = order[front]
            order[front], order[place[other]] = other, moved
            place[moved], place[other] = place[other], front
            start[left[other]] = front + 1
            left[other] -= 1
    return left
