"""What a node's neighbours say together: the mean, sum or maximum of their rows.

The one step of a graph network that is not a matrix product, for all nodes or for some. A node
waits for rows that lie anywhere in memory, so the kernel asks for those of the next arcs while it
adds up; rows are shared out among threads. A node without neighbours gets zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import inner, kernel
from sensorium.links.neighbourhoods.machine import expect
from sensorium.process.affinity import usable_cores

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

_LINE: Final = 16
"""Values of four bytes in a cache line."""
_AHEAD: Final = 12
_ARCS_A_PART: Final = 50_000


class Gather(IntEnum):
    """How the neighbours' rows become one."""

    MEAN = 0
    SUM = 1
    MAX = 2


@inner
def hear(indptr: Any, indices: Any, row: int, x: Any, how: int, into: Any) -> None:
    """Write the neighbours' rows of ``x`` to ``into``, as one."""
    width = len(into)
    begin = x.ctypes.data
    last = len(indices) - 1
    low, high = indptr[row], indptr[row + 1]
    into[:] = 0
    for arc in range(low, high):
        coming = begin + np.int64(indices[min(arc + _AHEAD, last)]) * width * 4
        for line in range(0, width, _LINE):
            expect(coming + line * 4)
        said = x[indices[arc]]
        if how != 2 or arc == low:
            for column in range(width):
                into[column] += said[column]
        else:
            for column in range(width):
                into[column] = max(into[column], said[column])
    if how == 0 and high > low:
        share = np.float32(1 / (high - low))
        for column in range(width):
            into[column] *= share


@kernel
def gather_rows(
    indptr: Any, indices: Any, rows: Any, start: int, stop: int, x: Any, how: int, out: Any
) -> None:
    """Write the neighbours' rows of ``rows[start:stop]`` to ``out[start:stop]`` as one each.

    ``x``: float32, (nodes, width), rows one after the other in memory.
    """
    for at in range(start, stop):
        hear(indptr, indices, rows[at], x, how, out[at])


def gathered(
    indptr: I64,
    indices: I32,
    x: F32,
    how: Gather,
    *,
    rows: I64 | None = None,
    threads: int | None = None,
) -> F32:
    """One row for each node, or for each of ``rows``: float32, (rows, width of ``x``).

    ``threads``: as many as there are processors where None.
    """
    x = np.ascontiguousarray(x, np.float32)
    rows = np.arange(len(indptr) - 1) if rows is None else np.ascontiguousarray(rows, np.int64)
    out = np.empty((len(rows), x.shape[1]), np.float32)

    def work(start: int, stop: int) -> None:
        gather_rows(indptr, indices, rows, start, stop, x, int(how), out)

    shared(work, indptr, rows, threads)
    return out


def shared(
    work: Callable[[int, int], None], indptr: I64, rows: I64, threads: int | None = None
) -> None:
    """Have ``work(start, stop)`` done for parts of ``rows`` that have about as many arcs each.

    ``work`` runs in several threads at once: as many as there are processors where None.
    """
    threads = threads or usable_cores()
    cuts = _parts(indptr, rows)
    if threads == 1 or len(cuts) == 2:
        for part in pairwise(cuts):
            work(*part)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, cuts, cuts[1:]))


def _parts(indptr: I64, rows: I64) -> list[int]:
    """Where to cut ``rows``."""
    if len(rows) == 0:
        return [0, 0]
    arcs = np.cumsum(indptr[rows + 1] - indptr[rows] + 1)
    wanted = np.arange(_ARCS_A_PART, int(arcs[-1]), _ARCS_A_PART)
    return sorted({0, *(np.searchsorted(arcs, wanted) + 1).tolist(), len(rows)})
