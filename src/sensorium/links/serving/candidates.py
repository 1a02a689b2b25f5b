"""Who might be suggested to a node: friends of its friends, and the nearest by embedding.

Where ties do not close triangles (users and items, say), who is three steps away comes before them.

Here and nowhere else is decided who may be: never the node itself, those it is tied to (privately
too), those that a rule refuses, nor those that opted out. Ways to candidates start from what is
public, so that a private tie can be told neither from a suggestion nor from its absence, except by
the two whose tie it is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sensorium.links.serving.reach import passed_on
from sensorium.links.structure.closure import seldom_closed

if TYPE_CHECKING:
    from sensorium.links.graph.compressed import Graph
    from sensorium.links.serving.index import EmbeddingIndex
    from sensorium.links.serving.rules import Rules

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

ARCS_WALKED: Final = 100_000
"""Friends' friends looked at for one node; of more, those of the busiest friends are left out."""
_NEAREST_AT_MOST: Final = 8_192


@dataclass(slots=True)
class _Scratch:
    barred: U8
    room: F32
    found: I32
    weight: F32


class CandidateSource:
    """Candidates from one graph, index and set of rules. Calls may come from several threads.

    ``graph`` has all ties, ``public`` those that may be told from.
    """

    def __init__(self, graph: Graph, public: Graph, index: EmbeddingIndex, rules: Rules):
        self._graph = graph
        self._public = public
        self._index = index
        self._rules = rules
        self._own = threading.local()
        self._further = seldom_closed(public)
        self._nobody = np.zeros(graph.nodes if self._further else 0, np.uint8)

    def barred_for(self, row: int, exclude: I64) -> I64:
        """Whom not to suggest to a node, those that opted out aside: itself, its ties, refusals."""
        graph = self._graph
        own = graph.indices[graph.indptr[row] : graph.indptr[row + 1]]
        return np.concatenate([[row], own, self._rules.refused_to(row), exclude]).astype(np.int64)

    def of(self, row: int, vector: F32, exclude: I64, *, friends: int, nearest: int) -> I64:
        """The candidates for a node: so many of its friends' friends, so many near ``vector``."""
        public = self._public
        own = public.indices[public.indptr[row] : public.indptr[row + 1]]
        return self._found(
            own, self.barred_for(row, exclude), vector, friends=friends, nearest=nearest
        )

    def of_newcomer(
        self, ties: I64, vector: F32, exclude: I64, *, friends: int, nearest: int
    ) -> I64:
        """The candidates for somebody who is not in the graph yet, and has these ties."""
        barred = np.concatenate([ties, exclude]).astype(np.int64)
        return self._found(ties, barred, vector, friends=friends, nearest=nearest)

    def _found(self, ties: I64, barred: I64, vector: F32, *, friends: int, nearest: int) -> I64:
        with self._scratch() as scratch:
            # Marks of those that opted out stay where they are from one call to the next.
            set_here = barred[scratch.barred[barred] == 0]
            scratch.barred[set_here] = 1
            try:
                by_friends = self._by_friends(ties, scratch, friends)
                scratch.barred[by_friends] = 1
                by_vector = self._by_vector(vector, scratch, nearest, len(barred))
                scratch.barred[by_friends] = 0
            finally:
                scratch.barred[set_here] = 0
        return np.concatenate([by_friends, by_vector])

    def _by_friends(self, ties: I64, scratch: _Scratch, wanted: int) -> I64:
        if wanted == 0:
            return np.empty(0, np.int64)
        ones = np.ones(len(ties), np.float32)
        if not self._further:
            return _heaviest(*self._passed_on(ties, ones, scratch.barred, scratch), wanted)
        between, held = self._passed_on(ties, ones, self._nobody, scratch)
        far = _heaviest(*self._passed_on(between, held, scratch.barred, scratch), wanted)
        scratch.barred[far] = 1
        near = self._passed_on(ties, ones, scratch.barred, scratch)
        scratch.barred[far] = 0
        return np.concatenate([far, _heaviest(*near, wanted - len(far))])

    def _passed_on(self, holders: I64, held: F32, barred: U8, scratch: _Scratch) -> tuple[I64, F32]:
        """Who is a step away from these, and how much of what they hold comes there."""
        public = self._public
        degree = public.indptr[holders + 1] - public.indptr[holders]
        if degree.sum() > ARCS_WALKED:
            order = np.argsort(degree, kind="stable")
            holders, held = holders[order], held[order]
        count = passed_on(
            public.indptr,
            public.indices,
            holders,
            held,
            barred,
            ARCS_WALKED,
            scratch.room,
            scratch.found,
            scratch.weight,
        )
        return scratch.found[:count].astype(np.int64), scratch.weight[:count].copy()

    def _by_vector(self, vector: F32, scratch: _Scratch, wanted: int, barred: int) -> I64:
        """Asks for more until enough are left; those that are barred are often the nearest."""
        asked = wanted + min(barred, wanted)
        while wanted:
            rows = self._index.nearest(vector, asked).rows
            free = rows[scratch.barred[rows] == 0]
            if len(free) >= wanted or len(rows) < asked or asked >= _NEAREST_AT_MOST:
                near: I64 = free[:wanted]
                return near
            asked *= 4
        return np.empty(0, np.int64)

    @contextmanager
    def _scratch(self) -> Iterator[_Scratch]:
        """Room of a thread's own, whole again after use."""
        scratch: _Scratch | None = getattr(self._own, "scratch", None)
        if scratch is None:
            nodes = self._graph.nodes
            most = min(nodes, ARCS_WALKED)
            scratch = _Scratch(
                self._rules.opted_out.astype(np.uint8),
                np.zeros(nodes, np.float32),
                np.empty(most, np.int32),
                np.empty(most, np.float32),
            )
        self._own.scratch = None
        yield scratch
        self._own.scratch = scratch


def _heaviest(found: I64, weight: F32, wanted: int) -> I64:
    """So many of them, ascending; of those with equal weight the lowest, whoever came first."""
    if len(found) > wanted:
        # Sorted, for partition is twenty times slower where a hub gives thousands the same.
        least = np.sort(weight)[len(found) - wanted] if wanted else np.inf
        above, equal = found[weight > least], found[weight == least]
        left = wanted - len(above)
        if left < len(equal):
            equal = np.partition(equal, left)[:left]
        found = np.concatenate([above, equal])
    rows: I64 = np.sort(found)
    return rows
