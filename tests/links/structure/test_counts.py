"""Structural counts against plain sets, and that a pair's own edge does not count."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensorium.links import Graph
from sensorium.links.graph.features import Features
from sensorium.links.structure.counts import alike, pair_counts, structural

NODES = 8
_ROW = st.integers(0, NODES - 1)
EDGES = st.lists(st.tuples(_ROW, _ROW), max_size=30)
PAIRS = st.lists(st.tuples(_ROW, _ROW).filter(lambda p: p[0] != p[1]), min_size=1, max_size=12)


def _graph(edges: list[tuple[int, int]]) -> Graph:
    source, target = np.array(edges, np.int64).reshape(-1, 2).T
    return Graph.from_edges(NODES, source, target)


def _naive(graph: Graph, u: int, v: int) -> list[float]:
    """All counts for one pair, by sets, in the graph without the pair's own edge."""
    near: list[set[int]] = [set() for _ in range(NODES)]
    for a, b in zip(*graph.without([u], [v]).pairs(), strict=True):
        near[a].add(int(b))
        near[b].add(int(a))
    whole = graph.degree()
    common = near[u] & near[v]
    ways = [(a, b) for a in near[u] for b in near[v] if b in near[a] and v != a and u != b]
    return [
        len(common),
        sum(1 / math.log(whole[w]) for w in common),
        sum(1 / whole[w] for w in common),
        len(ways),
        sum(1 / math.sqrt(whole[a] * whole[b]) for a, b in ways),
        sum(1 / (whole[a] * whole[b]) for a, b in ways),
        len(near[u]),
        len(near[v]),
    ]


@given(edges=EDGES, pairs=PAIRS)
def test_counts_are_those_of_the_graph_without_the_pairs_own_edge(edges, pairs):
    graph = _graph(edges)
    source, target = np.array(pairs).T
    expected = [_naive(graph, u, v) for u, v in pairs]
    np.testing.assert_allclose(pair_counts(graph, source, target), expected, atol=1e-12)


@given(edges=EDGES, pairs=PAIRS)
def test_a_pair_is_told_the_same_from_both_ends_and_linked_or_not(edges, pairs):
    graph = _graph(edges)
    source, target = np.array(pairs).T
    told = structural(graph, source, target)
    np.testing.assert_allclose(told, structural(graph, target, source), rtol=1e-5, atol=1e-6)
    for n, (u, v) in enumerate(pairs):
        alone = structural(graph.without([u], [v]), [u], [v])
        np.testing.assert_allclose(told[n : n + 1], alone, rtol=1e-5, atol=1e-6)


@given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=NODES, max_size=NODES))
def test_likeness_of_features_is_a_cosine_of_rarity_weighed_marks(rows):
    features = Features.of(np.array(rows, np.float32))
    u, v = np.divmod(np.arange(NODES * NODES), NODES)
    dense = features.normal.toarray()
    got = alike(features, u, v)
    np.testing.assert_allclose(got[:, 0], (dense[u] * dense[v]).sum(1), rtol=1e-5, atol=1e-6)
    both = (np.array(rows)[u] & np.array(rows)[v]).sum(1)
    np.testing.assert_allclose(np.expm1(got[:, 1]), both, rtol=1e-5, atol=1e-5)
