"""Structural counts against plain sets, and that a pair's own edge does not count."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensorium.links import Graph
from sensorium.links.graph.features import Features
from sensorium.links.structure.counts import pair_counts
from sensorium.links.structure.room import Room
from sensorium.links.structure.views import PairView
from tests.links.communities import communities
from tests.links.structure.naive_telling import structural, told

NODES = 8
_ROW = st.integers(0, NODES - 1)
EDGES = st.lists(st.tuples(_ROW, _ROW), max_size=30)
PAIRS = st.lists(st.tuples(_ROW, _ROW).filter(lambda p: p[0] != p[1]), min_size=1, max_size=12)


def _graph(edges: list[tuple[int, int]]) -> Graph:
    source, target = np.array(edges, np.int64).reshape(-1, 2).T
    return Graph.from_edges(NODES, source, target)


def _view(graph: Graph, features: Features | None = None) -> PairView:
    """A view whose vectors are any: one number for each node, and its own."""
    one = np.random.default_rng(0).standard_normal((NODES, 1)).astype(np.float32)
    names = ("alike0", "alike1", "alike2", "alike3", "said0", "heard0", "said1", "heard1")
    return PairView.restored(graph, features, dict.fromkeys(names, one))


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
    counted = _view(graph).pairs(source, target)
    np.testing.assert_allclose(counted, _view(graph).pairs(target, source), rtol=1e-5, atol=1e-6)
    for n, (u, v) in enumerate(pairs):
        alone = _view(graph.without([u], [v])).pairs([u], [v])
        np.testing.assert_allclose(counted[n : n + 1], alone, rtol=1e-5, atol=1e-6)


@given(edges=EDGES, pairs=PAIRS)
def test_counts_are_on_a_scale_of_logarithms(edges, pairs):
    graph = _graph(edges)
    source, target = np.array(pairs).T
    got, expected = _view(graph).pairs(source, target), structural(graph, source, target)
    np.testing.assert_allclose(got[:, : expected.shape[1]], expected, rtol=1e-5, atol=1e-6)


def test_a_hub_is_counted_alike_by_its_neighbours_and_by_those_looked_for_among_them():
    rng = np.random.default_rng(3)
    # One node that has nearly all others as neighbours, and one with few: both orders of a pair
    # come to the same counts by different ways.
    hub = [(0, n) for n in range(2, 400)]
    few = [(1, n) for n in (5, 9, 401)] + [(401, 7), (402, 9)]
    chance = rng.integers(0, 403, (200, 2)).tolist()
    source, target = np.array(hub + few + chance).T
    graph = Graph.from_edges(403, source, target)
    there, back = pair_counts(graph, [1, 401], [0, 0]), pair_counts(graph, [0, 0], [1, 401])
    swapped = [0, 1, 2, 3, 4, 5, 7, 6]
    np.testing.assert_allclose(there, back[:, swapped], rtol=1e-12)
    assert (there[:, 0] > 0).all()


def test_all_columns_are_told_in_one_pass_with_features_and_without():
    graph, _, features = communities(60)
    source, target = np.random.default_rng(1).integers(0, 60, (2, 400))
    source[:50] = 7  # in no order, and one node often
    for given_ in (features, None):
        view = PairView.of(graph, given_, 0)
        got = view.pairs(source, target)
        assert got.shape[1] == len(view.names())
        np.testing.assert_allclose(got, told(view, source, target), rtol=1e-4, atol=1e-5)
        again = PairView.restored(graph, given_, view.arrays())
        np.testing.assert_array_equal(again.pairs(source, target), got)


def test_room_is_clear_after_use_and_each_caller_at_a_time_has_its_own():
    graph, _, _ = communities(60)
    view = PairView.of(graph, None, 0)
    view.pairs(np.arange(30), np.arange(30, 60))
    with view.room.taken() as one, view.room.taken() as other:
        assert all(a is not b for a, b in zip(one, other, strict=True))
        for reached, near, _ in (one, other):
            assert not reached.any()
            assert not near.any()
    room = Room(3)
    with room.taken() as first:
        pass
    with room.taken() as second:
        assert first[0] is second[0]


@given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=NODES, max_size=NODES))
def test_likeness_of_features_is_a_cosine_of_rarity_weighed_marks(rows):
    features = Features.of(np.array(rows, np.float32))
    u, v = np.divmod(np.arange(NODES * NODES), NODES)
    dense = features.normal.toarray()
    got = _view(_graph([]), features).pairs(u, v)[:, 11:13]
    np.testing.assert_allclose(got[:, 0], (dense[u] * dense[v]).sum(1), rtol=1e-5, atol=1e-6)
    both = (np.array(rows)[u] & np.array(rows)[v]).sum(1)
    np.testing.assert_allclose(np.expm1(got[:, 1]), both, rtol=1e-5, atol=1e-5)
