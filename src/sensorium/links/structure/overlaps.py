"""Compiled counts of what two nodes have in common, their own edge left out.

For a pair (u, v), everything is counted as if u and v were not linked, so that a pair that is
linked and one that is not are told alike: a neighbour a of u other than v, a neighbour b of v other
than u, and degrees less one where they are linked.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inlined, kernel

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
REACHED: Final = 1
NEIGHBOUR: Final = 2
"""Marks of a node: a way u-a-b leads to it; it is tied to u."""
_LOOKED_FOR: Final = 16
"""Looking for one node in a long row costs as much as looking at so many in order."""


@kernel
def overlap(
    indptr: Array,
    indices: Array,
    source: Array,
    target: Array,
    order: Array,
    cap: int,
    reached: Array,
    near: Array,
    touched: Array,
) -> Array:
    """Counts for each pair, float64 (pairs, 8); ``source[order]`` must ascend.

    Common neighbours; Adamic-Adar; resource allocation; paths u-a-b-v, plain, weighted by
    1 / sqrt(da db) and by 1 / (da db); both degrees. Paths through an ``a`` of more than ``cap``
    neighbours are left out: they say little and cost much. ``reached``, ``near`` and ``touched``
    are room for all nodes (:class:`.room.Room`), clear before and after.
    """
    out = np.zeros((len(source), COLUMNS))
    n = 0
    while n < len(order):
        u = source[order[n]]
        count = reach(indptr, indices, u, cap, reached, near, touched)
        while n < len(order) and source[order[n]] == u:
            pair = order[n]
            count_pair(
                indptr, indices, u, target[pair], cap, reached, near, touched, count, out[pair]
            )
            n += 1
        clear(reached, near, touched, count)
    return out


@kernel
def reach(
    indptr: Array, indices: Array, u: int, cap: int, reached: Array, near: Array, touched: Array
) -> int:
    """Weights of the ways u-a-b into ``reached[b]``, marks into ``near``.

    The weights are how many ways there are, and two sums damped by the degrees of a and of b. Every
    node with a mark is put into ``touched`` once; how many those are.
    """
    count = 0
    for place in range(indptr[u], indptr[u + 1]):
        near[indices[place]] = NEIGHBOUR
        touched[count] = indices[place]
        count += 1
    for place in range(indptr[u], indptr[u + 1]):
        a = indices[place]
        degree = indptr[a + 1] - indptr[a]
        if degree > cap:
            continue
        root, share = 1.0 / np.sqrt(degree), 1.0 / degree
        for second in range(indptr[a], indptr[a + 1]):
            b = indices[second]
            if near[b] == 0:
                touched[count] = b
                count += 1
            near[b] |= REACHED
            reached[b, 0] += 1.0
            reached[b, 1] += root
            reached[b, 2] += share
    # Once for all pairs of u, and not for each of them.
    for place in range(count):
        b = touched[place]
        if near[b] & REACHED:
            degree = indptr[b + 1] - indptr[b]
            reached[b, 1] /= np.sqrt(degree)
            reached[b, 2] /= degree
    return count


@kernel
def clear(reached: Array, near: Array, touched: Array, count: int) -> None:
    """Undo :func:`reach`."""
    for place in range(count):
        b = touched[place]
        if near[b] & REACHED:
            reached[b, 0] = 0.0
            reached[b, 1] = 0.0
            reached[b, 2] = 0.0
        near[b] = 0


@kernel
def count_pair(
    indptr: Array,
    indices: Array,
    u: int,
    v: int,
    cap: int,
    reached: Array,
    near: Array,
    touched: Array,
    count: int,
    out: Array,
) -> None:
    """One row of counts, from what is reached from u; ``out`` is zero before.

    Only neighbours of v that are touched count. They are found by looking at all neighbours of v
    or, where v is a hub and u is not, by looking for each that is touched among them.
    """
    low, high = indptr[v], indptr[v + 1]
    own = high - low
    linked = (near[v] & NEIGHBOUR) != 0
    through = linked and own <= cap
    if own <= _LOOKED_FOR * count:
        for place in range(low, high):
            _through(indptr, indices[place], u, own, through, reached, near, out)
    else:
        for place in range(count):
            if _held(indices, low, high, touched[place]):
                _through(indptr, touched[place], u, own, through, reached, near, out)
    # Differences of sums may leave a little below zero.
    out[PATHS_SQRT] = max(out[PATHS_SQRT], 0.0)
    out[PATHS_SHARE] = max(out[PATHS_SHARE], 0.0)
    out[SOURCE_DEGREE] = indptr[u + 1] - indptr[u] - (1 if linked else 0)
    out[TARGET_DEGREE] = own - (1 if linked else 0)


@inlined
def _held(indices: Array, low: int, high: int, sought: int) -> bool:
    """Whether a row of ``indices``, ascending, has this one."""
    end = high
    while low < high:
        middle = (low + high) // 2
        if indices[middle] < sought:
            low = middle + 1
        else:
            high = middle
    return low < end and indices[low] == sought


@inlined
def _through(
    indptr: Array,
    b: int,
    u: int,
    own: int,
    through: bool,
    reached: Array,
    near: Array,
    out: Array,
) -> None:
    """Add what a neighbour b of v, which has ``own``, says of u and v."""
    mark = near[b]
    # Most neighbours of most nodes are far from u, which the mark tells without reading more.
    if mark == 0 or b == u:
        return
    ways, root, share = reached[b, 0], reached[b, 1], reached[b, 2]
    if through:
        degree = indptr[b + 1] - indptr[b]
        ways -= 1.0
        root -= 1.0 / (np.sqrt(own) * np.sqrt(degree))
        share -= 1.0 / (own * float(degree))
    out[PATHS] += ways
    out[PATHS_SQRT] += root
    out[PATHS_SHARE] += share
    if mark & NEIGHBOUR:
        degree = indptr[b + 1] - indptr[b]
        out[COMMON] += 1.0
        if degree > 1:
            out[ADAMIC_ADAR] += 1.0 / np.log(degree)
        out[ALLOCATION] += 1.0 / degree


@kernel
def shared(
    indptr: Array, columns: Array, values: Array, one: int, other: int
) -> tuple[float, float]:
    """For two rows of sparse features, columns ascending: products' sum, and how many both have."""
    product, both = 0.0, 0.0
    a, a_end = indptr[one], indptr[one + 1]
    b, b_end = indptr[other], indptr[other + 1]
    while a < a_end and b < b_end:
        if columns[a] < columns[b]:
            a += 1
        elif columns[a] > columns[b]:
            b += 1
        else:
            product += values[a] * values[b]
            both += 1.0
            a += 1
            b += 1
    return product, both
