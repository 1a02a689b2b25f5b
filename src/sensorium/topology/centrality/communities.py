"""Communities: parts of a graph with more edges inside than chance would give.

Modularity is raised by moving nodes and then by merging what was found (Blondel et al., "Fast
unfolding of communities in large networks", 2008), again from the start until nothing is gained.
A community that falls apart is split before each merge, which Louvain leaves undone (Traag, Waltman
and van Eck, "From Louvain to Leiden", 2019). Nodes move in the order of their rows: the same graph
has the same communities.
"""

from __future__ import annotations

import numpy as np

from sensorium.ingest.compiled import inner, kernel
from sensorium.links.graph.compressed import Graph
from sensorium.topology.centrality.arrays import Columns, Floats, Ints, Rows

_ROUNDS = 10


def communities_of(
    graph: Graph, before: Ints | None = None, *, resolution: float = 1.0
) -> tuple[Ints, float]:
    """Each node's community, the largest being 0, and the modularity of the whole.

    ``before`` are the communities to begin with, such as those of a moment ago: what did not
    change then stays together. Arcs count by their weights where the graph has some.
    """
    begin = np.arange(graph.nodes) if before is None else np.unique(before, return_inverse=True)[1]
    best = _by_size(begin.astype(np.int64))
    value = modularity(graph, best, resolution)
    for _ in range(_ROUNDS):
        found = _by_size(_once(graph, best, resolution))
        gained = modularity(graph, found, resolution)
        if gained <= value + 1e-9:
            break
        best, value = found, gained
    return best, value


def _once(graph: Graph, begin: Ints, resolution: float) -> Ints:
    """One way up: move, split, merge, until nothing moves."""
    indptr, indices, loops = graph.indptr, graph.indices, np.zeros(graph.nodes)
    weights, found, whole = _weights(graph), begin.copy(), np.arange(graph.nodes)
    while True:
        _move(indptr, indices, weights, loops, found, resolution)
        pieces = _pieces(indptr, indices, found)
        whole = pieces[whole]
        count = int(pieces.max(initial=-1)) + 1
        if count == len(loops):
            return whole
        indptr, indices, weights, loops = _merged(indptr, indices, weights, loops, pieces, count)
        found = np.arange(count)


def _merged(
    indptr: Rows, indices: Columns, weights: Floats, loops: Floats, pieces: Ints, count: int
) -> tuple[Rows, Columns, Floats, Floats]:
    """The graph of the pieces: what lies inside one is its loop."""
    source = pieces[np.repeat(np.arange(len(loops)), np.diff(indptr))]
    target = pieces[indices]
    within = source == target
    inside = np.bincount(pieces, loops, count).astype(np.float64)
    inside += np.bincount(source[within], weights[within], count)
    keys, place = np.unique((source * count + target)[~within], return_inverse=True)
    starts = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(keys // count, minlength=count), out=starts[1:])
    total = np.bincount(place, weights[~within], len(keys)).astype(np.float64)
    return starts, (keys % count).astype(np.int32), total, inside


def _weights(graph: Graph) -> Floats:
    return np.ones(graph.arcs) if graph.weights is None else graph.weights.astype(np.float64)


def modularity(graph: Graph, communities: Ints, resolution: float = 1.0) -> float:
    """How much more weight lies inside communities than chance would put there, at most 1."""
    weights = _weights(graph)
    total = weights.sum()
    if not total:
        return 0.0
    source = communities[graph.sources()]
    inside = weights[source == communities[graph.indices]].sum()
    ends = np.bincount(source, weights)
    return float(inside / total - resolution * (ends**2).sum() / total**2)


def _by_size(communities: Ints) -> Ints:
    names, first, inverse, sizes = np.unique(
        communities, return_index=True, return_inverse=True, return_counts=True
    )
    place = np.empty(len(names), np.int64)
    place[np.lexsort((first, -sizes))] = np.arange(len(names))
    answer: Ints = place[inverse]
    return answer


@kernel
def _move(
    indptr: Rows, indices: Columns, weights: Floats, loops: Floats, found: Ints, resolution: float
) -> None:
    """Move nodes to where modularity gains most, until none moves."""
    nodes = len(indptr) - 1
    ends = loops.copy()
    for node in range(nodes):
        for arc in range(indptr[node], indptr[node + 1]):
            ends[node] += weights[arc]
    scale = resolution / max(ends.sum(), 1e-300)
    inside, members = np.zeros(nodes), np.zeros(nodes, np.int64)
    for node in range(nodes):
        inside[found[node]] += ends[node]
        members[found[node]] += 1
    towards, near = np.zeros(nodes), np.empty(nodes, np.int64)
    waiting, queue = np.ones(nodes, np.bool_), np.arange(nodes)
    head, left, turns = 0, nodes, 0
    # Each move gains; the bound is for sums whose rounding says otherwise.
    while left and turns < 1000 * nodes:
        node, head, left, turns = queue[head], (head + 1) % nodes, left - 1, turns + 1
        waiting[node] = False
        here, count = found[node], 0
        for arc in range(indptr[node], indptr[node + 1]):
            there = found[indices[arc]]
            if towards[there] == 0.0:
                near[count] = there
                count += 1
            towards[there] += weights[arc]
        inside[here] -= ends[node]
        members[here] -= 1
        best = _best(here, near, count, towards, inside, members, ends[node] * scale)
        inside[best] += ends[node]
        members[best] += 1
        if best == here:
            continue
        found[node] = best
        for arc in range(indptr[node], indptr[node + 1]):
            other = indices[arc]
            if found[other] != best and not waiting[other]:
                waiting[other] = True
                queue[(head + left) % nodes] = other
                left += 1


@inner
def _best(
    here: int, near: Ints, count: int, towards: Floats, inside: Floats, members: Ints, share: float
) -> int:
    """Where a node gains most; alone, where that is more. A tie goes to where it is, then down."""
    best, gain = here, towards[here] - share * inside[here]
    for place in range(count):
        there = near[place]
        value = towards[there] - share * inside[there]
        if value > gain + 1e-12 or (value > gain - 1e-12 and best != here and there < best):
            best, gain = there, value
    for place in range(count):
        towards[near[place]] = 0.0
    if gain < -1e-12:
        best = 0
        while members[best]:
            best += 1
    return best


@kernel
def _pieces(indptr: Rows, indices: Columns, found: Ints) -> Ints:
    """Number the parts of communities that hang together, by their first node."""
    nodes = len(indptr) - 1
    pieces, queue = np.full(nodes, -1, np.int64), np.empty(nodes, np.int64)
    count = 0
    for root in range(nodes):
        if pieces[root] >= 0:
            continue
        pieces[root], queue[0] = count, root
        head, tail = 0, 1
        while head < tail:
            node = queue[head]
            head += 1
            for arc in range(indptr[node], indptr[node + 1]):
                other = indices[arc]
                if pieces[other] < 0 and found[other] == found[root]:
                    pieces[other], queue[tail] = count, other
                    tail += 1
        count += 1
    return pieces
