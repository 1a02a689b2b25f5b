"""A kernel that finds the friends of a node's friends."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.ingest.compiled import kernel


@kernel
def friends_of_friends(
    indptr: Any, indices: Any, friends: Any, barred: Any, budget: int, weight: Any, found: Any
) -> int:
    """Write to ``found`` who is two steps away by ``friends``; how many those are.

    ``weight`` gets the resource allocation of each (Zhou, Lü & Zhang 2009): the sum of one by the
    degree of every friend in between. It has zeros before, and whoever reads it puts them back.
    Nodes with a mark in ``barred`` are passed over. Friends come in the order given, and those
    whose friends no longer fit into ``budget`` arcs are passed over. ``found`` has room for as many
    nodes as there are, or for ``budget``.
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
            if weight[node] == 0:
                found[count] = node
                count += 1
            weight[node] += share
    return count
