"""Compiled scalar products of rows, without copies of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.ingest.compiled import inlined

Array = np.ndarray[Any, Any]


@inlined
def product(one: Array, other: Array, first: int, second: int, width: int) -> np.float32:
    """The product of ``one[first:first + width]`` and ``other[second:second + width]``, float32.

    Eight sums are kept beside each other, which a processor adds up at once; a single one would
    have to be added up in order.
    """
    whole = width - width % 8
    a = b = c = d = e = f = g = h = np.float32(0)
    for k in range(0, whole, 8):
        u, v = first + k, second + k
        a += one[u] * other[v]
        b += one[u + 1] * other[v + 1]
        c += one[u + 2] * other[v + 2]
        d += one[u + 3] * other[v + 3]
        e += one[u + 4] * other[v + 4]
        f += one[u + 5] * other[v + 5]
        g += one[u + 6] * other[v + 6]
        h += one[u + 7] * other[v + 7]
    for k in range(whole, width):
        a += one[first + k] * other[second + k]
    total: np.float32 = ((a + b) + (c + d)) + ((e + f) + (g + h))
    return total
