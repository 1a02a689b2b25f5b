"""Kernels that find the friends of a node's friends, and the friends that two have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.ingest.compiled import kernel


@kernel
def friends_of_friends(
    indptr: Any,
    indices: Any,
    friends: Any,
    barred: Any,
    budget: int,
    room: Any,
    found: Any,
    weight: Any,
) -> int:
    """Write to ``found`` who is two steps away by ``friends``; how many those are.

    ``weight`` gets the resource allocation of each (Zhou, Lü & Zhang 2009): the sum of one by the
    degree of every friend in between. Nodes with a mark in ``barred`` are passed over. Friends come
    in the order given, and those whose friends no longer fit into ``budget`` arcs are passed over.
    ``found`` and ``weight`` have room for as many nodes as there are, or for ``budget``; ``room``
    is float32 (nodes,), zero before and after.
    """
    count, left = 0, budget
    for friend in friends:
        low, high = indptr[friend], indptr[friend + 1]
        if high - low > left:
            continue
        left -= high - low
        share = np.float32(1 / max(high - low, 1))
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
