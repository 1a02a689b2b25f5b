"""Betweenness from a sample of shortest paths, with a bound on its error.

Pairs are drawn evenly, and for each one of its shortest paths; a node's figure is the share of
paths it lies on. Riondato and Kornaropoulos, "Fast approximation of betweenness centrality through
sampling", 2016, say how many paths are always enough; it stops earlier where the spread of the
figures themselves says so (Maurer and Pontil, "Empirical Bernstein bounds", 2009), as KADABRA does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import inner, kernel
from sensorium.links.graph.compressed import Graph
from sensorium.topology.centrality.arrays import Columns, Floats, Ints, Rows
from sensorium.topology.centrality.order import distances

State = npt.NDArray[np.uint64]

_FIRST, _GROWTH = 1000, 1.5
_ENOUGH = 0.5
"""The constant of the bound by the vertex diameter: Löffler and Phillips' measured value."""


@dataclass(frozen=True, slots=True)
class Sample:
    """``share`` and ``error`` have one figure per node: of ordered pairs, 0 to 1.

    All figures are within ``error`` of the exact ones at once with the confidence asked for.
    """

    share: Floats
    error: Floats
    paths: int


def sample(graph: Graph, error: float, confidence: float, seed: int = 0) -> Sample:
    """Draw paths until every figure is within ``error`` with ``confidence`` (0 to 1)."""
    if not 0 < error < 1 or not 0 < confidence < 1:
        raise ValueError(f"error {error} and confidence {confidence} must lie between 0 and 1")
    nodes = graph.nodes
    if nodes < 3:
        return Sample(np.zeros(nodes), np.zeros(nodes), 0)
    doubt = (1 - confidence) / 2
    most = always_enough(graph, error, doubt)
    checks = max(math.ceil(math.log(max(most / _FIRST, 1), _GROWTH)), 1)
    logarithm = math.log(4 * nodes * checks / doubt)
    hits, state = np.zeros(nodes, np.int64), np.array([seed * 2 + 1], np.uint64)
    drawn, due = 0, min(_FIRST, most)
    while True:
        _draw(graph.indptr, graph.indices, due - drawn, state, hits)
        drawn = due
        share = hits / drawn
        if drawn >= most:
            return Sample(share, np.full(nodes, error), drawn)
        spread = share * (1 - share) * drawn / (drawn - 1)
        bound = np.sqrt(2 * spread * logarithm / drawn) + 7 * logarithm / (3 * (drawn - 1))
        if bound.max() <= error:
            return Sample(share, bound, drawn)
        due = min(math.ceil(drawn * _GROWTH), most)


def always_enough(graph: Graph, error: float, doubt: float) -> int:
    """How many paths suffice whatever the graph, but for the nodes of its longest shortest path."""
    longest = _longest(graph.indptr, graph.indices)
    dimension = math.floor(math.log2(longest - 2)) + 1 if longest > 2 else 0
    return max(math.ceil(_ENOUGH / error**2 * (dimension + math.log(1 / doubt))), 2)


@kernel
def _longest(indptr: Rows, indices: Columns) -> int:
    """No shortest path has more nodes: twice the depth of a search, in the worst component."""
    nodes = len(indptr) - 1
    reached, longest = np.zeros(nodes, np.bool_), 1
    for root in range(nodes):
        if reached[root] or indptr[root] == indptr[root + 1]:
            continue
        far = distances(indptr, indices, root)
        reached |= far >= 0
        longest = max(longest, 2 * far.max() + 1)
    return longest


@inner
def _random(state: State, below: float) -> float:
    """The next of SplitMix64's numbers, from 0 to below ``below``."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) / 9007199254740992.0 * below


@kernel
def _draw(indptr: Rows, indices: Columns, paths: int, state: State, hits: Ints) -> None:
    """Draw pairs and a path of each, and count the nodes inside the paths."""
    nodes = len(indptr) - 1
    # Two searches, one from each end: what they know is kept in row 0 and row 1.
    dist, sigma = np.full((2, nodes), -1, np.int64), np.zeros((2, nodes))
    queue, ends = np.empty((2, nodes), np.int64), np.zeros((2, 2), np.int64)
    for _ in range(paths):
        source = int(_random(state, nodes))
        target = int(_random(state, nodes - 1))
        target += target >= source
        for side in range(2):
            node = target if side else source
            dist[side, node], sigma[side, node], queue[side, 0] = 0, 1.0, node
            ends[side, 0], ends[side, 1] = 0, 1
        meeting = _search(indptr, indices, dist, sigma, queue, ends)
        if meeting > 1:
            _count(indptr, indices, dist, sigma, queue, ends, meeting, state, hits)
        for side in range(2):
            for at in range(ends[side, 1]):
                dist[side, queue[side, at]] = -1
                sigma[side, queue[side, at]] = 0.0


@inner
def _search(
    indptr: Rows, indices: Columns, dist: Ints, sigma: Floats, queue: Ints, ends: Ints
) -> int:
    """Search from both ends, always the side with fewer arcs ahead; how far apart they are.

    -1 where no path leads from one to the other. Levels are whole: numbers of paths are right up to
    the last level of each side.
    """
    depth = np.zeros(2, np.int64)
    arcs = np.zeros(2, np.int64)
    for side in range(2):
        node = queue[side, 0]
        arcs[side] = indptr[node + 1] - indptr[node]
    while True:
        side = 0 if arcs[0] <= arcs[1] else 1
        first, last = ends[side, 0], ends[side, 1]
        if first == last:
            return -1
        tail, ahead, met = last, 0, False
        depth[side] += 1
        for at in range(first, last):
            u = queue[side, at]
            for arc in range(indptr[u], indptr[u + 1]):
                v = indices[arc]
                if dist[side, v] < 0:
                    dist[side, v] = depth[side]
                    queue[side, tail] = v
                    tail += 1
                    ahead += indptr[v + 1] - indptr[v]
                    met |= dist[1 - side, v] >= 0
                if dist[side, v] == depth[side]:
                    sigma[side, v] += sigma[side, u]
        ends[side, 0], ends[side, 1], arcs[side] = last, tail, ahead
        if met:
            return int(depth[0] + depth[1])


@inner
def _count(
    indptr: Rows,
    indices: Columns,
    dist: Ints,
    sigma: Floats,
    queue: Ints,
    ends: Ints,
    apart: int,
    state: State,
    hits: Ints,
) -> None:
    """Choose one path evenly: a node where the searches met, then a way back to each end."""
    total, deepest = 0.0, 0
    for at in range(ends[0, 0], ends[0, 1]):
        node = queue[0, at]
        deepest = dist[0, node]
        if dist[1, node] == apart - deepest:
            total += sigma[0, node] * sigma[1, node]
    left, chosen = _random(state, total), -1
    for at in range(ends[0, 0], ends[0, 1]):
        node = queue[0, at]
        if dist[1, node] == apart - deepest:
            chosen = node
            left -= sigma[0, node] * sigma[1, node]
            if left < 0:
                break
    if 0 < dist[0, chosen] < apart:
        hits[chosen] += 1
    for side in range(2):
        node = chosen
        while dist[side, node] > 1:
            left, previous = _random(state, sigma[side, node]), -1
            for arc in range(indptr[node], indptr[node + 1]):
                other = indices[arc]
                if dist[side, other] == dist[side, node] - 1:
                    previous = other
                    left -= sigma[side, other]
                    if left < 0:
                        break
            node = previous
            hits[node] += 1
