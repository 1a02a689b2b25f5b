"""Vectors of nodes that need no training: features spread over the graph, and its spectrum.

Features are spread by a personalised PageRank cut off after a few steps (Gasteiger et al. 2019,
"Predict then Propagate"), which is what untrained graph convolutions amount to; the spectrum is
that of the adjacency matrix normalised by degrees, by a randomised decomposition (Halko et al.
2011).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import scipy.sparse as sp

from sensorium.links.features import Features
from sensorium.links.graph import Graph

Array = np.ndarray[Any, Any]

REDUCED: Final = 200
"""Features are reduced to so many dimensions before they are spread."""
SPREADS: Final = ((2, 0.3), (4, 0.2), (10, 0.1))
"""Steps and the chance to return: from the near surroundings to the wide ones."""
SPECTRUM: Final = 128


def reduced(features: Features, seed: int, dimensions: int = REDUCED) -> Array:
    """Features weighed by rarity, in at most so many dimensions, float32 (nodes, d)."""
    rows = features.normal
    if min(rows.shape) <= dimensions:
        dense: Array = rows.toarray()
        return dense
    left, values, _ = _decomposed(rows, dimensions, seed)
    out: Array = (left * values).astype(np.float32)
    return out


def spread(graph: Graph, vectors: Array) -> list[Array]:
    """``vectors`` spread over the graph, once for each of :data:`SPREADS`; rows of length 1."""
    step = _normalised(graph, loops=True)
    return [_unit(_spread(step, vectors, steps, back)) for steps, back in SPREADS]


def spectrum(graph: Graph, seed: int, dimensions: int = SPECTRUM) -> Array:
    """Left singular vectors times roots of singular values, float32 (nodes, d)."""
    matrix = _normalised(graph, loops=False)
    rank = min(dimensions, graph.nodes - 1)
    left, values, _ = _decomposed(matrix, rank, seed)
    out: Array = (left * np.sqrt(values)).astype(np.float32)
    return out


def _spread(step: sp.csr_matrix, vectors: Array, steps: int, back: float) -> Array:
    total, share, at = np.zeros_like(vectors), back, vectors
    for _ in range(steps + 1):
        total += share * at
        share *= 1 - back
        at = step @ at
    return total


def _normalised(graph: Graph, *, loops: bool) -> sp.csr_matrix:
    ones = np.ones(graph.arcs, np.float32)
    matrix = sp.csr_matrix((ones, graph.indices, graph.indptr), (graph.nodes, graph.nodes))
    if loops:
        matrix = matrix + sp.identity(graph.nodes, np.float32, "csr")
    root = 1 / np.sqrt(np.maximum(np.asarray(matrix.sum(1)).ravel(), 1))
    scale = sp.diags(root.astype(np.float32))
    return (scale @ matrix @ scale).tocsr()


def _decomposed(matrix: Any, rank: int, seed: int) -> tuple[Array, Array, Array]:
    from sklearn.utils.extmath import randomized_svd

    found: tuple[Array, Array, Array] = randomized_svd(
        matrix, rank, n_iter=4, power_iteration_normalizer="LU", random_state=seed
    )
    return found


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    out: Array = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return out
