"""Which nodes' vectors lie nearest to a vector: exactly for some tens of thousands, else by HNSW.

Nearness is the cosine. Reading every vector takes a millisecond for 64 thousand nodes, and no index
is then more right; beyond, a navigable graph of vectors (Malkov & Yashunin 2018, as usearch has
it) finds nearly the same ones in a thirtieth of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.errors import SensoriumError

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

EXACT_NODES: Final = 65_536
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
        self._threads = threads
        self._graph: Any = None
        if len(self._rows) > exact_nodes:
            self._graph = _navigable(self._unit.shape[1])
            self._graph.add(self._rows, self._unit[self._rows], threads=threads)

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
            rows = self._graph.search(wanted, count).keys.astype(np.int64)
            cosines = self._unit[rows] @ wanted
        else:
            every = self._unit @ wanted
            if len(self._rows) < len(every):
                every = every[self._rows]
            places = np.argpartition(every, len(every) - count)[len(every) - count :]
            rows, cosines = self._rows[places], every[places]
        # Equal ones by row, so that an answer does not depend on how it was looked for.
        order = np.lexsort((rows, -cosines))
        return Nearest(rows[order], cosines[order])


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
