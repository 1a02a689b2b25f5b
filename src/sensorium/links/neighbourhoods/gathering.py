"""What a node's neighbours say together: the mean, sum or maximum of their rows.

The one step of a graph network that is not a matrix product, for all nodes or for some. A node
waits for rows that lie anywhere in memory, so the kernel asks for those of the next arcs while it
adds up; rows are shared out among threads. A node without neighbours gets zeros.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sensorium.ingest.compiled import kernel

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

_LINE: Final = 16
"""Values of four bytes in a cache line."""
_AHEAD: Final = 12
_ARCS_A_PART: Final = 200_000


class Gather(IntEnum):
    """How the neighbours' rows become one."""

    MEAN = 0
    SUM = 1
    MAX = 2


def _expected(_context: Any, _address: Any) -> Any:
    def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        fetch = named(builder.module, kind, "llvm.prefetch.p0")
        # For reading, to be kept in all caches, as data.
        how = [ir.Constant(number, value) for value in (0, 3, 1)]
        builder.call(fetch, [builder.inttoptr(args[0], pointer), *how])
        return ctx.get_dummy_value()

    return types.void(types.int64), generate


# numba's own code generation carries no types.
named: Any = cgutils.get_or_insert_function
expect = cast("Callable[[int], None]", intrinsic(_expected))
"""``expect(address)``: that line of memory is wanted soon; any address will do."""


@kernel
def gather_rows(
    indptr: Any, indices: Any, rows: Any, start: int, stop: int, x: Any, how: int, out: Any
) -> None:
    """Write the neighbours' rows of ``rows[start:stop]`` to ``out[start:stop]`` as one each.

    ``x``: float32, (nodes, width), rows one after the other in memory.
    """
    width = x.shape[1]
    begin = x.ctypes.data
    last = len(indices) - 1
    for at in range(start, stop):
        low, high = indptr[rows[at]], indptr[rows[at] + 1]
        into = out[at]
        into[:] = 0
        for arc in range(low, high):
            coming = begin + np.int64(indices[min(arc + _AHEAD, last)]) * width * 4
            for line in range(0, width, _LINE):
                expect(coming + line * 4)
            row = x[indices[arc]]
            if how == 2 and arc > low:
                for column in range(width):
                    into[column] = max(into[column], row[column])
            else:
                for column in range(width):
                    into[column] += row[column]
        if how == 0 and high > low:
            share = np.float32(1 / (high - low))
            for column in range(width):
                into[column] *= share


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
    threads = threads or os.cpu_count() or 1
    cuts = _parts(indptr, rows, threads)

    def gather(part: int) -> None:
        gather_rows(indptr, indices, rows, cuts[part], cuts[part + 1], x, int(how), out)

    if threads == 1 or len(cuts) == 2:
        for part in range(len(cuts) - 1):
            gather(part)
        return out
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(gather, range(len(cuts) - 1)))
    return out


def _parts(indptr: I64, rows: I64, threads: int) -> list[int]:
    """Where to cut ``rows`` so that parts have about as many arcs each."""
    if threads == 1 or len(rows) == 0:
        return [0, len(rows)]
    arcs = np.cumsum(indptr[rows + 1] - indptr[rows])
    wanted = np.arange(_ARCS_A_PART, int(arcs[-1]), _ARCS_A_PART)
    return sorted({0, *(np.searchsorted(arcs, wanted) + 1).tolist(), len(rows)})
