"""A graph of friends of any size: communities of a hundred, and some people whom many know."""

from __future__ import annotations

import numpy as np

from sensorium.links.graph.compressed import Graph

_COMMUNITY = 100
_INSIDE = 0.7


def friends(nodes: int, edges_each: int = 10, seed: int = 0) -> Graph:
    """About ``edges_each`` edges for each node: most within its community, the rest to anybody.

    Ends outside are drawn with a preference for low rows, which so become hubs. Rows are shuffled:
    who belongs together does not lie together in memory.
    """
    random = np.random.default_rng(seed)
    one = np.repeat(np.arange(nodes), edges_each)
    other = (nodes * random.random(len(one)) ** 3).astype(np.int64)
    inside = random.random(len(one)) < _INSIDE
    start = one[inside] // _COMMUNITY * _COMMUNITY
    other[inside] = np.minimum(start + random.integers(0, _COMMUNITY, inside.sum()), nodes - 1)
    shuffled = random.permutation(nodes)
    return Graph.from_edges(nodes, shuffled[one], shuffled[other])
