from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.links.graph.compressed import Graph
from sensorium.links.neighbourhoods.gathering import Gather, gathered

NODES = 9
edges = st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)), max_size=40)


def plainly(graph: Graph, x: np.ndarray, how: Gather, rows: list[int]) -> np.ndarray:
    out = np.zeros((len(rows), x.shape[1]), np.float32)
    for at, row in enumerate(rows):
        heard = x[graph.indices[graph.indptr[row] : graph.indptr[row + 1]]]
        if len(heard):
            out[at] = {Gather.MEAN: np.mean, Gather.SUM: np.sum, Gather.MAX: np.max}[how](heard, 0)
    return out


@given(edges, st.sampled_from(list(Gather)), st.integers(1, 40), st.data())
def test_neighbours_rows_become_one_as_said(edges, how, width, data) -> None:
    table = np.array(edges, np.int64).reshape(-1, 2)
    graph = Graph.from_edges(NODES, table[:, 0], table[:, 1])
    x = np.random.default_rng(width).normal(size=(NODES, width)).astype(np.float32)
    rows = data.draw(st.lists(st.integers(0, NODES - 1), max_size=12))
    some = gathered(graph.indptr, graph.indices, x, how, rows=np.array(rows, np.int64))
    np.testing.assert_allclose(some, plainly(graph, x, how, rows), rtol=1e-5, atol=1e-6)
    every = gathered(graph.indptr, graph.indices, x, how)
    np.testing.assert_allclose(every, plainly(graph, x, how, list(range(NODES))), 1e-5, 1e-6)


@pytest.mark.parametrize("how", list(Gather))
def test_threads_share_the_rows_and_change_nothing(how: Gather) -> None:
    random = np.random.default_rng(3)
    graph = Graph.from_edges(
        3_000, random.integers(0, 3_000, 400_000), random.integers(0, 3_000, 400_000)
    )
    x = random.normal(size=(3_000, 8)).astype(np.float32)
    alone = gathered(graph.indptr, graph.indices, x, how, threads=1)
    together = gathered(graph.indptr, graph.indices, x, how, threads=3)
    np.testing.assert_array_equal(alone, together)
