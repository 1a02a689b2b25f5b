"""Where a graph falls apart: components, articulation points, bridges and blocks.

A block is a largest part that no single node cuts in two; blocks meet in articulation points. A
block of two nodes is a bridge. Hopcroft and Tarjan, "Algorithm 447", 1973, without recursion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensorium.ingest.compiled import inner, kernel
from sensorium.links.graph.compressed import Graph
from sensorium.topology.centrality.arrays import Columns, Flags, Floats, Ints, Rows


@dataclass(frozen=True, slots=True)
class Blocks:
    """Block ``b`` has the nodes ``members[offsets[b]:offsets[b + 1]]``.

    ``reach`` stands beside ``members``: how many nodes of the component a path inside the block
    can stand for at that member, itself and all that hangs on it outside the block. ``beyond`` is
    one number per node: over how many ordered pairs of others it lies whatever the blocks look
    like inside, since they hang on it from different sides.
    """

    offsets: Ints
    members: Ints
    reach: Floats
    component: Ints
    sizes: Ints
    articulation: Flags
    beyond: Floats

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def bridges(self) -> Ints:
        """The edges whose loss parts the graph: a row of two ascending nodes each, in order."""
        two = self.offsets[:-1][np.diff(self.offsets) == 2]
        ends = np.sort(np.stack([self.members[two], self.members[two + 1]], axis=1), axis=1)
        return np.unique(ends, axis=0)


def blocks_of(graph: Graph) -> Blocks:
    """The blocks of a graph; a node without neighbours is in none."""
    offsets, members, reach, component, sizes, articulation, beyond = _blocks(
        graph.indptr, graph.indices
    )
    return Blocks(offsets, members, reach, component, sizes, articulation, beyond)


@kernel
def _blocks(indptr: Rows, indices: Columns) -> tuple[Ints, Ints, Floats, Ints, Ints, Flags, Floats]:
    nodes = len(indptr) - 1
    seen, low = np.full(nodes, -1, np.int64), np.zeros(nodes, np.int64)
    parent, at = np.full(nodes, -1, np.int64), indptr[:-1].copy()
    below, hanging, squares = np.ones(nodes, np.int64), np.zeros(nodes, np.int64), np.zeros(nodes)
    component, sizes = np.full(nodes, -1, np.int64), np.zeros(nodes, np.int64)
    articulation, beyond = np.zeros(nodes, np.bool_), np.zeros(nodes)
    path, entered = np.empty(nodes + 1, np.int64), np.empty(nodes + 1, np.int64)
    offsets, members = np.zeros(nodes + 1, np.int64), np.empty(2 * nodes, np.int64)
    reach = np.empty(2 * nodes)
    count, parts, clock = 0, 0, 0
    for root in range(nodes):
        if seen[root] >= 0:
            continue
        first, began = count, clock
        seen[root], low[root], component[root], path[0] = clock, clock, parts, root
        clock += 1
        depth, waiting = 1, 0
        while depth:
            node = path[depth - 1]
            if at[node] < indptr[node + 1]:
                other = indices[at[node]]
                at[node] += 1
                if seen[other] < 0:
                    seen[other], low[other], component[other] = clock, clock, parts
                    clock += 1
                    parent[other], path[depth], entered[waiting] = node, other, other
                    depth, waiting = depth + 1, waiting + 1
                elif other != parent[node]:
                    low[node] = min(low[node], seen[other])
                continue
            depth -= 1
            if depth:
                top = parent[node]
                low[top] = min(low[top], low[node])
                below[top] += below[node]
                if low[node] >= seen[top]:
                    # Nothing below `node` reaches above `top`: what was entered since is one block.
                    articulation[top] = top != root or hanging[top] > 0
                    hanging[top] += below[node]
                    squares[top] += float(below[node]) ** 2
                    waiting = _close(
                        node, top, below[node], hanging, entered, waiting, count, offsets, members,
                        reach,
                    )  # fmt: skip
                    count += 1
        sizes[parts] = clock - began
        for place in range(offsets[first], offsets[count]):
            if reach[place] < 0:
                reach[place] += sizes[parts]
        parts += 1
    for node in range(nodes):
        if articulation[node]:
            others = float(sizes[component[node]] - 1)
            beyond[node] = others**2 - squares[node] - (others - hanging[node]) ** 2
    filled = offsets[count]
    return (
        offsets[: count + 1].copy(), members[:filled].copy(), reach[:filled].copy(), component,
        sizes[:parts].copy(), articulation, beyond,
    )  # fmt: skip


@inner
def _close(
    node: int,
    top: int,
    below: int,
    hanging: Ints,
    entered: Ints,
    waiting: int,
    count: int,
    offsets: Ints,
    members: Ints,
    reach: Floats,
) -> int:
    """Write down the block between ``top`` and ``node``; what is left of ``entered``."""
    filled = offsets[count]
    member = -1
    while member != node:
        waiting -= 1
        member = entered[waiting]
        # A node's own blocks below it are complete by now, and hang on it.
        members[filled], reach[filled] = member, 1.0 + hanging[member]
        filled += 1
    # The size of the component is not known yet: what is not below, as a negative.
    members[filled], reach[filled] = top, -float(below)
    offsets[count + 1] = filled + 1
    return waiting
