"""Compiled counts of what two nodes have in common, their own edge left out.

For a pair (u, v), everything is counted as if u and v were not linked, so that a pair that is
linked and one that is not are told alike: a neighbour a of u other than v, a neighbour b of v other
than u, and degrees less one where they are linked.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import kernel

Array = np.ndarray[Any, Any]

COMMON: Final = 0
ADAMIC_ADAR: Final = 1
ALLOCATION: Final = 2
PATHS: Final = 3
PATHS_SQRT: Final = 4
PATHS_SHARE: Final = 5
SOURCE_DEGREE: Final = 6
TARGET_DEGREE: Final = 7
COLUMNS: Final = 8


@kernel
def overlap(indptr: Array, indices: Array, source: Array, target: Array, cap: int) -> Array:
    """Counts for each pair, float64 (pairs, 8); ``source`` must be in ascending order.

    Common neighbours; Adamic-Adar; resource allocation; paths u-a-b-v, plain, weighted by
    1 / sqrt(da db) and by 1 / (da db); both degrees. Paths through an ``a`` of more than ``cap``
    neighbours are left out: they say little and cost much.
    """
    nodes = len(indptr) - 1
    out = np.zeros((len(source), COLUMNS))
    reached = np.zeros((nodes, 3))
    near = np.zeros(nodes, np.bool_)
    touched = np.empty(nodes, np.int64)
    n = 0
    while n < len(source):
        u = source[n]
        count = _reach(indptr, indices, u, cap, reached, near, touched)
        while n < len(source) and source[n] == u:
            _pair(indptr, indices, u, target[n], cap, reached, near, out[n])
            n += 1
        for place in range(count):
            reached[touched[place]] = 0.0
        for place in range(indptr[u], indptr[u + 1]):
            near[indices[place]] = False
    return out


@kernel
def _reach(
    indptr: Array, indices: Array, u: int, cap: int, reached: Array, near: Array, touched: Array
) -> int:
    """Weights of the ways u-a-b into ``reached[b]``; the neighbours of u into ``near``."""
    count = 0
    for place in range(indptr[u], indptr[u + 1]):
        a = indices[place]
        near[a] = True
        degree = indptr[a + 1] - indptr[a]
        if degree > cap:
            continue
        for second in range(indptr[a], indptr[a + 1]):
            b = indices[second]
            if reached[b, 0] == 0.0:
                touched[count] = b
                count += 1
            reached[b, 0] += 1.0
            reached[b, 1] += 1.0 / np.sqrt(degree)
            reached[b, 2] += 1.0 / degree
    return count


@kernel
def _pair(
    indptr: Array,
    indices: Array,
    u: int,
    v: int,
    cap: int,
    reached: Array,
    near: Array,
    out: Array,
) -> None:
    """One row of counts, from what is reached from u."""
    linked = near[v]
    own = indptr[v + 1] - indptr[v]
    through = linked and own <= cap
    for place in range(indptr[v], indptr[v + 1]):
        b = indices[place]
        if b == u:
            continue
        degree = indptr[b + 1] - indptr[b]
        ways, root, share = reached[b, 0], reached[b, 1], reached[b, 2]
        if through:
            ways -= 1.0
            root -= 1.0 / np.sqrt(own)
            share -= 1.0 / own
        out[PATHS] += ways
        out[PATHS_SQRT] += root / np.sqrt(degree)
        out[PATHS_SHARE] += share / degree
        if near[b]:
            out[COMMON] += 1.0
            if degree > 1:
                out[ADAMIC_ADAR] += 1.0 / np.log(degree)
            out[ALLOCATION] += 1.0 / degree
    # Differences of sums may leave a little below zero.
    out[PATHS_SQRT] = max(out[PATHS_SQRT], 0.0)
    out[PATHS_SHARE] = max(out[PATHS_SHARE], 0.0)
    out[SOURCE_DEGREE] = indptr[u + 1] - indptr[u] - (1 if linked else 0)
    out[TARGET_DEGREE] = own - (1 if linked else 0)


@kernel
def shared(indptr: Array, columns: Array, values: Array, source: Array, target: Array) -> Array:
    """For rows of sparse features, columns ascending: the sum of products and how many both have.

    float64 (pairs, 2).
    """
    out = np.zeros((len(source), 2))
    for n in range(len(source)):
        a, a_end = indptr[source[n]], indptr[source[n] + 1]
        b, b_end = indptr[target[n]], indptr[target[n] + 1]
        while a < a_end and b < b_end:
            if columns[a] < columns[b]:
                a += 1
            elif columns[a] > columns[b]:
                b += 1
            else:
                out[n, 0] += values[a] * values[b]
                out[n, 1] += 1.0
                a += 1
                b += 1
    return out
