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
FARTHEST: Final = max(steps for steps, _ in SPREADS)
SPECTRUM: Final = 128
"""So many leading vectors are compared as they are."""
RANKS: Final = ((20_000, 256), (200_000, 128))
_LEAST_LEFT: Final = 1e-3
_LEAST_RANK: Final = 64
"""The rank of a decomposition for graphs of up to so many nodes; the least one beyond."""


def rank_for(nodes: int) -> int:
    """How many singular vectors are taken for a graph of this size."""
    fitting = (rank for bound, rank in RANKS if nodes <= bound)
    return max(1, min(next(fitting, _LEAST_RANK), nodes - 1))


def words(features: Features, seed: int) -> Array | None:
    """Directions that features are reduced to, float32 (columns, :data:`REDUCED`).

    None where rows or columns are few, and features are taken as they are.
    """
    rows = features.normal
    if min(rows.shape) <= REDUCED:
        return None
    _, _, right = decomposed(rows, REDUCED, seed)
    directions: Array = np.ascontiguousarray(right.T, np.float32)
    return directions


def reduced(features: Features, directions: Array | None, rows: Any = slice(None)) -> Array:
    """Features weighed by rarity in these directions, float32 (rows, d), for all nodes or some."""
    normal = features.normal[rows]
    out: Array = normal.toarray() if directions is None else normal @ directions
    return out


def spread(graph: Graph, vectors: Array) -> list[Array]:
    """``vectors`` spread over the graph, once for each of :data:`SPREADS`; rows of length 1.

    All are sums of the same steps, weighed differently.
    """
    step = damped(adjacency(graph) + sp.identity(graph.nodes, np.float32, "csr"))
    return spread_by(step, vectors)


def spread_by(step: sp.csr_matrix, vectors: Array) -> list[Array]:
    """``vectors`` spread by a matrix that takes one step."""
    totals = [back * vectors for _, back in SPREADS]
    at = vectors
    for done in range(1, FARTHEST + 1):
        at = step @ at
        for n, (steps, back) in enumerate(SPREADS):
            if done <= steps:
                totals[n] += (back * (1 - back) ** done) * at
    return [_unit(total) for total in totals]


def unmoved(vectors: Array) -> list[Array]:
    """What :func:`spread` gives for one node without ties: its own vector, each time."""
    return [_unit(vectors)[0]] * len(SPREADS)


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
    """Leading singular vectors and values: (rows, rank), (rank,), (rank, columns).

    LAPACK's quick way (gesdd) does not always converge where values are equal or none, as those of
    ties often are; then its slow one (gesvd) is taken.
    """
    from sklearn.utils.extmath import randomized_svd

    chosen = {"n_iter": 3, "power_iteration_normalizer": "LU", "random_state": seed}
    found: tuple[Array, Array, Array]
    try:
        found = randomized_svd(matrix, rank, **chosen)
    except np.linalg.LinAlgError:
        found = randomized_svd(matrix, rank, svd_lapack_driver="gesvd", **chosen)
    return found


def kept(values: Array, penalty: float) -> Array:
    """What EASE keeps of each singular vector, given a penalty on its squared value: (rank,)."""
    share: Array = (values**2 / (values**2 + penalty)).astype(np.float32)
    return share


def left_over(columns: Array, share: Array) -> Array:
    """What EASE divides a node's answer by, float32 (nodes,); ``columns`` are its vectors."""
    out: Array = np.maximum(1 - (columns**2 * share).sum(1), _LEAST_LEFT).astype(np.float32)
    return out


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    out: Array = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return out
