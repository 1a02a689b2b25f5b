"""Compiled scalar products of many pairs of rows, without copies of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.ingest.compiled import kernel

Array = np.ndarray[Any, Any]


@kernel
def add_products(one: Array, other: Array, source: Array, target: Array, out: Array) -> None:
    """Add to ``out[n]`` the product of rows ``one[source[n]]`` and ``other[target[n]]``.

    float32 all. Eight sums are kept beside each other, which a processor adds up at once; a single
    one would have to be added up in order.
    """
    width = one.shape[1]
    whole = width - width % 8
    for n in range(len(source)):
        u, v = source[n], target[n]
        a = b = c = d = e = f = g = h = np.float32(0)
        for k in range(0, whole, 8):
            a += one[u, k] * other[v, k]
            b += one[u, k + 1] * other[v, k + 1]
            c += one[u, k + 2] * other[v, k + 2]
            d += one[u, k + 3] * other[v, k + 3]
            e += one[u, k + 4] * other[v, k + 4]
            f += one[u, k + 5] * other[v, k + 5]
            g += one[u, k + 6] * other[v, k + 6]
            h += one[u, k + 7] * other[v, k + 7]
        for k in range(whole, width):
            a += one[u, k] * other[v, k]
        out[n] += ((a + b) + (c + d)) + ((e + f) + (g + h))
