"""Whether friends of friends are whom to look among."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.links.graph.compressed import Graph
from sensorium.links.structure.closure import seldom_closed


def _graph(pairs: list[tuple[int, int]]) -> Graph:
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return Graph.from_edges(30, table[:, 0], table[:, 1])


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([(0, 1), (1, 2), (0, 2)], False),
        ([(n, n + 1) for n in range(29)], True),
        ([(u, 10 + v) for u in range(10) for v in range(20)], True),
        ([*((n, n + 1) for n in range(26)), (0, 2)], False),  # 3 of 27 ties are closed
        ([*((u, 10 + v) for u in range(9) for v in range(20)), (0, 1)], False),
        ([], False),
    ],
)
def test_a_graph_without_triangles_is_told_from_one_with_some(pairs, expected):
    assert seldom_closed(_graph(pairs)) == expected
