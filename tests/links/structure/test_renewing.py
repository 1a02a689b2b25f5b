"""The view of a changed graph, made where the change reaches, is that made of every row."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.links import Graph
from sensorium.links.graph.features import Features
from sensorium.links.structure.basis import HELD, LATER, MOVED
from sensorium.links.structure.renewing import renewed
from sensorium.links.structure.views import PairView
from tests.links.communities import communities

NOBODY = np.empty(0, np.int64)
RANDOM = np.random.default_rng(3)
NODES = 300


def ring(marks: int = 12) -> tuple[Graph, Features]:
    """A ring with a few chords, whose far side is far away, and a node without ties."""
    rows = np.arange(NODES - 1)
    source = np.concatenate([rows, rows[::9]])
    target = np.concatenate([(rows + 1) % (NODES - 1), (rows[::9] + 4) % (NODES - 1)])
    features = Features.of((RANDOM.random((NODES + 4, marks)) < 0.3).astype(np.float32))
    return Graph.from_edges(NODES, source, target), features


def changed(graph: Graph, nodes: int, lost: list[tuple[int, int]], won: list[tuple[int, int]]):
    left = graph.without(*np.array(lost).T) if lost else graph
    source, target = left.pairs()
    one, other = np.array(won, np.int64).reshape(-1, 2).T
    after = Graph.from_edges(nodes, np.concatenate([source, one]), np.concatenate([target, other]))
    rows = {row for edge in (*lost, *won) for row in edge} | set(range(graph.nodes, nodes))
    return after, np.array(sorted(rows), np.int64)


def close(one: PairView, other: PairView) -> None:
    np.testing.assert_allclose(one.table, other.table, rtol=1e-4, atol=1e-5)
    assert one.basis is not None
    assert other.basis is not None
    np.testing.assert_array_equal(one.basis.state, other.basis.state)
    pairs = RANDOM.integers(0, one.graph.nodes, (2, 300))
    np.testing.assert_allclose(one.pairs(*pairs), other.pairs(*pairs), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("described", [True, False])
def test_only_what_a_change_reaches_is_made_and_all_of_it_is_right(described) -> None:
    graph, marks = ring()
    features = marks.rows(np.arange(NODES)) if described else None
    view = PairView.of(graph, features, 0)
    # A tie lost, one won, a new node, a new node behind that, and one that had no ties.
    won = [(50, 70), (60, NODES), (NODES, NODES + 1), (NODES - 1, 80)]
    after, rewired = changed(graph, NODES + 2, [(40, 41)], won)
    wider = marks.rows(np.arange(NODES + 2)) if described else None
    found = renewed(view, after, wider, rewired, NOBODY)
    close(found.view, renewed(view, after, wider, rewired, NOBODY, every=True).view)
    assert set(rewired) <= set(found.computed)
    assert len(found.computed) < NODES / 2
    assert found.view.basis is not None
    state = found.view.basis.state
    assert state[[40, 41, 50, 60, 100]].tolist() == [MOVED] * 4 + [HELD]
    assert state[[NODES - 1, NODES, NODES + 1]].tolist() == [LATER] * 3
    assert np.abs(found.view.table[NODES, found.view.places[-1]]).max() > 1e-4


def test_two_changes_one_after_the_other_are_as_both_at_once() -> None:
    graph, _ = ring()
    view = PairView.of(graph, None, 0)
    first, moved = changed(graph, NODES + 1, [(40, 41)], [(60, NODES)])
    second, later = changed(first, NODES + 2, [], [(61, 200), (100, NODES + 1), (40, 41)])
    step = renewed(view, first, None, moved, NOBODY).view
    turns = renewed(step, second, None, later, NOBODY).view
    at_once = renewed(view, second, None, np.union1d(moved, later), NOBODY).view
    close(turns, at_once)


def test_a_change_undone_leaves_the_view_that_was() -> None:
    graph, marks = ring()
    features = marks.rows(np.arange(NODES))
    view = PairView.of(graph, features, 0)
    after, rewired = changed(graph, NODES, [(10, 11)], [(7, 150)])
    back = renewed(
        renewed(view, after, features, rewired, NOBODY).view, graph, features, rewired, NOBODY
    )
    np.testing.assert_allclose(back.view.table, view.table, rtol=1e-4, atol=1e-5)


def test_other_features_of_a_node_reach_as_far_as_features_are_spread() -> None:
    graph, marks = ring()
    features = marks.rows(np.arange(NODES))
    view = PairView.of(graph, features, 0)
    matrix = features.matrix.tolil()
    matrix[150] = 1 - matrix[150].toarray()
    other = features.of_others(matrix.tocsr())
    found = renewed(view, graph, other, NOBODY, np.array([150]))
    close(found.view, renewed(view, graph, other, NOBODY, np.array([150]), every=True).view)
    assert 20 < len(found.computed) < NODES / 2


def test_many_features_keep_the_directions_that_they_were_reduced_to() -> None:
    graph, _, _ = communities(260)
    features = Features.of((RANDOM.random((261, 240)) < 0.1).astype(np.float32))
    view = PairView.of(graph, features.rows(np.arange(260)), 0)
    after, rewired = changed(graph, 261, [], [(3, 260)])
    found = renewed(view, after, features, rewired, NOBODY).view
    assert view.basis is not None
    assert view.basis.directions is not None
    base = features.normal @ view.basis.directions
    step = np.eye(261) + np.asarray(
        [[after.has([u], [v])[0] for v in range(261)] for u in range(261)], float
    )
    root = 1 / np.sqrt(step.sum(1))
    step = step * root[:, None] * root
    near = 0.3 * (base + 0.7 * step @ base + 0.49 * step @ step @ base)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    np.testing.assert_allclose(found.table[:, found.places[0]], near, rtol=1e-3, atol=1e-4)


def test_a_node_that_comes_later_is_told_as_the_decomposition_would_tell_its_ties() -> None:
    """A copy of a node, with its ties, gets its vectors: folding in is what the name says."""
    graph, _, _ = communities(120)
    view = PairView.of(graph, None, 0)
    ties = graph.indices[graph.indptr[5] : graph.indptr[6]]
    after, rewired = changed(graph, 121, [], [(int(tie), 120) for tie in ties])
    found = renewed(view, after, None, rewired, NOBODY).view
    said, heard = found.places[-4], found.places[-3]
    np.testing.assert_allclose(found.table[120, said], found.table[5, said], rtol=1e-3, atol=1e-4)
    alike = found.table[120, heard] @ found.table[5, heard]
    lengths = np.linalg.norm(found.table[[5, 120], heard], axis=1).prod()
    assert alike / lengths > 0.9


def test_a_view_saved_without_a_basis_cannot_follow() -> None:
    graph, _ = ring()
    arrays = PairView.of(graph, None, 0).arrays()
    old = PairView.restored(
        graph, None, {name: of for name, of in arrays.items() if name != "state"}
    )
    with pytest.raises(ValueError, match="basis"):
        renewed(old, graph, None, NOBODY, NOBODY)
