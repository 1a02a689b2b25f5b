"""Splits and negatives: every leak that is known of."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.errors import SensoriumError, UsageError
from sensorium.links import Graph
from sensorium.links.learning.negatives import hard, hard_of_new, uniform
from sensorium.links.learning.split import split_edges, split_nodes, split_time


def _random(nodes: int = 60, edges: int = 240, seed: int = 0, *, times: bool = False) -> Graph:
    rng = np.random.default_rng(seed)
    source, target = rng.integers(0, nodes, (2, edges))
    when = rng.permutation(edges) if times else None
    return Graph.from_edges(nodes, source, target, times=when)


def _keys(pairs) -> set[tuple[int, int]]:
    return {(min(p), max(p)) for p in zip(*(end.tolist() for end in pairs), strict=True)}


@pytest.mark.parametrize("seed", range(5))
def test_no_edge_is_in_two_parts_not_even_turned_round(seed):
    graph = _random(seed=seed)
    split = split_edges(graph, 0.1, 0.2, seed)
    parts = [_keys(split.message.pairs()), _keys(split.valid), _keys(split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == graph.edges
    assert len(parts[2]) == round(0.2 * graph.edges)


@pytest.mark.parametrize("seed", range(5))
def test_messages_pass_over_no_held_out_edge_in_either_direction(seed):
    split = split_edges(_random(seed=seed), 0.1, 0.2, seed)
    for one, other in (split.valid, split.test):
        assert not split.message.has(one, other).any()
        assert not split.message.has(other, one).any()


@pytest.mark.parametrize("training_only", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_no_test_edge_is_known_when_it_is_asked_about(seed, training_only):
    graph = _random(seed=seed)
    split = split_edges(graph, 0.1, 0.2, seed)
    asked = split.training_only() if training_only else split
    known = _keys(asked.seen.pairs())
    assert not known & _keys(split.test)
    assert (_keys(split.valid) <= known) != training_only
    assert known | _keys(split.valid) == _keys(graph.pairs()) - _keys(split.test)
    assert _keys(asked.message.pairs()) == _keys(split.message.pairs())


@pytest.mark.parametrize("seed", range(5))
def test_no_negative_is_an_edge_of_any_part_and_none_comes_twice(seed):
    graph = _random(seed=seed)
    split = split_edges(graph, 0.1, 0.2, seed)
    drawn = [_keys(split.valid_negatives), _keys(split.test_negatives)]
    assert not set.union(*drawn) & _keys(graph.pairs())
    assert len(set.union(*drawn)) == len(split.valid[0]) + len(split.test[0])


def test_a_division_by_time_trains_on_the_past_and_judges_on_the_future():
    graph = _random(times=True)
    split = split_time(graph, 0.1, 0.2, 0)
    assert graph.times is not None
    assert split.message.times is not None
    of = [graph.times[graph.find(*pairs)] for pairs in (split.valid, split.test)]
    assert split.message.times.max() < of[0].min()
    assert of[0].max() < of[1].min()


def test_times_are_needed_to_divide_by_time():
    with pytest.raises(UsageError, match="without times"):
        split_time(_random(), 0.1, 0.2, 0)


@pytest.mark.parametrize("seed", range(3))
def test_a_new_node_is_in_no_message_and_in_every_test_pair(seed):
    split = split_nodes(_random(seed=seed), 0.2, seed)
    new = set(split.new_nodes.tolist())
    assert new
    assert not split.message.degree()[split.new_nodes].any()
    for pairs in (split.test, split.test_negatives):
        assert all((u in new) != (v in new) for u, v in _keys(pairs))
    assert not _keys(split.test_negatives) & _keys(split.known.pairs())
    assert not new & {end for pair in _keys(split.valid_negatives) for end in pair}


def test_hard_negatives_are_two_hops_from_the_end_that_they_keep():
    graph = _random(edges=150)
    split = split_edges(graph, 0.1, 0.2, 0)
    source, target = hard(graph, split.message, split.test, 6, np.random.default_rng(0))
    assert source.shape == target.shape == (len(split.test[0]), 6)
    assert not graph.has(source.ravel(), target.ravel()).any()
    near = [set(split.message.indices[slice(*split.message.indptr[n : n + 2])]) for n in range(60)]
    two_hops = elsewhere = 0
    for n, (u, v) in enumerate(zip(*split.test, strict=True)):
        for a, b in zip(source[n], target[n], strict=True):
            assert a != b
            assert a == u or b == v
            kept, other = (a, b) if a == u else (b, a)
            reached = {x for w in near[kept] for x in near[w]} - {kept}
            two_hops += other in reached
            elsewhere += other not in reached
    assert two_hops > 5 * elsewhere


def test_hard_negatives_have_degrees_like_those_of_the_ends_they_replace():
    rng = np.random.default_rng(1)
    # Degrees from few to very many: a random walk alone would nearly always end in a hub.
    popular = (rng.random((2, 2000)) ** 3 * 400).astype(int)
    graph = Graph.from_edges(400, *popular)
    split = split_edges(graph, 0.1, 0.2, 0)
    degree = np.log1p(split.message.degree())
    source, target = hard(graph, split.message, split.test, 8, rng)
    one = source == split.test[0][:, None]
    gone, drawn = np.broadcast_to(split.test[1][:, None], one.shape)[one], target[one]
    walked = split.message.indices[rng.integers(0, split.message.arcs, len(gone))]
    apart = np.abs(degree[drawn] - degree[gone]).mean()
    assert apart < 0.6 * np.abs(degree[walked] - degree[gone]).mean()


@pytest.mark.parametrize("seed", range(3))
def test_hard_negatives_of_new_nodes_have_one_new_end_too(seed):
    graph = _random(edges=300, seed=seed)
    split = split_nodes(graph, 0.2, seed)
    new, rng = split.new_nodes, np.random.default_rng(seed)
    fresh, old = hard_of_new(graph, split.seen, split.test, new, 6, rng)
    assert fresh.shape == old.shape == (len(split.test[0]), 6)
    assert np.isin(fresh, new).all()
    assert not np.isin(old, new).any()
    assert not graph.has(fresh.ravel(), old.ravel()).any()
    near = [set(split.seen.indices[slice(*split.seen.indptr[n : n + 2])]) for n in range(60)]
    two_hops = elsewhere = others = 0
    for n, pair in enumerate(zip(*split.test, strict=True)):
        u, v = pair if pair[0] in new else pair[::-1]
        for a, b in zip(fresh[n], old[n], strict=True):
            assert a == u or b == v
            others += a != u
            reached = {x for w in near[v] for x in near[w]} - {v}
            two_hops += a == u and b in reached
            elsewhere += a == u and b not in reached
    assert two_hops > 5 * elsewhere
    assert 0.4 < others / fresh.size < 0.6


def test_a_hub_of_all_new_nodes_is_replaced_in_their_hard_negatives():
    # 0 is linked to everybody, 1 to 3 to each other; 4 and 5 are new.
    graph = Graph.from_edges(6, *np.array([(0, n) for n in range(1, 6)] + [(1, 2), (2, 3)]).T)
    seen = graph.without(np.array([0, 0]), np.array([4, 5]))
    pairs, new = (np.array([0, 5]), np.array([4, 0])), np.array([4, 5])
    fresh, old = hard_of_new(graph, seen, pairs, new, 4, np.random.default_rng(0))
    assert (fresh == np.array([[4], [5]])).all()
    assert np.isin(old, [1, 2, 3]).all()
    whole = Graph.from_edges(4, *np.triu_indices(4, 1))
    with pytest.raises(SensoriumError, match="linked to all other nodes"):
        hard_of_new(
            whole, whole, (np.array([0]), np.array([3])), np.array([3]), 2,
            np.random.default_rng(0),
        )  # fmt: skip


def test_a_graph_that_links_all_has_no_negatives_and_says_so():
    u, v = np.triu_indices(12, 1)
    with pytest.raises(SensoriumError, match="not 5 unlinked pairs"):
        uniform(Graph.from_edges(12, u, v), 5, np.random.default_rng(0))


@pytest.mark.parametrize(("valid", "test"), [(0.0, 0.2), (0.5, 0.5), (-0.1, 0.2)])
def test_shares_that_leave_nothing_are_refused(valid, test):
    with pytest.raises(UsageError, match="shares"):
        split_edges(_random(), valid, test, 0)


def test_a_hub_of_all_is_replaced_in_its_hard_negatives_and_two_of_them_have_none():
    leaves = np.arange(1, 8)
    star = Graph.from_edges(8, np.zeros(7, int), leaves)
    pairs = np.zeros(7, int), leaves
    source, target = hard(star, star, pairs, 4, np.random.default_rng(0))
    assert not star.has(source.ravel(), target.ravel()).any()
    assert (source != target).all()
    assert (target == leaves[:, None]).all()
    whole = Graph.from_edges(4, *np.triu_indices(4, 1))
    with pytest.raises(SensoriumError, match="linked to all other nodes"):
        hard(whole, whole, (np.array([0]), np.array([1])), 2, np.random.default_rng(0))


def test_who_has_no_edge_is_no_negative_that_judges():
    u, v = _random().pairs()
    wide = Graph.from_edges(600, u, v)
    split = split_edges(wide, 0.1, 0.2, 0)
    tied = np.flatnonzero(wide.degree())
    for pairs in (split.test_negatives, split.valid_negatives):
        assert np.isin(pairs, tied).all()
