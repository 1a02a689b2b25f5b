"""Whether ties of a graph close triangles: whether friends of friends are whom to look among.

In a graph of users and items, in a tree and in a grid no tie has a common neighbour, and who is two
steps away is never who comes next; three steps lead there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sensorium.ingest.compiled import kernel

if TYPE_CHECKING:
    from sensorium.links.graph.compressed import Graph

_LOOKED_AT: Final = 2_000
_CLOSED: Final = 0.05
"""Of the ties of cora more than half are closed, of ego-facebook nearly all."""


def seldom_closed(graph: Graph) -> bool:
    """Whether fewer than one tie in twenty has a common neighbour, by 2,000 of them, evenly taken.

    False for a graph without ties.
    """
    count = min(graph.arcs, _LOOKED_AT)
    if not count:
        return False
    arcs = np.linspace(0, graph.arcs - 1, count).astype(np.int64)
    sources = np.searchsorted(graph.indptr, arcs, side="right") - 1
    return bool(_closed(graph.indptr, graph.indices, sources, arcs) < _CLOSED * count)


@kernel
def _closed(indptr: Any, indices: Any, sources: Any, arcs: Any) -> int:
    """How many of these arcs join two that have a neighbour in common."""
    closed = 0
    for n in range(len(arcs)):
        u, v = sources[n], indices[arcs[n]]
        one, other = indptr[u], indptr[v]
        while one < indptr[u + 1] and other < indptr[v + 1]:
            if indices[one] == indices[other]:
                closed += 1
                break
            if indices[one] < indices[other]:
                one += 1
            else:
                other += 1
    return closed
