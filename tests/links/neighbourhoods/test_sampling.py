from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.links.graph.compressed import Graph
from sensorium.links.neighbourhoods.sampling import ALL, NeighbourSampler, Sample
from tests.links.neighbourhoods import naive_sampling as naive

NODES = 12
edges = st.lists(
    st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1), st.integers(0, 9)), max_size=60
)
fan_outs = st.lists(st.sampled_from([ALL, 1, 2, 3]), min_size=1, max_size=3)
seeds = st.lists(st.integers(0, NODES - 1), max_size=5)
draws = st.integers(0, 1 << 40)


def graph_of(edges: list[tuple[int, int, int]]) -> Graph:
    table = np.array(edges, np.int64).reshape(-1, 3)
    return Graph.from_edges(NODES, table[:, 0], table[:, 1], times=table[:, 2])


def arcs_of(graph: Graph) -> naive.Rows:
    times = graph.times if graph.times is not None else np.zeros(graph.arcs, np.int64)
    return [
        [(int(graph.indices[arc]), arc, int(times[arc])) for arc in range(start, stop)]
        for start, stop in zip(graph.indptr[:-1].tolist(), graph.indptr[1:].tolist(), strict=True)
    ]


def plain(sample: Sample) -> naive.NaiveSample:
    columns = (sample.nodes, sample.sources, sample.targets, sample.arcs, sample.seeds)
    trees = None if sample.trees is None else sample.trees.tolist()
    ends = list(sample.node_ends), list(sample.arc_ends)
    return naive.NaiveSample(*(column.tolist() for column in columns), *ends, trees)


def star(leaves: int) -> Graph:
    return Graph.from_edges(leaves + 1, np.zeros(leaves, int), np.arange(1, leaves + 1))


@given(edges, fan_outs, seeds, draws)
def test_a_sample_is_what_the_plain_sampler_draws(edges, fan_out, seeds, draw) -> None:
    graph = graph_of(edges)
    drawn = NeighbourSampler(graph, fan_out).sample(np.array(seeds, int), draw=draw)
    assert plain(drawn) == naive.shared(arcs_of(graph), fan_out, seeds, draw)


@given(edges, fan_outs, seeds, draws, st.data())
def test_trees_are_what_the_plain_sampler_draws(edges, fan_out, seeds, draw, data) -> None:
    graph = graph_of(edges)
    times = [data.draw(st.integers(0, 10)) for _ in seeds]
    drawn = NeighbourSampler(graph, fan_out).sample(
        np.array(seeds, int), draw=draw, times=np.array(times, np.int64)
    )
    assert plain(drawn) == naive.trees(arcs_of(graph), fan_out, seeds, times, draw)


@given(edges, fan_outs, seeds, draws)
def test_no_neighbour_is_drawn_twice_for_one_node(edges, fan_out, seeds, draw) -> None:
    graph = graph_of(edges)
    drawn = NeighbourSampler(graph, fan_out).sample(np.array(seeds, int), draw=draw)
    assert len(np.unique(drawn.arcs)) == len(drawn.arcs)
    assert len(np.unique(drawn.nodes)) == len(drawn.nodes)
    assert (graph.indices[drawn.arcs] == drawn.nodes[drawn.sources]).all()
    assert (graph.sources()[drawn.arcs] == drawn.nodes[drawn.targets]).all()
    assert (drawn.nodes[drawn.seeds] == seeds).all()


@given(edges, fan_outs, seeds, draws, st.integers(0, 10))
def test_nothing_is_drawn_that_was_not_seen_before_the_seed(
    edges, fan_out, seeds, draw, time
) -> None:
    graph = graph_of(edges)
    times = np.full(len(seeds), time, np.int64)
    drawn = NeighbourSampler(graph, fan_out).sample(np.array(seeds, int), draw=draw, times=times)
    assert graph.times is not None
    assert (graph.times[drawn.arcs] < time).all()


@given(edges, fan_outs, seeds, draws)
def test_the_blocks_of_a_sample_hold_every_arc_that_a_layer_needs(
    edges, fan_out, seeds, draw
) -> None:
    drawn = NeighbourSampler(graph_of(edges), fan_out).sample(np.array(seeds, int), draw=draw)
    layers = len(fan_out)
    read = len(drawn.nodes)
    for layer in range(layers):
        index, reads, writes = drawn.block(layer)
        assert reads == read
        assert index.shape[1] == (drawn.targets < writes).sum()
        assert (index[0] < reads).all()
        assert (index[1] < writes).all()
        read = writes
    assert read == len(set(seeds))


def test_every_neighbour_is_drawn_equally_often() -> None:
    sampler = NeighbourSampler(star(20), [5])
    counts = np.zeros(20)
    for draw in range(8_000):
        np.add.at(counts, sampler.sample([0], draw=draw).nodes[1:] - 1, 1)
    expected = 8_000 * 5 / 20
    # Chi-square with 19 degrees of freedom, of draws without replacement: far below 45.
    assert ((counts - expected) ** 2 / (expected * 15 / 20)).sum() < 45


def test_pairs_of_neighbours_are_drawn_equally_often() -> None:
    sampler = NeighbourSampler(star(6), [2])
    counts: dict[tuple[int, ...], int] = {}
    for draw in range(6_000):
        pair = tuple(sorted(sampler.sample([0], draw=draw).nodes[1:].tolist()))
        counts[pair] = counts.get(pair, 0) + 1
    assert len(counts) == 15
    assert sum((n - 400) ** 2 / 400 for n in counts.values()) < 45


def test_a_sample_depends_on_its_draw_and_on_nothing_else() -> None:
    sampler = NeighbourSampler(star(500), [5, 3])
    alone = [plain(sampler.sample([0, 7], draw=draw)) for draw in range(40)]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda draw: plain(sampler.sample([0, 7], draw=draw)), range(40)))
    assert at_once == alone
    assert len({tuple(sample.nodes) for sample in alone}) == 40


def test_arcs_between_given_pairs_are_taken_out_in_both_directions() -> None:
    graph = Graph.from_edges(4, np.array([0, 1, 2, 0]), np.array([1, 2, 3, 3]))
    drawn = NeighbourSampler(graph, [ALL, ALL]).sample([0, 1], draw=0)
    less = drawn.without(np.array([1]), np.array([0]))
    ends = {(int(drawn.nodes[a]), int(drawn.nodes[b])) for a, b in less.edge_index.T}
    assert ends == {(3, 0), (2, 1), (0, 3), (2, 3), (1, 2), (3, 2)}
    assert less.arc_ends == (0, 2, 6)
    assert drawn.arc_ends == (0, 4, 8)


def test_what_cannot_be_drawn_is_refused() -> None:
    sampler = NeighbourSampler(star(3), [2])
    with pytest.raises(ValueError, match="rows 0 to 3"):
        sampler.sample([4], draw=0)
    with pytest.raises(ValueError, match="have none"):
        sampler.sample([0], draw=0, times=np.array([5]))
    with pytest.raises(ValueError, match="2 times were given for 1 seeds"):
        sampler.sample([0], draw=0, times=np.array([5, 6]))
    for fan_out in ([], [0], [3, -2]):
        with pytest.raises(ValueError, match="fan-out"):
            NeighbourSampler(star(3), fan_out)
