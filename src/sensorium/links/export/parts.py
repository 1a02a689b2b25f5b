"""Nodes divided among machines: parts of like size between which few edges go.

Nodes come one by one and go where most of their neighbours are, as long as there is room (Stanton &
Kliot 2012, "Streaming Graph Partitioning for Large Distributed Graphs"), and the whole again where
they are then better placed (Nishimura & Ugander 2013, "Restreaming Graph Partitioning"). It is a
pass over the arcs each time, and needs two numbers a node; METIS cuts fewer edges and takes longer.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import reverse_cuthill_mckee

from sensorium.errors import UsageError
from sensorium.ingest.compiled import kernel
from sensorium.links.graph.compressed import Graph
from sensorium.links.structure.smoothing import adjacency

I64 = npt.NDArray[np.int64]

_ROUNDS: Final = 10
_SLACK: Final = 1.05
"""A part holds at most so many times its even share."""


def parts_of(graph: Graph, parts: int) -> I64:
    """The part of each node, from 0, int64 (nodes,); the same graph is divided the same way.

    Raises UsageError for fewer than two parts, and for more parts than nodes.
    """
    if not 2 <= parts <= graph.nodes:
        raise UsageError(
            f"{graph.nodes:,} nodes cannot be divided into {parts:,} parts",
            next_step="give at least 2, and not more than there are nodes",
        )
    # Neighbours come soon after each other, so that there is something to tell where a node goes.
    order = reverse_cuthill_mckee(adjacency(graph).tocsr(), symmetric_mode=True).astype(np.int64)
    room = max(int(np.ceil(_SLACK * graph.nodes / parts)), -(-graph.nodes // parts))
    part = np.full(graph.nodes, -1, np.int64)
    best, least = part, np.inf
    for _ in range(_ROUNDS):
        _stream(graph.indptr, graph.indices, order, part, parts, room)
        if (cut := cut_share(graph, part)) < least:
            best, least = part.copy(), cut
    return best


def cut_share(graph: Graph, part: I64) -> float:
    """The share of arcs that go from one part to another."""
    apart = part[graph.sources()] != part[graph.indices]
    return float(apart.mean()) if len(apart) else 0.0


@kernel
def _stream(indptr: Any, indices: Any, order: Any, part: Any, parts: int, room: int) -> None:
    """One pass: ``part`` has where nodes were the last time, or -1, and gets where they are now."""
    sizes = np.zeros(parts, np.int64)
    near = np.zeros(parts, np.int64)
    for n in range(len(order)):
        node = order[n]
        near[:] = 0
        for arc in range(indptr[node], indptr[node + 1]):
            of = part[indices[arc]]
            if of >= 0:
                near[of] += 1
        best, most = -1, -1.0
        for candidate in range(parts):
            if sizes[candidate] >= room:
                continue
            gain = near[candidate] * (1.0 - sizes[candidate] / room)
            if gain > most or (gain == most and sizes[candidate] < sizes[best]):
                best, most = candidate, gain
        part[node] = best
        sizes[best] += 1
