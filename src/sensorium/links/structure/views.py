"""What is told of a pair of nodes without training, from one graph.

A model is trained on views of graphs that lack the edges it is asked about, and used with a view of
the whole graph: it sees pairs as it will see them later, and never a trace of the answer.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.structure import smoothing
from sensorium.links.structure.counts import CAP, FEATURE_NAMES, NAMES
from sensorium.links.structure.room import Room
from sensorium.links.structure.telling import COSINE, STRUCTURAL, tell

Array = np.ndarray[Any, Any]

PENALTY: Final = 100.0
DAMPED_PENALTY: Final = 0.1
"""EASE's penalties on ties as they are, and on ties damped by degrees."""
_TIED: Final = 2
_NO_MARKS: Final = (np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))


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
        _, plain_values, plain_right = smoothing.decomposed(ties, rank, seed)
        alike = [] if base is None else smoothing.spread(graph, base)
        tied = [
            smoothing.shallow(ties, plain_values, plain_right, PENALTY),
            smoothing.shallow(ties, values, right, DAMPED_PENALTY),
        ]
        self._lay_out([*alike, spectrum], tied)

    def _lay_out(self, alike: list[Array], tied: list[tuple[Array, Array]]) -> None:
        """Put the vectors of each node side by side, and say which products are told."""
        self._widths = [of.shape[1] for of in (*alike, *(of for both in tied for of in both))]
        self.table = np.concatenate([*alike, *(of for both in tied for of in both)], 1)
        starts = np.cumsum([0, *self._widths])
        first = STRUCTURAL + (0 if self.features is None else len(FEATURE_NAMES))
        parts = [[first + n, starts[n], starts[n], self._widths[n]] for n in range(len(alike))]
        spectrum = len(alike) - 1
        parts.append([first + spectrum + 1, 0, 0, COSINE])
        for n in range(len(tied)):
            said, heard = (starts[len(alike) + 2 * n + end] for end in (0, 1))
            width = self._widths[len(alike) + 2 * n]
            column = first + len(alike) + 1 + n
            parts += [[column, said, heard, width], [column, heard, said, width]]
        self._parts = np.array(parts, np.int64)
        self._lengths = np.maximum(np.linalg.norm(alike[spectrum], axis=1), 1e-9)
        self.room = Room(self.graph.nodes)

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
        starts = np.cumsum([0, *self._widths])
        vectors = [self.table[:, low:high] for low, high in pairwise(starts)]
        spread = len(vectors) - 2 * _TIED
        named = {f"alike{n}": of for n, of in enumerate(vectors[:spread])}
        for n in range(_TIED):
            said, heard = vectors[spread + 2 * n : spread + 2 * n + 2]
            named |= {f"said{n}": said, f"heard{n}": heard}
        return named

    def _restore(self, arrays: dict[str, Array]) -> None:
        # Earlier versions saved the spectrum a second time, with rows of length 1.
        spread = 0 if self.features is None else len(smoothing.SPREADS)
        wanted = [f"alike{n}" for n in range(spread + 1)]
        ends = [(f"said{n}", f"heard{n}") for n in range(_TIED)]
        if any(name not in arrays for name in (*wanted, *(end for both in ends for end in both))):
            raise ValueError("vectors are missing")
        self._lay_out(
            [arrays[name] for name in wanted],
            [(arrays[said], arrays[heard]) for said, heard in ends],
        )

    def names(self) -> tuple[str, ...]:
        """What each column of :meth:`pairs` is."""
        return pair_names(features=self.features is not None)

    def pairs(self, source: Any, target: Any) -> Array:
        """float32 (pairs, len(names())), the same from both ends.

        The pairs' own edges do not count where edges are counted; vectors are those of this graph.
        """
        source, target = (np.ascontiguousarray(end, np.int64) for end in (source, target))
        out = np.zeros((len(source), len(self.names())), np.float32)
        marks = _NO_MARKS
        if self.features is not None:
            rows = self.features.normal
            marks = (rows.indptr, rows.indices, rows.data)
        order = np.argsort(source, kind="stable")
        with self.room.taken() as room:
            tell(
                self.graph.indptr,
                self.graph.indices,
                source,
                target,
                order,
                CAP,
                *room,
                *marks,
                self.table,
                self._lengths,
                self._parts,
                out,
            )
        return out


def pair_names(*, features: bool) -> tuple[str, ...]:
    """What is told of a pair, column by column."""
    spread = tuple(f"features within {steps} steps" for steps, _ in smoothing.SPREADS)
    known = (*FEATURE_NAMES, *spread) if features else ()
    return (*NAMES, *known, "spectral product", "spectral cosine", "EASE", "EASE, hubs damped")
