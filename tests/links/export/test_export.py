"""A graph divided among machines, and read back by PyG's own stores."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch_geometric")

import torch
from torch_geometric.distributed import LocalFeatureStore, LocalGraphStore

from sensorium.errors import UsageError
from sensorium.links.export.parts import cut_share, parts_of
from sensorium.links.export.pyg import write_parts
from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.graph.names import Names
from sensorium.links.graph.reading import Edges

NODES, GROUPS = 240, 4


def _grouped() -> Graph:
    """Four groups of sixty whose nodes have nine of ten ties inside, numbered at random."""
    rng = np.random.default_rng(0)
    one = rng.integers(0, NODES, 2400)
    inside = rng.random(2400) < 0.9
    near = one % GROUPS + GROUPS * rng.integers(0, NODES // GROUPS, 2400)
    other = np.where(inside, near, rng.integers(0, NODES, 2400))
    named = rng.permutation(NODES)
    return Graph.from_edges(NODES, named[one], named[other])


def test_parts_are_of_like_size_and_cut_few_edges():
    graph = _grouped()
    part = parts_of(graph, GROUPS)
    assert np.bincount(part, minlength=GROUPS).max() <= 1.05 * NODES / GROUPS
    assert part.min() == 0
    assert cut_share(graph, part) < 0.15  # three of four at random, one in thirteen by the groups
    assert np.array_equal(part, parts_of(graph, GROUPS))


@pytest.mark.parametrize("parts", [2, 7])
def test_nodes_without_neighbours_are_divided_too(parts):
    graph = Graph.from_edges(14, np.array([0]), np.array([1]))
    held = np.bincount(parts_of(graph, parts), minlength=parts)
    assert held.sum() == 14
    assert held.max() <= 1.1 * 14 / parts + 1


@pytest.mark.parametrize("parts", [1, 241])
def test_parts_that_cannot_be_are_refused(parts):
    with pytest.raises(UsageError, match="cannot be divided"):
        parts_of(_grouped(), parts)


def test_pygs_stores_read_every_arc_and_feature_once(tmp_path):
    graph = _grouped()
    matrix = np.random.default_rng(1).integers(0, 2, (NODES, 5)).astype(np.float32)
    features = Features.of(matrix)
    read = Edges(graph, Names([f"n{row}" for row in range(NODES)]))
    part = parts_of(graph, 3)
    write_parts(read, features, part, tmp_path / "parts")
    arcs, x = set(), np.zeros_like(matrix)
    for number in range(3):
        stored = LocalGraphStore.from_partition(str(tmp_path / "parts"), number)
        row, col = stored.get_edge_index(edge_type=None, layout="coo")
        assert (np.diff(col.numpy()) >= 0).all()
        assert (part[col.numpy()] == number).all()
        ids = stored.get_edge_id(edge_type=None, layout="coo")
        assert torch.equal(stored.edge_pb[ids], torch.full_like(ids, number))
        here = set(zip(row.tolist(), col.tolist(), strict=True))
        assert not arcs & here
        arcs |= here
        known = LocalFeatureStore.from_partition(str(tmp_path / "parts"), number)
        rows = known.get_global_id(group_name=None)
        x[rows.numpy()] = known.get_tensor(group_name=None, attr_name="x").numpy()
    assert arcs == set(zip(graph.indices.tolist(), graph.sources().tolist(), strict=True))
    assert np.allclose(x, features.normal.toarray())
    with pytest.raises(UsageError, match="cannot make"):
        write_parts(read, features, part, tmp_path / "parts")
