"""Vectors of nodes that need no training: features spread over the graph, and its spectrum.

Features are spread by a personalised PageRank cut off after a few steps (Gasteiger et al. 2019,
"Predict then Propagate"), which is what untrained graph convolutions amount to. Spectra are
truncated by a randomised decomposition (Halko et al. 2011). From one comes the closed-form
autoencoder of rows EASE (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data"), here
with the inverse that it needs taken from the leading singular vectors.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import scipy.sparse as sp

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features

Array = np.ndarray[Any, Any]

REDUCED: Final = 200
"""Features are reduced to so many dimensions before they are spread."""
SPREADS: Final = ((2, 0.3), (4, 0.2), (10, 0.1))
"""Steps and the chance to return: from the near surroundings to the wide ones."""
SPECTRUM: Final = 128
"""So many leading vectors are compared as they are."""
RANKS: Final = ((20_000, 256), (200_000, 128))
_LEAST_RANK: Final = 64
"""The rank of a decomposition for graphs of up to so many nodes; the least one beyond."""


def rank_for(nodes: int) -> int:
    """How many singular vectors are taken for a graph of this size."""
    fitting = (rank for bound, rank in RANKS if nodes <= bound)
    return max(1, min(next(fitting, _LEAST_RANK), nodes - 1))


def reduced(features: Features, seed: int) -> Array:
    """Features weighed by rarity, in at most :data:`REDUCED` dimensions, float32 (nodes, d)."""
    rows = features.normal
    if min(rows.shape) <= REDUCED:
        dense: Array = rows.toarray()
        return dense
    left, values, _ = decomposed(rows, REDUCED, seed)
    out: Array = (left * values).astype(np.float32)
    return out


def spread(graph: Graph, vectors: Array) -> list[Array]:
    """``vectors`` spread over the graph, once for each of :data:`SPREADS`; rows of length 1."""
    step = damped(adjacency(graph) + sp.identity(graph.nodes, np.float32, "csr"))
    return [_unit(_spread(step, vectors, steps, back)) for steps, back in SPREADS]


def adjacency(graph: Graph) -> sp.csr_matrix:
    """A matrix of ones where there is an arc."""
    ones = np.ones(graph.arcs, np.float32)
    return sp.csr_matrix((ones, graph.indices, graph.indptr), (graph.nodes, graph.nodes))


def damped(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Each entry divided by the roots of the sums of its row and of its column."""
    root = 1 / np.sqrt(np.maximum(np.asarray(matrix.sum(1)).ravel(), 1))
    scale = sp.diags(root.astype(np.float32))
    return (scale @ matrix @ scale).tocsr()


def decomposed(matrix: Any, rank: int, seed: int) -> tuple[Array, Array, Array]:
    """Leading singular vectors and values: (rows, rank), (rank,), (rank, columns)."""
    from sklearn.utils.extmath import randomized_svd

    found: tuple[Array, Array, Array] = randomized_svd(
        matrix, rank, n_iter=3, power_iteration_normalizer="LU", random_state=seed
    )
    return found


def shallow(
    matrix: sp.csr_matrix, values: Array, right: Array, penalty: float
) -> tuple[Array, Array]:
    """EASE's answer in two factors, float32 (nodes, rank): a pair's score is their product.

    ``values`` and ``right`` are those of a decomposition of the matrix that is inverted, with
    ``penalty`` on its squared values; ``matrix`` says whom each node is tied to.
    """
    columns = right.T
    weight = values**2 / (values**2 + penalty)
    left_over = 1 - (columns**2 * weight).sum(1)
    said: Array = (matrix @ (columns * weight)).astype(np.float32)
    heard: Array = (columns / np.maximum(left_over, 1e-3)[:, None]).astype(np.float32)
    return said, heard


def _spread(step: sp.csr_matrix, vectors: Array, steps: int, back: float) -> Array:
    total, share, at = np.zeros_like(vectors), back, vectors
    for _ in range(steps + 1):
        total += share * at
        share *= 1 - back
        at = step @ at
    return total


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    out: Array = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return out
