from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch_geometric")

import scipy.sparse as sp

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.describing import Described
from sensorium.links.graph.features import Features
from sensorium.links.graph.names import Names
from sensorium.links.graph.reading import Edges
from sensorium.links.models import bundle
from sensorium.links.models.refreshing import changed_rows, refreshed, vectors_of
from sensorium.links.models.updating import updated
from tests.links.untrained import untrained, with_edges, world

NODES = 400
RANDOM = np.random.default_rng(2)
PATHS = Graph.from_edges(NODES, np.arange(NODES - 1), np.arange(1, NODES))
NOTHING = np.empty(0, np.int64)


def network():
    model = untrained(world())
    return model.scorer.network


def test_only_the_neighbourhood_of_a_change_is_computed_and_all_vectors_are_right() -> None:
    made_of = Features.of(RANDOM.random((NODES + 1, 18)).astype(np.float32))
    before = made_of.rows(np.arange(NODES))
    net = network()
    vectors = vectors_of(net, PATHS, before)
    after = with_edges(PATHS.without([200], [201]), [(10, 300), (5, NODES)], NODES + 1)
    found = refreshed(net, PATHS, after, vectors, made_of, np.array([77]))
    np.testing.assert_allclose(found.vectors, vectors_of(net, after, made_of), rtol=1e-4, atol=1e-5)
    assert {200, 201, 10, 300, 5, NODES, 77, 12, 75} <= set(found.computed.tolist())
    assert len(found.computed) < 50


def test_nothing_is_computed_where_nothing_has_changed() -> None:
    features = Features.of(RANDOM.random((NODES, 18)).astype(np.float32))
    net = network()
    vectors = vectors_of(net, PATHS, features)
    found = refreshed(net, PATHS, PATHS, vectors, features, NOTHING)
    assert len(found.computed) == 0
    np.testing.assert_array_equal(found.vectors, vectors)


def test_changed_rows_are_those_whose_ties_differ() -> None:
    for _ in range(20):
        source, target = RANDOM.integers(0, 15, (2, 30))
        before = Graph.from_edges(15, source, target)
        kept = RANDOM.random(30) < 0.9
        after = Graph.from_edges(17, source[kept], target[kept])
        after = with_edges(after, [(3, 16)], 17)
        ties = [
            [set(g.indices[g.indptr[n] : g.indptr[n + 1]].tolist()) for n in range(g.nodes)]
            for g in (before, after)
        ]
        expected = [n for n in range(17) if n >= 15 or ties[0][n] != ties[1][n]]
        assert changed_rows(before, after).tolist() == expected


def test_a_model_on_newer_data_keeps_its_rows_and_takes_in_new_nodes() -> None:
    model = untrained(world())
    edges = Edges(
        Graph.from_edges(4, np.array([0, 0, 1]), np.array([1, 2, 3])),
        Names(["person 7", "newcomer", "person 3", "another"]),
    )
    columns = ("feature 1", "colour: red", "feature 0")
    given = Features.of(np.array([[1, 1, 0], [0, 0, 1]], np.float32), columns)
    described = Described(Names(["newcomer", "person 7"]).ids, given, [])
    made = updated(model, edges, described, 5)
    after = made.model
    assert made.left_out == 1
    assert after.names.many([3, 7, 60, 61]) == ["person 3", "person 7", "newcomer", "another"]
    tied = set(zip(*(end.tolist() for end in after.graph.pairs()), strict=True))
    assert tied == {(7, 60), (3, 7), (60, 61)}
    assert after.features is not None
    expected = sp.lil_matrix((62, 18), dtype=np.float32)
    expected[60, 1] = expected[7, 0] = 1
    np.testing.assert_array_equal(after.features.matrix.toarray(), expected.toarray())
    np.testing.assert_allclose(
        after.embeddings,
        vectors_of(model.scorer.network, after.graph, after.features),
        rtol=1e-4,
        atol=1e-5,
    )
    assert after.card.embedded_ns == 5
    assert len(made.embedded) == 62
    assert after.score([[0, 60]]).shape == (1,)


def test_a_small_change_is_followed_and_a_large_one_or_a_wish_makes_the_whole(tmp_path) -> None:
    of = world(240)
    bundle.save(untrained(of), tmp_path / "model")
    model = bundle.load(tmp_path / "model")
    wider = Names([*of.names.ids.to_pylist(), "new"])
    one = Edges(with_edges(of.graph, [(0, 240), (5, 100)], 241), wider)
    followed = updated(model, one, None, 7)
    assert not followed.decomposed
    assert {0, 5, 100, 240} <= set(followed.told.tolist())
    assert followed.model.card.decomposed_ns == model.card.decomposed_ns
    assert followed.model.card.embedded_ns == 7
    assert followed.model.scorer.view.moved() == pytest.approx(4 / 241)
    # What was saved and loaded goes on where it was.
    bundle.save(followed.model, tmp_path / "model")
    again = bundle.load(tmp_path / "model")
    np.testing.assert_array_equal(again.features.normal.data, followed.model.features.normal.data)
    undone = updated(again, Edges(of.graph, of.names), None, 8)
    pairs = RANDOM.integers(0, 240, (200, 2))
    np.testing.assert_allclose(undone.model.score(pairs), model.score(pairs), atol=1e-3)
    assert updated(model, one, None, 9, whole=True).decomposed
    ring = Edges(Graph.from_edges(240, np.arange(240), (np.arange(240) + 1) % 240), of.names)
    made = updated(model, ring, None, 10)
    assert made.decomposed
    assert made.model.card.decomposed_ns == 10
    assert made.model.scorer.view.moved() == 0


def test_without_new_features_known_nodes_keep_theirs(tmp_path: Path) -> None:
    model = untrained(world())
    edges = Edges(
        with_edges(model.graph, [(0, 60)], 61), Names([*model.names.ids.to_pylist(), "new"])
    )
    after = updated(model, edges, None, 5).model
    assert model.features is not None
    assert after.features is not None
    np.testing.assert_array_equal(
        after.features.matrix[:60].toarray(), model.features.matrix.toarray()
    )
    assert after.features.matrix[60].nnz == 0
    np.testing.assert_allclose(
        after.embeddings,
        vectors_of(model.scorer.network, after.graph, after.features),
        rtol=1e-4,
        atol=1e-5,
    )
