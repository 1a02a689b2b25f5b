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
from sensorium.links.structure.basis import HELD, LATER, PENALTIES, Basis, spectrum
from sensorium.links.structure.counts import CAP, FEATURE_NAMES, NAMES
from sensorium.links.structure.room import Room
from sensorium.links.structure.telling import COSINE, STRUCTURAL, tell
from sensorium.links.structure.ties import Ties

Array = np.ndarray[Any, Any]

_TIED: Final = 2
"""An autoencoder has two vectors of a node."""
_NO_MARKS: Final = (np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))


class PairView:
    """A graph, and the vectors of its nodes that need no training.

    ``table``, float32 (nodes, sum of ``widths``), has a node's vectors side by side: features
    spread, the spectrum, and what both autoencoders say and hear. ``basis`` is what they were made
    by; None for one that an earlier version saved.
    """

    def __init__(
        self,
        graph: Graph,
        features: Features | None,
        table: Array,
        widths: list[int],
        basis: Basis | None,
    ) -> None:
        self.graph, self.features, self.table, self.basis = graph, features, table, basis
        self.widths = widths
        alike = len(widths) - _TIED * len(PENALTIES)
        starts = np.cumsum([0, *widths])
        self.places = [slice(low, high) for low, high in pairwise(starts.tolist())]
        first = STRUCTURAL + (0 if features is None else len(FEATURE_NAMES))
        parts = [[first + n, starts[n], starts[n], widths[n]] for n in range(alike)]
        parts.append([first + alike, 0, 0, COSINE])
        for n in range(len(PENALTIES)):
            said, heard = (starts[alike + _TIED * n + end] for end in (0, 1))
            column, width = first + alike + 1 + n, widths[alike + _TIED * n]
            parts += [[column, said, heard, width], [column, heard, said, width]]
        self._parts = np.array(parts, np.int64)
        spectrum = self.table[:, self.places[alike - 1]]
        self._lengths = np.maximum(np.linalg.norm(spectrum, axis=1), 1e-9)
        self.room = Room(graph.nodes)

    @classmethod
    def of(cls, graph: Graph, features: Features | None, seed: int) -> PairView:
        """One view by itself."""
        directions = None if features is None else smoothing.words(features, seed)
        base = None if features is None else smoothing.reduced(features, directions)
        return cls.made(graph, features, base, seed, directions)

    @classmethod
    def made(
        cls,
        graph: Graph,
        features: Features | None,
        base: Array | None,
        seed: int,
        directions: Array | None = None,
    ) -> PairView:
        """``base`` are features in these ``directions``, made once for all views of the nodes."""
        ties, damped = Ties(graph), Ties(graph, damped=True)
        rank = smoothing.rank_for(graph.nodes)
        vectors = [] if base is None else smoothing.spread(graph, base)
        tied, values, over = [], [], []
        for of, penalty in zip((ties, damped), PENALTIES, strict=True):
            found, columns = of.decomposed(rank, seed)
            share = smoothing.kept(found, penalty)
            values.append(found)
            over.append(smoothing.left_over(columns, share))
            tied += [ties.times(columns * share), columns / over[-1][:, None]]
        # The last decomposition is that of damped ties.
        leading = columns[:, : smoothing.SPECTRUM]
        vectors.append(spectrum(damped.times(leading), values[-1]))
        state = np.where(graph.degree() > 0, HELD, LATER).astype(np.uint8)
        basis = Basis((values[0], values[1]), (over[0], over[1]), state, directions)
        vectors += tied
        table = np.concatenate(vectors, 1, dtype=np.float32)
        return cls(graph, features, table, [of.shape[1] for of in vectors], basis)

    @classmethod
    def restored(
        cls, graph: Graph, features: Features | None, arrays: dict[str, Array]
    ) -> PairView:
        """From what :meth:`arrays` gave; ValueError where a part is missing."""
        names = _names(0 if features is None else len(smoothing.SPREADS))
        if any(name not in arrays for name in names):
            raise ValueError("vectors are missing")
        vectors = [arrays[name] for name in names]
        table = np.concatenate(vectors, 1)
        widths = [of.shape[1] for of in vectors]
        return cls(graph, features, table, widths, Basis.restored(arrays))

    def arrays(self) -> dict[str, Array]:
        """The vectors by name, and what they were made by, to be saved."""
        names = _names(len(self.widths) - 1 - _TIED * len(PENALTIES))
        named = {name: self.table[:, place] for name, place in zip(names, self.places, strict=True)}
        return named if self.basis is None else named | self.basis.arrays()

    def moved(self) -> float:
        """The share of nodes with ties that are not those which were decomposed."""
        if self.basis is None or not self.graph.nodes:
            return 0.0
        return float(((self.basis.state != HELD) & (self.graph.degree() > 0)).mean())

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

    def newcomer(self, marks: Features, target: Array) -> Array | None:
        """What is told of somebody without ties and each of ``target``: (pairs, len(names())).

        ``marks`` is a row of features. It is what is told of a node without ties: nothing is
        counted, no spectrum has it, and its features stay where they are. None for a view that
        does not know what features were reduced to.
        """
        if self.features is None or self.basis is None:
            return None
        out = np.zeros((len(target), len(self.names())), np.float32)
        own, theirs = marks.normal, self.features.normal[target]
        out[:, STRUCTURAL - 1] = np.log1p(self.graph.degree()[target])
        out[:, STRUCTURAL] = (theirs @ own.T).toarray()[:, 0]
        shared = (theirs != 0).astype(np.float32) @ (own != 0).astype(np.float32).T
        out[:, STRUCTURAL + 1] = np.log1p(shared.toarray()[:, 0])
        base = smoothing.reduced(marks, self.basis.directions)
        for n, vector in enumerate(smoothing.unmoved(base)):
            out[:, STRUCTURAL + 2 + n] = self.table[target, self.places[n]] @ vector
        return out


def _names(spread: int) -> list[str]:
    """What each vector is saved as; the spectrum is the last that is compared with its like."""
    tied = [f"{end}{n}" for n in range(len(PENALTIES)) for end in ("said", "heard")]
    return [*(f"alike{n}" for n in range(spread + 1)), *tied]


def pair_names(*, features: bool) -> tuple[str, ...]:
    """What is told of a pair, column by column."""
    spread = tuple(f"features within {steps} steps" for steps, _ in smoothing.SPREADS)
    known = (*FEATURE_NAMES, *spread) if features else ()
    return (*NAMES, *known, "spectral product", "spectral cosine", "EASE", "EASE, hubs damped")
