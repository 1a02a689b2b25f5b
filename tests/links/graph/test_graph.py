"""The graph in compressed rows, against sets of edges."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.links import Graph

NODES = 7
_ROW = st.integers(0, NODES - 1)
EDGES = st.lists(st.tuples(_ROW, _ROW, st.integers(0, 50)), max_size=40)


def _built(edges: list[tuple[int, int, int]], *, directed: bool) -> Graph:
    source, target, times = np.array(edges, np.int64).reshape(-1, 3).T
    return Graph.from_edges(
        NODES, source, target, directed=directed, times=times, kinds=times % 3, weights=times
    )


def _arcs(graph: Graph) -> dict[tuple[int, int], tuple[int, int, float]]:
    assert graph.times is not None
    assert graph.kinds is not None
    assert graph.weights is not None
    rows = zip(graph.times.tolist(), graph.kinds.tolist(), graph.weights.tolist(), strict=True)
    arcs = zip(graph.sources().tolist(), graph.indices.tolist(), strict=True)
    return dict(zip(arcs, rows, strict=True))


def _naive(edges: list[tuple[int, int, int]], *, directed: bool) -> dict:
    arcs: dict = {}
    for u, v, time in edges:
        for arc in {(u, v)} if directed else {(u, v), (v, u)}:
            if u != v:
                first, total = arcs.get(arc, (time, 0))
                arcs[arc] = min(first, time), total + time
    return {arc: (first, first % 3, total) for arc, (first, total) in arcs.items()}


@given(edges=EDGES, directed=st.booleans())
def test_it_holds_each_edge_once_with_its_first_time_and_summed_weight(edges, directed):
    graph = _built(edges, directed=directed)
    expected = _naive(edges, directed=directed)
    assert _arcs(graph) == expected
    assert list(_arcs(graph)) == sorted(expected)
    assert graph.dropped == len(edges) - graph.edges
    assert graph.indptr.dtype == np.int64
    assert graph.indices.dtype == np.int32


@given(edges=EDGES, directed=st.booleans())
def test_has_knows_every_pair(edges, directed):
    graph = _built(edges, directed=directed)
    u, v = np.divmod(np.arange(NODES * NODES), NODES)
    known = set(_naive(edges, directed=directed))
    assert graph.has(u, v).tolist() == [pair in known for pair in zip(u, v, strict=True)]
    assert graph.degree().tolist() == [sum(a == n for a, _ in known) for n in range(NODES)]


@given(edges=EDGES, gone=st.lists(st.tuples(_ROW, _ROW), max_size=10), directed=st.booleans())
def test_without_takes_edges_out_and_nothing_else(edges, gone, directed):
    graph = _built(edges, directed=directed)
    u, v = np.array(gone, np.int64).reshape(-1, 2).T
    left = _arcs(graph.without(u, v))
    out = set(gone) if directed else {*gone, *((b, a) for a, b in gone)}
    assert left == {arc: row for arc, row in _arcs(graph).items() if arc not in out}


def test_the_edges_of_an_undirected_graph_are_told_once():
    graph = Graph.from_edges(4, [2, 0, 3], [0, 2, 1])
    source, target = graph.pairs()
    assert (source.tolist(), target.tolist()) == ([0, 1], [2, 3])
    assert (graph.edges, graph.arcs, graph.nodes, graph.dropped) == (2, 4, 4, 1)


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [([0], [4], "not one of the 4"), ([-1], [0], "not one of"), ([0, 1], [0], "2 sources")],
)
def test_edges_that_cannot_be_are_refused(source, target, said):
    with pytest.raises(ValueError, match=said):
        Graph.from_edges(4, source, target)


def test_importing_the_package_loads_neither_torch_nor_numba():
    code = "import sys, sensorium.links; print({'torch', 'numba'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
