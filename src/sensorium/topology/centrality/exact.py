"""Exact betweenness: the graph taken apart into blocks, twins merged, each block searched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sensorium.ingest.compiled import inner, kernel
from sensorium.links.graph.compressed import Graph
from sensorium.process.affinity import usable_cores
from sensorium.topology.centrality.arrays import Columns, Flags, Floats, Ints, Rows
from sensorium.topology.centrality.blocks import Blocks, blocks_of
from sensorium.topology.centrality.brandes import LANES, accumulate
from sensorium.topology.centrality.order import by_landmarks, relabelled
from sensorium.topology.centrality.twins import merged

_SMALL = 64
"""Below so many nodes a block is not worth being made smaller, and threads cost more than it."""
_CHUNKS = 32


def pairs_between(
    graph: Graph, found: Blocks | None = None, *, threads: int = 0, small: int = _SMALL
) -> Floats:
    """For each node, over ordered pairs of others, the share of shortest paths that it lies on.

    Not normalised; an undirected library's figure is half of it. ``threads`` 0 takes every core.
    Blocks below ``small`` nodes are searched plainly. The sums are made in one order, whatever the
    number of threads.
    """
    found = found or blocks_of(graph)
    out = found.beyond.copy()
    sizes = np.diff(found.offsets)
    large = np.flatnonzero(sizes >= small)
    _small_blocks(
        graph.indptr, graph.indices, found.offsets, found.members, found.reach, small, out
    )
    for block in large:
        part = slice(found.offsets[block], found.offsets[block + 1])
        members, reach = found.members[part], found.reach[part]
        indptr, indices = _inside(graph.indptr, graph.indices, members)
        inside = Graph(indptr, indices, directed=False)
        out[members] += _block(inside, reach, threads or usable_cores())
    return out


def cost(graph: Graph, found: Blocks) -> int:
    """How many arcs the searches would follow, before twins are merged."""
    sizes = np.diff(found.offsets)
    degree = np.add.reduceat(graph.degree()[found.members], found.offsets[:-1]) if len(sizes) else 0
    return int((sizes * degree)[sizes > 2].sum()) if len(sizes) else 0


def _block(graph: Graph, reach: Floats, threads: int) -> Floats:
    small = merged(graph, reach)
    order = by_landmarks(small.graph)
    rows = relabelled(small.graph, order)
    mult, weight = small.mult[order], small.weight[order]
    # A chunk is a whole number of passes; how many there are does not depend on the threads.
    passes = -(-rows.nodes // LANES)
    bounds = np.unique(np.linspace(0, passes, min(_CHUNKS, passes) + 1).astype(np.int64)) * LANES

    def chunk(place: int) -> Floats:
        part = np.zeros(rows.nodes)
        last = min(int(bounds[place + 1]), rows.nodes)
        accumulate(rows.indptr, rows.indices, mult, weight, int(bounds[place]), last, part)
        return part

    with ThreadPoolExecutor(threads) as pool:
        total = sum(pool.map(chunk, range(len(bounds) - 1)), np.zeros(rows.nodes))
    between = np.empty(rows.nodes)
    between[order] = total
    answer: Floats = (between + small.among)[small.classes]
    return answer


@kernel
def _inside(indptr: Rows, indices: Columns, members: Ints) -> tuple[Rows, Columns]:
    """The graph among ``members``, whose rows are in that order."""
    local = np.full(len(indptr) - 1, -1, np.int64)
    for row in range(len(members)):
        local[members[row]] = row
    starts, count = np.zeros(len(members) + 1, np.int64), 0
    for row in range(len(members)):
        for arc in range(indptr[members[row]], indptr[members[row] + 1]):
            count += local[indices[arc]] >= 0
        starts[row + 1] = count
    found = np.empty(count, np.int32)
    for row in range(len(members)):
        at = starts[row]
        for arc in range(indptr[members[row]], indptr[members[row] + 1]):
            other = local[indices[arc]]
            if other >= 0:
                found[at] = other
                at += 1
        found[starts[row] : at].sort()
    return starts, found


@inner
def _matrix(near: Flags, reach: Floats, members: Ints, out: Floats) -> None:
    """Brandes on a small graph given as a matrix."""
    size = len(near)
    dist, queue = np.empty(size, np.int64), np.empty(size, np.int64)
    sigma, delta = np.empty(size), np.empty(size)
    for source in range(size):
        dist[:], sigma[:], delta[:] = -1, 0.0, 0.0
        dist[source], sigma[source], queue[0] = 0, 1.0, source
        head, tail = 0, 1
        while head < tail:
            u = queue[head]
            head += 1
            for v in range(size):
                if near[u, v] and dist[v] < 0:
                    dist[v] = dist[u] + 1
                    queue[tail] = v
                    tail += 1
                if near[u, v] and dist[v] == dist[u] + 1:
                    sigma[v] += sigma[u]
        for place in range(tail - 1, 0, -1):
            v = queue[place]
            out[members[v]] += reach[source] * delta[v]
            share = (reach[v] + delta[v]) / sigma[v]
            for u in range(size):
                if near[u, v] and dist[u] == dist[v] - 1:
                    delta[u] += sigma[u] * share


@kernel
def _small_blocks(
    indptr: Rows,
    indices: Columns,
    offsets: Ints,
    members: Ints,
    reach: Floats,
    small: int,
    out: Floats,
) -> None:
    """Add what the blocks of at least 3 and less than ``small`` nodes hold."""
    local = np.full(len(indptr) - 1, -1, np.int64)
    for block in range(len(offsets) - 1):
        first, last = offsets[block], offsets[block + 1]
        size = last - first
        if size < 3 or size >= small:
            continue
        near = np.zeros((size, size), np.bool_)
        for row in range(size):
            local[members[first + row]] = row
        for row in range(size):
            node = members[first + row]
            for arc in range(indptr[node], indptr[node + 1]):
                other = local[indices[arc]]
                if other >= 0:
                    near[row, other] = True
        for row in range(size):
            local[members[first + row]] = -1
        _matrix(near, reach[first:last], members[first:last], out)
