"""Compiling what answers about links, before the first request: see :mod:`.preparation`.

A small graph is asked as a served one is, with arrays of the types that a loaded model has. torch
is not needed for it, and would take longer to load than the kernels take to compile.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.graph.names import Names
from sensorium.links.neighbourhoods.gathering import Gather, gathered
from sensorium.links.neighbourhoods.layers import Layer, layer_of
from sensorium.links.serving.index import EmbeddingIndex
from sensorium.links.serving.recommending import Recommender, Sizes
from sensorium.links.serving.rules import Rules
from sensorium.links.structure import elementwise
from sensorium.links.structure.views import PairView

_NODES, _WIDTH, _KNOTS = 20, 8, 5


class _Scores:
    """Pairs told of, and every step of a decoder; what comes of it is of no interest."""

    def __init__(self, view: PairView) -> None:
        self._view = view
        self.vectors = np.ones((_NODES, _WIDTH), np.float32)

    def score(self, source: Any, target: Any) -> Any:
        """Logits, one as good as another."""
        source, target = (np.ascontiguousarray(end, np.int64) for end in (source, target))
        told = self._view.pairs(source, target)
        columns = told.shape[1]
        one = np.ones(columns, np.float32)
        knots = np.zeros((columns, _KNOTS), np.float32)
        scaled = np.empty((len(told), 2 * columns), np.float32)
        elementwise.on_both_scales(told, one, one, knots, 1.0, 1.0, scaled)
        x = np.empty((len(told), 2 * _WIDTH), np.float32)
        elementwise.multiply_pairs(self.vectors, source, target, x)
        elementwise.gelu(x)
        elementwise.normalised_gelu(x, np.ones(len(x[0]), np.float32), np.ones(len(x[0]), "f4"))
        return np.zeros(len(source), np.float32)


def prepare_links() -> None:
    """Compile, or load from disk, what a request about links calls."""
    ring = np.arange(_NODES)
    graph = Graph.from_edges(_NODES, np.tile(ring, 2), np.concatenate([ring + 1, ring + 2]) % 20)
    graph.has(ring, ring)
    vectors = np.ones((_NODES, _WIDTH), np.float32)
    for how in Gather:
        gathered(graph.indptr, graph.indices, vectors, how, threads=1)
    one, square = np.ones(_WIDTH, np.float32), np.ones((2 * _WIDTH, _WIDTH), np.float32)
    layer = Layer(square, one, one, one, 1e-5, True, False)
    layer_of(graph.indptr, graph.indices, vectors, ring, Gather.MEAN, layer, threads=1)
    names = Names([str(row) for row in ring])
    for features in (Features.of(np.eye(_NODES, dtype=np.float32)), None):
        arrays = (f"alike{n}" for n in range(4)), ("said0", "heard0", "said1", "heard1")
        said = {name: vectors for some in arrays for name in some}
        scores = _Scores(PairView.restored(graph, features, said))
        recommender = Recommender(
            names,
            graph,
            graph,
            features,
            Rules.none(_NODES),
            scores,
            np.asarray,
            EmbeddingIndex(vectors),
            lambda *_: vectors[0],
            Sizes(5, 5),
        )
        recommender.recommend("0", 3)
        recommender.welcome(["0"], (), 3)
