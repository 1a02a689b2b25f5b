"""Ties as a matrix, and its leading singular vectors, against those of a dense one."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.links import Graph
from sensorium.links.structure.ties import Ties

NODES, RANK = 90, 12


def _graph(*, directed: bool) -> Graph:
    """Nine groups, each a little smaller than the one before, so that singular values differ."""
    rng = np.random.default_rng(3)
    group = np.minimum(np.arange(NODES) // 10, 8)
    source, target = rng.integers(0, NODES, (2, 4000))
    keep = (group[source] == group[target]) & (rng.random(4000) < 1 - group[source] / 12)
    keep |= rng.random(4000) < 0.05
    return Graph.from_edges(NODES, source[keep], target[keep], directed=directed)


def _dense(graph: Graph, *, damped: bool) -> np.ndarray:
    matrix = np.zeros((graph.nodes, graph.nodes))
    matrix[graph.sources(), graph.indices] = 1
    if damped:
        root = np.sqrt(np.maximum(graph.degree(), 1))
        matrix /= root[:, None] * root[None, :]
    return matrix


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("damped", [False, True])
def test_it_multiplies_and_decomposes_as_the_dense_matrix_does(directed, damped):
    graph = _graph(directed=directed)
    ties, matrix = Ties(graph, damped=damped), _dense(graph, damped=damped)
    vectors = np.random.default_rng(0).standard_normal((NODES, 5)).astype(np.float32)
    np.testing.assert_allclose(ties.times(vectors), matrix @ vectors, rtol=1e-4, atol=1e-4)
    values, right = ties.decomposed(RANK, 0)
    expected = np.linalg.svd(matrix)[1][:RANK]
    # A few rounds from random vectors find the first ones well and the last ones nearly.
    np.testing.assert_allclose(values[:3], expected[:3], rtol=1e-3)
    np.testing.assert_allclose(values, expected, rtol=0.03)
    np.testing.assert_allclose(right.T @ right, np.eye(RANK), atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(matrix @ right, axis=0), values, rtol=0.01)


def test_a_matrix_of_few_directions_has_no_others():
    star = Graph.from_edges(30, np.zeros(29, np.int64), np.arange(1, 30))
    values, right = Ties(star).decomposed(6, 0)
    np.testing.assert_allclose(values[:2], np.sqrt(29), rtol=1e-4)
    assert not values[2:].any()
    assert not right[:, 2:].any()
    assert np.isfinite(right).all()


def test_a_graph_without_ties_has_no_direction():
    values, right = Ties(Graph.from_edges(4, [], [])).decomposed(3, 0)
    assert values.shape == (3,)
    assert right.shape == (4, 3)
    assert not values.any()
    assert not right.any()


def test_the_same_seed_gives_the_same_vectors():
    ties = Ties(_graph(directed=False))
    np.testing.assert_array_equal(ties.decomposed(5, 7)[1], ties.decomposed(5, 7)[1])
