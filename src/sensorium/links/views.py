"""What is told of a pair of nodes without training, from one graph.

A model is trained on views of graphs that lack the edges it is asked about, and used with a view of
the whole graph: it sees pairs as it will see them later, and never a trace of the answer.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.links.counts import FEATURE_NAMES, NAMES, alike, structural
from sensorium.links.features import Features
from sensorium.links.graph import Graph
from sensorium.links.smoothing import SPREADS, reduced, spectrum, spread

Array = np.ndarray[Any, Any]

_AT_ONCE: Final = 65_536


class PairView:
    """A graph, and the vectors of its nodes that need no training.

    ``base`` are reduced features (:func:`~sensorium.links.smoothing.reduced`), made once for all
    views of the same nodes.
    """

    def __init__(
        self, graph: Graph, features: Features | None, base: Array | None, seed: int
    ) -> None:
        self.graph, self.features = graph, features
        self.spectrum = spectrum(graph, seed)
        self.spread = [] if base is None else spread(graph, base)
        self._length = np.maximum(np.linalg.norm(self.spectrum, axis=1), 1e-9)

    @classmethod
    def of(cls, graph: Graph, features: Features | None, seed: int) -> PairView:
        """One view by itself."""
        return cls(graph, features, None if features is None else reduced(features, seed), seed)

    def names(self) -> tuple[str, ...]:
        """What each column of :meth:`pairs` is."""
        known = FEATURE_NAMES if self.features is not None else ()
        spread_ = tuple(f"features within {steps} steps" for steps, _ in SPREADS) if known else ()
        return (*NAMES, *known, *spread_, "spectral product", "spectral cosine")

    def pairs(self, source: Any, target: Any) -> Array:
        """float32 (pairs, len(names())); the pairs' own edges do not count."""
        source, target = np.asarray(source, np.int64), np.asarray(target, np.int64)
        columns = [structural(self.graph, source, target)]
        if self.features is not None:
            columns.append(alike(self.features, source, target))
        columns += [_products(of, source, target)[:, None] for of in self.spread]
        product = _products(self.spectrum, source, target)
        cosine = product / (self._length[source] * self._length[target])
        return np.concatenate([*columns, product[:, None], cosine[:, None]], 1).astype(np.float32)


def _products(vectors: Array, source: Array, target: Array) -> Array:
    out = np.empty(len(source), np.float32)
    for start in range(0, len(source), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        out[part] = np.einsum("ij,ij->i", vectors[source[part]], vectors[target[part]])
    return out
