"""Neighbour samplers as one writes them first: with NumPy, and with plain numba."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import njit

from sensorium.links.graph.compressed import Graph

I64 = npt.NDArray[np.int64]


def numpy_sample(graph: Graph, seeds: I64, fan_out: Sequence[int], seed: int) -> int:
    """Draws for every node with ``Generator.choice``, relabels with sorted arrays; arcs drawn."""
    random = np.random.default_rng(seed)
    frontier, reached, arcs = seeds, seeds, 0
    for k in fan_out:
        drawn = []
        for node in frontier:
            row = graph.indices[graph.indptr[node] : graph.indptr[node + 1]]
            drawn.append(row if len(row) <= k else random.choice(row, k, replace=False))
        found = np.concatenate(drawn).astype(np.int64)
        arcs += len(found)
        frontier = np.setdiff1d(found, reached)
        reached = np.union1d(reached, found)
        np.searchsorted(reached, found)
    return arcs


@njit
def _drawn(indptr, indices, frontier, k, out):  # type: ignore[no-untyped-def]  # as it comes to mind
    at = 0
    for node in frontier:
        row = indices[indptr[node] : indptr[node + 1]]
        if len(row) <= k:
            for neighbour in row:
                out[at] = neighbour
                at += 1
        else:
            for neighbour in np.random.permutation(row)[:k]:
                out[at] = neighbour
                at += 1
    return at


def numba_sample(graph: Graph, seeds: I64, fan_out: Sequence[int]) -> int:
    """A compiled loop that shuffles each row, relabels with sorted arrays; arcs drawn."""
    frontier, reached, arcs = seeds, seeds, 0
    for k in fan_out:
        out = np.empty(len(frontier) * k, np.int64)
        found = out[: _drawn(graph.indptr, graph.indices, frontier, k, out)]
        arcs += len(found)
        frontier = np.setdiff1d(found, reached)
        reached = np.union1d(reached, found)
        np.searchsorted(reached, found)
    return arcs
