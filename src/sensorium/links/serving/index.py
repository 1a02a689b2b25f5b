"""Which nodes' vectors lie nearest to a vector: exactly for some tens of thousands, else by HNSW.

Nearness is the cosine. Reading every vector takes a millisecond for 64 thousand nodes, and no index
is then more right; beyond, a navigable graph of vectors (Malkov & Yashunin 2018, as usearch has
it) finds nearly the same ones in a thirtieth of that.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.errors import SensoriumError

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

EXACT_NODES: Final = 65_536
APART: Final = 1 / 16
"""So large a share of the vectors may be kept apart from the navigable graph."""
_ASKED_AT_MOST: Final = 16_384
_CONNECTIVITY: Final = 16
_EXPANSION_ADD: Final = 64
_EXPANSION_SEARCH: Final = 96


@dataclass(frozen=True, slots=True)
class Nearest:
    """Rows by falling cosine, and the cosines."""

    rows: I64
    cosines: F32


class EmbeddingIndex:
    """An index over the rows of ``embeddings``, float32 (nodes, width), where ``held`` is true.

    With more than ``exact_nodes`` rows the answer is approximate, and is the same in each process
    only where ``threads`` is 1. Searches may come from several threads. Raises SensoriumError
    where usearch is needed and not installed.
    """

    def __init__(
        self,
        embeddings: F32,
        held: Bool | None = None,
        *,
        exact_nodes: int = EXACT_NODES,
        threads: int = 1,
    ):
        self._unit = _unit(embeddings)
        self._rows = np.arange(len(embeddings)) if held is None else np.flatnonzero(held)
        self._exact_nodes, self._threads = exact_nodes, threads
        self._graph: Any = None
        self._moved = np.zeros(len(embeddings), np.bool_)
        self._apart: I64 = np.empty(0, np.int64)
        if len(self._rows) > exact_nodes:
            self._graph = _navigable(self._unit.shape[1])
            self._graph.add(self._rows, self._unit[self._rows], threads=threads)

    def following(self, embeddings: F32) -> EmbeddingIndex:
        """An index over newer vectors of the same nodes, and of nodes that follow them.

        Both may be searched while this is made, and after. They share the navigable graph, and
        vectors that are not in it as they are now are kept apart and all looked at, which finds
        them for certain. Where they are many the graph is made anew.
        """
        known = len(self._unit)
        same_shape = embeddings.shape[1] == self._unit.shape[1] and len(embeddings) >= known
        if self._graph is None or not same_shape or len(self._rows) < known:
            return self._anew(embeddings)
        unit = _unit(embeddings)
        moved = np.ones(len(unit), np.bool_)
        moved[:known] = self._moved | (unit[:known] != self._unit).any(1)
        apart = np.flatnonzero(moved)
        if len(apart) > APART * len(unit):
            return self._anew(embeddings)
        after = copy(self)
        after._unit, after._rows = unit, np.arange(len(unit))
        after._moved, after._apart = moved, apart
        return after

    def _anew(self, embeddings: F32) -> EmbeddingIndex:
        return EmbeddingIndex(embeddings, exact_nodes=self._exact_nodes, threads=self._threads)

    @property
    def exact(self) -> bool:
        """Whether every vector is looked at."""
        return self._graph is None

    def __len__(self) -> int:
        return len(self._rows)

    def nearest(self, vector: F32, count: int) -> Nearest:
        """The ``count`` rows nearest to a vector of any length; fewer where there are no more."""
        count = min(count, len(self._rows))
        if count < 1:
            return Nearest(np.empty(0, np.int64), np.empty(0, np.float32))
        wanted = _unit(np.asarray(vector, np.float32)[None])[0]
        if self._graph is not None:
            rows = np.concatenate([self._through_graph(wanted, count), self._apart])
            cosines = self._unit[rows] @ wanted
            if len(rows) > count:
                places = np.argpartition(cosines, len(rows) - count)[len(rows) - count :]
                rows, cosines = rows[places], cosines[places]
        else:
            every = self._unit @ wanted
            if len(self._rows) < len(every):
                every = every[self._rows]
            places = np.argpartition(every, len(every) - count)[len(every) - count :]
            rows, cosines = self._rows[places], every[places]
        # Equal ones by row, so that an answer does not depend on how it was looked for.
        order = np.lexsort((rows, -cosines))
        return Nearest(rows[order], cosines[order])

    def _through_graph(self, wanted: F32, count: int) -> I64:
        """The nearest by the graph, those left out that lie elsewhere now."""
        asked = count
        while True:
            found = self._graph.search(wanted, asked).keys.astype(np.int64)
            rows: I64 = found[~self._moved[found]]
            if len(rows) >= count or len(found) < asked or asked >= _ASKED_AT_MOST:
                return rows[:count]
            asked *= 2


def _navigable(width: int) -> Any:
    try:
        from usearch.index import Index
    except ImportError as error:
        raise SensoriumError(
            "an index of so many embeddings needs usearch, which is not installed",
            next_step='pip install "sensorium[graph]"',
        ) from error
    # Half precision: as many right ones are found as with single precision, in half the memory.
    return Index(
        ndim=width,
        metric="ip",
        dtype="f16",
        connectivity=_CONNECTIVITY,
        expansion_add=_EXPANSION_ADD,
        expansion_search=_EXPANSION_SEARCH,
    )


def _unit(vectors: F32) -> F32:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: F32 = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return unit
