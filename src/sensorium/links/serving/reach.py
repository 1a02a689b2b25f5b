"""Kernels that find the friends of a node's friends, and the friends that two have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.ingest.compiled import kernel


@kernel
def passed_on(
    indptr: Any,
    indices: Any,
    holders: Any,
    held: Any,
    barred: Any,
    budget: int,
    room: Any,
    found: Any,
    weight: Any,
) -> int:
    """Write to ``found`` who is one step away from ``holders``; how many those are.

    Each holder passes on what it has in ``held``, float32, to its neighbours in equal parts, and
    ``weight`` gets what each of them receives: where the holders are a node's friends and have one
    each, the resource allocation of friends of friends (Zhou, Lü & Zhang 2009); where they are
    friends of friends and have that, the same over three steps. Nodes with a mark in ``barred`` are
    passed over. Holders come in the order given, and those whose neighbours no longer fit into
    ``budget`` arcs are passed over. ``found`` and ``weight`` have room for as many nodes as there
    are, or for ``budget``; ``room`` is float32 (nodes,), zero before and after.
    """
    count, left = 0, budget
    for n in range(len(holders)):
        low, high = indptr[holders[n]], indptr[holders[n] + 1]
        if high - low > left:
            continue
        left -= high - low
        share = np.float32(held[n] / max(high - low, 1))
        for arc in range(low, high):
            node = indices[arc]
            if barred[node]:
                continue
            if room[node] == 0:
                found[count] = node
                count += 1
            room[node] += share
    for place in range(count):
        weight[place] = room[found[place]]
        room[found[place]] = 0
    return count


@kernel
def in_both(one: Any, other: Any) -> Any:
    """What two ascending rows have in common, ascending, int64.

    Each of the shorter is looked for in what is left of the longer, which may be a hub's.
    """
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    found = np.empty(len(short), np.int64)
    count, begin = 0, 0
    for sought in short:
        low, high = begin, len(long)
        while low < high:
            middle = (low + high) // 2
            if long[middle] < sought:
                low = middle + 1
            else:
                high = middle
        if low == len(long):
            break
        if long[low] == sought:
            found[count] = sought
            count += 1
        begin = low
    return found[:count]


@kernel
def sharing(indptr: Any, indices: Any, own: Any, asked: Any, most: int) -> Any:
    """Those of ``asked`` with the most ties in common with ``own``, at most so many, int64.

    Both ascend, and so do the rows of ties; of those with as many, the lowest come first. Those
    with no tie in common are not among them.
    """
    common = np.zeros(len(asked), np.int64)
    for n in range(len(asked)):
        low, high = indptr[asked[n]], indptr[asked[n] + 1]
        common[n] = len(in_both(own, indices[low:high]))
    best = np.empty(min(most, len(asked)), np.int64)
    count = 0
    while count < len(best):
        first = common.argmax()
        if common[first] == 0:
            break
        best[count] = asked[first]
        common[first] = 0
        count += 1
    return best[:count]
