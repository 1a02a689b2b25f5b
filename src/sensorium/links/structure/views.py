"""What is told of a pair of nodes without training, from one graph.

A model is trained on views of graphs that lack the edges it is asked about, and used with a view of
the whole graph: it sees pairs as it will see them later, and never a trace of the answer.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.structure import smoothing
from sensorium.links.structure.counts import FEATURE_NAMES, NAMES, alike, structural
from sensorium.links.structure.products import add_products

Array = np.ndarray[Any, Any]

PENALTY: Final = 100.0
DAMPED_PENALTY: Final = 0.1
"""EASE's penalties on ties as they are, and on ties damped by degrees."""


class PairView:
    """A graph, and the vectors of its nodes that need no training.

    ``base`` are reduced features (:func:`.smoothing.reduced`), made once for all views of the
    same nodes.
    """

    def __init__(
        self,
        graph: Graph,
        features: Features | None,
        base: Array | None,
        seed: int,
        arrays: dict[str, Array] | None = None,
    ) -> None:
        self.graph, self.features = graph, features
        if arrays is not None:
            self._restore(arrays)
            return
        ties = smoothing.adjacency(graph)
        rank = smoothing.rank_for(graph.nodes)
        left, values, right = smoothing.decomposed(smoothing.damped(ties), rank, seed)
        spectrum = (left * np.sqrt(values))[:, : smoothing.SPECTRUM].astype(np.float32)
        length = np.maximum(np.linalg.norm(spectrum, axis=1, keepdims=True), 1e-9)
        _, plain_values, plain_right = smoothing.decomposed(ties, rank, seed)
        self.alike = [] if base is None else smoothing.spread(graph, base)
        self.alike += [spectrum, spectrum / length]
        self.tied = [
            smoothing.shallow(ties, plain_values, plain_right, PENALTY),
            smoothing.shallow(ties, values, right, DAMPED_PENALTY),
        ]

    @classmethod
    def of(cls, graph: Graph, features: Features | None, seed: int) -> PairView:
        """One view by itself."""
        base = None if features is None else smoothing.reduced(features, seed)
        return cls(graph, features, base, seed)

    @classmethod
    def restored(
        cls, graph: Graph, features: Features | None, arrays: dict[str, Array]
    ) -> PairView:
        """From what :meth:`arrays` gave."""
        return cls(graph, features, None, 0, arrays)

    def arrays(self) -> dict[str, Array]:
        """The vectors by name, to be saved."""
        said = {f"alike{n}": of for n, of in enumerate(self.alike)}
        for n, (one, other) in enumerate(self.tied):
            said |= {f"said{n}": one, f"heard{n}": other}
        return said

    def _restore(self, arrays: dict[str, Array]) -> None:
        self.alike = [arrays[f"alike{n}"] for n in range(len(arrays)) if f"alike{n}" in arrays]
        kept = [n for n in range(len(arrays)) if f"said{n}" in arrays]
        self.tied = [(arrays[f"said{n}"], arrays[f"heard{n}"]) for n in kept]
        spread = len(smoothing.SPREADS) if self.features is not None else 0
        if len(self.alike) != spread + 2 or len(self.tied) != 2:
            raise ValueError("vectors are missing")

    def names(self) -> tuple[str, ...]:
        """What each column of :meth:`pairs` is."""
        return pair_names(features=self.features is not None)

    def pairs(self, source: Any, target: Any) -> Array:
        """float32 (pairs, len(names())), the same from both ends.

        The pairs' own edges do not count where edges are counted; vectors are those of this graph.
        """
        source, target = (np.ascontiguousarray(end, np.int64) for end in (source, target))
        columns = list(structural(self.graph, source, target).T)
        if self.features is not None:
            columns += list(alike(self.features, source, target).T)
        columns += [_products([(of, of)], source, target) for of in self.alike]
        columns += [
            _products([(said, heard), (heard, said)], source, target) for said, heard in self.tied
        ]
        return np.stack(columns, 1).astype(np.float32)


def pair_names(*, features: bool) -> tuple[str, ...]:
    """What is told of a pair, column by column."""
    spread = tuple(f"features within {steps} steps" for steps, _ in smoothing.SPREADS)
    known = (*FEATURE_NAMES, *spread) if features else ()
    return (*NAMES, *known, "spectral product", "spectral cosine", "EASE", "EASE, hubs damped")


def _products(factors: list[tuple[Array, Array]], source: Array, target: Array) -> Array:
    out = np.zeros(len(source), np.float32)
    for one, other in factors:
        add_products(one, other, source, target, out)
    return out
