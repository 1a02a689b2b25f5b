"""A whole GraphSAGE layer for many nodes: heard, multiplied, normalised and added in one pass.

What a node does with what it heard takes about half as long as the hearing, and its numbers are
in the cache by then. So a block of rows is gathered, multiplied and finished before the next is
begun, and between layers nothing but the vectors goes through memory.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import inner, kernel
from sensorium.links.neighbourhoods.gathering import Gather, hear, shared
from sensorium.links.neighbourhoods.machine import multiply_add

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

_BLOCK: Final = 64
"""Rows of a block: at a width of 128, 96 KiB beside as much of weights."""
_LANES: Final = 16
"""Sums that are carried on side by side, so that none waits for another."""


class Layer(NamedTuple):
    """A layer's weights, float32, and what it does besides.

    ``weights`` (2 x width, width), those of what is heard above those of the node itself; ``bias``
    (width,); ``scale``, ``shift`` (width,) and ``epsilon`` of the normalisation. ``clip``: what is
    below zero is not added; ``unit``: vectors get length 1.
    """

    weights: F32
    bias: F32
    scale: F32
    shift: F32
    epsilon: float
    clip: bool
    unit: bool


@inner
def _add_product(a: Any, weights: Any, out: Any, rows: int) -> None:
    """Add ``a @ weights`` to ``out``, so many rows of it. Each row is added up in one order."""
    depth, width = weights.shape
    whole = depth - depth % 8
    for k in range(0, whole, 8):
        w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        w4, w5, w6, w7 = weights[k + 4], weights[k + 5], weights[k + 6], weights[k + 7]
        for row in range(rows):
            said, into = a[row], out[row]
            a0, a1, a2, a3 = said[k], said[k + 1], said[k + 2], said[k + 3]
            a4, a5, a6, a7 = said[k + 4], said[k + 5], said[k + 6], said[k + 7]
            for column in range(width):
                total = multiply_add(a0, w0[column], into[column])
                total = multiply_add(a1, w1[column], total)
                total = multiply_add(a2, w2[column], total)
                total = multiply_add(a3, w3[column], total)
                total = multiply_add(a4, w4[column], total)
                total = multiply_add(a5, w5[column], total)
                total = multiply_add(a6, w6[column], total)
                into[column] = multiply_add(a7, w7[column], total)
    for k in range(whole, depth):
        w0 = weights[k]
        for row in range(rows):
            a0, into = a[row, k], out[row]
            for column in range(width):
                into[column] = multiply_add(a0, w0[column], into[column])


@inner
def _dot(a: Any, b: Any, lanes: Any) -> Any:
    """The sum of products, float32; in the same order whatever the processor adds at once."""
    width = len(a)
    whole = width - width % _LANES
    lanes[:] = 0
    for start in range(0, whole, _LANES):
        for lane in range(_LANES):
            lanes[lane] = multiply_add(a[start + lane], b[start + lane], lanes[lane])
    for column in range(whole, width):
        lanes[column - whole] = multiply_add(a[column], b[column], lanes[column - whole])
    total = np.float32(0)
    for lane in range(_LANES):
        total += lanes[lane]
    return total


@inner
def _add_normal(made: Any, own: Any, layer: Any, ones: Any, lanes: Any, out: Any) -> None:
    """Write ``own`` plus what was ``made`` of it, normalised. ``made`` is used up."""
    width = len(made)
    mean = _dot(made, ones, lanes) / np.float32(width)
    for column in range(width):
        made[column] -= mean
    variance = _dot(made, made, lanes) / np.float32(width)
    share = np.float32(1 / np.sqrt(np.float64(variance) + layer.epsilon))
    for column in range(width):
        made[column] = multiply_add(made[column] * share, layer.scale[column], layer.shift[column])
    if layer.clip:
        for column in range(width):
            made[column] = max(made[column], np.float32(0))
    for column in range(width):
        out[column] = own[column] + made[column]
    if layer.unit:
        length = max(np.sqrt(_dot(out, out, lanes)), np.float32(1e-12))
        for column in range(width):
            out[column] /= length


@kernel
def layer_rows(
    indptr: Any,
    indices: Any,
    rows: Any,
    start: int,
    stop: int,
    x: Any,
    how: int,
    layer: Any,
    out: Any,
) -> None:
    """Write what the layer makes of ``rows[start:stop]`` to those rows of ``out``.

    ``x`` and ``out``: float32, (nodes, width), not the same.
    """
    width = x.shape[1]
    # What is heard lies beside the node's own, as their weights lie one above the other.
    given = np.zeros((_BLOCK, 2 * width), np.float32)
    made = np.empty((_BLOCK, width), np.float32)
    ones, lanes = np.ones(width, np.float32), np.empty(_LANES, np.float32)
    for first in range(start, stop, _BLOCK):
        count = min(_BLOCK, stop - first)
        for at in range(count):
            row = rows[first + at]
            hear(indptr, indices, row, x, how, given[at, :width])
            given[at, width:] = x[row]
            made[at] = layer.bias
        _add_product(given, layer.weights, made, count)
        for at in range(count):
            row = rows[first + at]
            _add_normal(made[at], x[row], layer, ones, lanes, out[row])


def layer_of(
    indptr: I64,
    indices: I32,
    x: F32,
    rows: I64,
    how: Gather,
    layer: Layer,
    *,
    out: F32 | None = None,
    threads: int | None = None,
) -> F32:
    """What a layer makes of these rows of ``x``, float32 (nodes, width); no others are written.

    ``out``: an array to write to, not ``x``; a new one where None.

    Vectors do not depend on which rows are asked for, nor on ``threads`` (as many as there are
    processors where None), to the last bit.
    """
    x = np.ascontiguousarray(x, np.float32)
    rows = np.ascontiguousarray(rows, np.int64)
    into = np.empty_like(x) if out is None else out

    def work(start: int, stop: int) -> None:
        layer_rows(indptr, indices, rows, start, stop, x, int(how), layer, into)

    shared(work, indptr, rows, threads)
    return into
