"""Brandes' betweenness, sixteen sources at a time.

A level of sixteen searches is one pass over rows of sixteen numbers, which a processor adds as
vectors: where the sources lie near each other, their searches meet the same nodes at the same
distances, and a row of the graph is read once for all of them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import inner, kernel
from sensorium.topology.centrality.arrays import Columns, Flags, Floats, Ints, Rows

LANES = 16


Distances = npt.NDArray[np.int32]


@inner
def _advance(
    depth: int,
    indptr: Rows,
    indices: Columns,
    mult: Floats,
    dist: Distances,
    sigma: Floats,
    coming: Floats,
    row: Floats,
    full: Flags,
    mark: Ints,
    touched: Ints,
    queue: Ints,
    starts: Ints,
) -> None:
    """From the nodes at ``depth`` to those one further: distances and numbers of paths."""
    count = 0
    for at in range(starts[depth], starts[depth + 1]):
        u = queue[at]
        # The source is one node, whatever it stands for.
        many = mult[u] if depth else 1.0
        for lane in range(LANES):
            row[lane] = sigma[u, lane] * many if dist[u, lane] == depth else 0.0
        for arc in range(indptr[u], indptr[u + 1]):
            v = indices[arc]
            if full[v]:
                continue
            if mark[v] != depth:
                mark[v] = depth
                touched[count] = v
                count += 1
            for lane in range(LANES):
                coming[v, lane] += row[lane]
    tail = starts[depth + 1]
    for at in range(count):
        v = touched[at]
        fresh, complete = False, True
        for lane in range(LANES):
            paths = coming[v, lane]
            coming[v, lane] = 0.0
            new = (dist[v, lane] < 0) & (paths > 0.0)
            if new:
                dist[v, lane] = depth + 1
                sigma[v, lane] = paths
            fresh |= new
            complete &= dist[v, lane] >= 0
        full[v] = complete
        if fresh:
            queue[tail] = v
            tail += 1
    starts[depth + 2] = tail


@inner
def _retreat(
    level: int,
    indptr: Rows,
    indices: Columns,
    mult: Floats,
    weight: Floats,
    dist: Distances,
    sigma: Floats,
    delta: Floats,
    share: Floats,
    row: Floats,
    mark: Ints,
    queue: Ints,
    starts: Ints,
    sources: Floats,
    out: Floats,
) -> None:
    """Hand what depends on the nodes at ``level`` to those one nearer to the source."""
    for at in range(starts[level], starts[level + 1]):
        v = queue[at]
        mark[v] = level
        found = 0.0
        for lane in range(LANES):
            here = dist[v, lane] == level
            whole = weight[v] + mult[v] * delta[v, lane]
            share[v, lane] = whole / sigma[v, lane] if here else 0.0
            found += sources[lane] * delta[v, lane] if here else 0.0
        out[v] += found
    if level == 1:
        return
    for at in range(starts[level - 1], starts[level]):
        u = queue[at]
        row[:] = 0.0
        for arc in range(indptr[u], indptr[u + 1]):
            v = indices[arc]
            if mark[v] == level:
                for lane in range(LANES):
                    row[lane] += share[v, lane]
        for lane in range(LANES):
            if dist[u, lane] == level - 1:
                delta[u, lane] = sigma[u, lane] * row[lane]


@kernel
def accumulate(
    indptr: Rows, indices: Columns, mult: Floats, weight: Floats, first: int, last: int, out: Floats
) -> None:
    """Add to ``out`` what nodes lie between the sources ``first`` to ``last`` and all targets.

    Node ``v`` stands for ``mult[v]`` equal nodes with ``weight[v]`` ends of paths in all; ``out``
    is for one of them, over ordered pairs. Source and target are never between. The graph is
    connected. Brandes, "A faster algorithm for betweenness centrality", 2001.
    """
    nodes = len(indptr) - 1
    dist = np.empty((nodes, LANES), np.int32)
    sigma, coming = np.empty((nodes, LANES)), np.zeros((nodes, LANES))
    delta, share = np.empty((nodes, LANES)), np.empty((nodes, LANES))
    row, sources = np.empty(LANES), np.empty(LANES)
    full, mark = np.empty(nodes, np.bool_), np.full(nodes, -1, np.int64)
    touched = np.empty(nodes, np.int64)
    queue, starts = np.empty(nodes * LANES, np.int64), np.zeros(nodes + 2, np.int64)
    for base in range(first, last, LANES):
        lanes = min(LANES, last - base)
        dist[:] = -1
        dist[:, lanes:] = 0
        sigma[:], delta[:] = 0.0, 0.0
        full[:], mark[:] = False, -1
        sources[:] = 0.0
        for lane in range(lanes):
            node = base + lane
            dist[node, lane], sigma[node, lane] = 0, 1.0
            sources[lane], queue[lane] = weight[node], node
        starts[1] = lanes
        depth = 0
        while starts[depth + 1] > starts[depth]:
            _advance(
                depth, indptr, indices, mult, dist, sigma, coming, row, full, mark, touched,
                queue, starts,
            )  # fmt: skip
            depth += 1
        mark[:] = -1
        for level in range(depth - 1, 0, -1):
            _retreat(
                level, indptr, indices, mult, weight, dist, sigma, delta, share, row, mark,
                queue, starts, sources, out,
            )  # fmt: skip
