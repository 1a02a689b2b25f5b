"""A graph's ties as a matrix to multiply by, and its leading singular vectors.

Multiplying is adding up rows of neighbours, in as many threads as there are processors. The vectors
come of subspace iteration from random ones (Halko, Martinsson & Tropp 2011, "Finding Structure with
Randomness", algorithm 4.4). Bases are made orthonormal by the roots of their Gram matrices, which
are small: of a million nodes that takes a tenth of the time of a triangular decomposition.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from sensorium.links.graph.compressed import Graph
from sensorium.links.neighbourhoods.gathering import Gather, gathered

Array = np.ndarray[Any, Any]

_ROUNDS: Final = 3
_SPARE: Final = 10
"""So many more vectors are followed than are asked for, which makes the last ones true."""
_ROWS: Final = 1024
"""So many rows of a tall matrix stay in a processor's cache."""
_NOTHING: Final = 1e-12
"""A squared length that is so small a part of the greatest is rounding."""


class Ties:
    """float32 (nodes, nodes), one where there is an arc.

    ``damped``: each divided by the roots of the degrees of both its ends.
    """

    def __init__(self, graph: Graph, *, damped: bool = False) -> None:
        self.nodes = graph.nodes
        turned = graph
        if graph.directed:
            turned = Graph.from_edges(graph.nodes, graph.indices, graph.sources(), directed=True)
        self._forth = (graph.indptr, graph.indices)
        self._back = (turned.indptr, turned.indices)
        self._root: Array | None = None
        if damped:
            degree = np.maximum(graph.degree(), 1).astype(np.float32)
            self._root = (1 / np.sqrt(degree))[:, None]

    def times(self, vectors: Array) -> Array:
        """The matrix times vectors, float32 (nodes, width)."""
        return self._times(self._forth, vectors)

    def decomposed(self, rank: int, seed: int) -> tuple[Array, Array]:
        """Leading singular values and right singular vectors: (rank,) and (nodes, rank), float32.

        Where the matrix has fewer, values and vectors are 0.
        """
        # Threads of small products wait for each other turning in a loop, which takes several times
        # as long where other programs have the processors. scikit-learn needs threadpoolctl too.
        with threadpool_limits(1, user_api="blas"):
            return self._decomposed(rank, seed)

    def _decomposed(self, rank: int, seed: int) -> tuple[Array, Array]:
        width = min(rank + _SPARE, self.nodes)
        start = np.random.default_rng(seed).standard_normal((self.nodes, width), np.float32)
        basis = _orthonormal(self._times(self._forth, start))
        for _ in range(_ROUNDS):
            basis = _orthonormal(self._times(self._back, basis))
            basis = _orthonormal(self._times(self._forth, basis))
        # Rounding leaves a basis made of a Gram matrix a little askew, and once more puts it right.
        told = self._times(self._back, _orthonormal(basis))
        squares, turn = _by_length(told)
        values = np.sqrt(squares[:rank])
        return values.astype(np.float32), told @ _shortened(turn[:, :rank], values)

    def _times(self, arcs: tuple[Array, Array], vectors: Array) -> Array:
        if self._root is None:
            return gathered(*arcs, vectors, Gather.SUM)
        return self._root * gathered(*arcs, self._root * vectors, Gather.SUM)


def _orthonormal(vectors: Array) -> Array:
    """A basis of the same space; columns that nothing is left for are 0."""
    squares, turn = _by_length(vectors)
    out: Array = vectors @ _shortened(turn, np.sqrt(squares))
    return out


def _by_length(vectors: Array) -> tuple[Array, Array]:
    """Squared lengths of the axes of ``vectors``, the longest first, and the axes in columns."""
    gram = np.zeros((vectors.shape[1], vectors.shape[1]))
    for start in range(0, len(vectors), _ROWS):
        part = vectors[start : start + _ROWS]
        gram += part.T @ part
    squares, turn = np.linalg.eigh(gram)
    squares = np.where(squares > _NOTHING * squares.max(initial=0), squares, 0)
    return squares[::-1], turn[:, ::-1]


def _shortened(turn: Array, lengths: Array) -> Array:
    """Each column divided by a length; by none where it is 0, and then it is 0."""
    some = lengths > 0
    out: Array = np.where(some, turn / np.where(some, lengths, 1), 0).astype(np.float32)
    return out
