from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.links.graph.compressed import Graph
from sensorium.topology.centrality.betweenness import betweenness_of
from sensorium.topology.centrality.blocks import blocks_of
from sensorium.topology.centrality.communities import communities_of, modularity
from sensorium.topology.centrality.cores import core_numbers
from sensorium.topology.centrality.exact import pairs_between
from sensorium.topology.centrality.sampled import always_enough, sample
from sensorium.topology.centrality.twins import merged
from tests.topology.centrality import naive

Edges = tuple[int, list[tuple[int, int]]]


@st.composite
def graphs(draw: st.DrawFn, most: int = 24) -> Edges:
    """Sparse parts and thick ones, leaves, and nodes that copy another's neighbours."""
    nodes = draw(st.integers(1, most))
    ends = st.integers(0, nodes - 1)
    edges = draw(st.lists(st.tuples(ends, ends), max_size=3 * nodes))
    for _ in range(draw(st.integers(0, 4))):
        twin, close = draw(ends), draw(st.booleans())
        near = naive.neighbours(nodes, edges)[twin]
        edges = edges + [(nodes, other) for other in near] + ([(nodes, twin)] if close else [])
        nodes += 1
    for _ in range(draw(st.integers(0, 4))):
        edges = [*edges, (nodes, draw(st.integers(0, nodes - 1)))]
        nodes += 1
    return nodes, edges


def built(given_edges: Edges) -> Graph:
    nodes, edges = given_edges
    return Graph.from_edges(
        nodes,
        np.array([a for a, _ in edges], np.int64),
        np.array([b for _, b in edges], np.int64),
    )


@given(graphs(), st.sampled_from([3, 64]))
def test_betweenness_is_what_its_definition_says(edges: Edges, small: int) -> None:
    found = pairs_between(built(edges), small=small, threads=1)
    assert found == pytest.approx(naive.pairs_between(naive.neighbours(*edges)), abs=1e-9)


@given(graphs())
def test_cuts_are_the_nodes_and_edges_whose_loss_parts_the_graph(edges: Edges) -> None:
    near = naive.neighbours(*edges)
    found = blocks_of(built(edges))
    assert set(np.flatnonzero(found.articulation).tolist()) == naive.articulation_points(near)
    assert {(a, b) for a, b in found.bridges.tolist()} == naive.bridges(near)
    parts = {frozenset(np.flatnonzero(found.component == c)) for c in range(len(found.sizes))}
    assert parts == {frozenset(part) for part in naive.components(near)}


@given(graphs())
def test_a_core_is_what_is_left_when_weaker_nodes_are_taken_away(edges: Edges) -> None:
    assert core_numbers(built(edges)).tolist() == naive.core_numbers(naive.neighbours(*edges))


@given(graphs())
def test_twins_have_the_same_other_neighbours(edges: Edges) -> None:
    near = naive.neighbours(*edges)
    small = merged(built(edges), np.ones(edges[0]))
    for one in range(edges[0]):
        for other in range(one):
            twins = near[one] - {other} == near[other] - {one}
            assert (small.classes[one] == small.classes[other]) == twins
    assert small.mult.sum() == edges[0]


@given(graphs())
def test_communities_hang_together_and_gain_over_one_whole(edges: Edges) -> None:
    near = naive.neighbours(*edges)
    found, value = communities_of(built(edges))
    for community in set(found.tolist()):
        inside = {node for node in range(edges[0]) if found[node] == community}
        only = [others & inside if node in inside else set() for node, others in enumerate(near)]
        assert any(inside <= part for part in naive.components(only))
    assert value == pytest.approx(naive.modularity(near, found.tolist()))
    assert value >= -1e-9


def test_two_cliques_on_a_bridge_are_two_communities() -> None:
    cliques = [(a + k, b + k) for k in (0, 5) for a in range(5) for b in range(a)]
    graph = built((10, [*cliques, (0, 5)]))
    found, value = communities_of(graph)
    assert found.tolist() == [0] * 5 + [1] * 5
    assert value == modularity(graph, found) > 0.4


def test_communities_of_a_moment_ago_are_a_place_to_begin() -> None:
    ring = built((12, [(k, (k + 1) % 12) for k in range(12)]))
    before, _ = communities_of(ring)
    again, _ = communities_of(ring, before)
    assert again.tolist() == before.tolist()


def random_graph(nodes: int = 400, edges: int = 900) -> Graph:
    random = np.random.default_rng(4)
    # The lower a number, the more neighbours: betweenness then has a head and a long tail.
    ends = (nodes * random.random((2, edges)) ** 2).astype(np.int64)
    return Graph.from_edges(nodes, ends[0], ends[1])


def test_a_sample_keeps_within_the_error_it_states() -> None:
    graph = random_graph()
    exact = betweenness_of(graph, threads=1)
    assert exact.is_exact
    assert not exact.error.any()
    for seed in range(5):
        drawn = betweenness_of(graph, error=0.02, exact_below=0, seed=seed)
        assert not drawn.is_exact
        assert drawn.error.max() <= 0.02
        assert (np.abs(drawn.share - exact.share) <= drawn.error).all()


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    one, other = (sample(random_graph(), 0.05, 0.9, seed=3) for _ in range(2))
    assert one.share.tolist() == other.share.tolist()


def test_no_more_paths_are_drawn_than_are_always_enough() -> None:
    graph = random_graph()
    assert sample(graph, 0.01, 0.9).paths <= always_enough(graph, 0.01, 0.05)


def test_threads_do_not_change_a_figure() -> None:
    graph = random_graph()
    assert (pairs_between(graph, threads=1) == pairs_between(graph, threads=3)).all()


@pytest.mark.parametrize("error", [0.0, 1.0, -1.0])
def test_an_error_that_is_no_share_is_refused(error: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        sample(random_graph(), error, 0.9)
