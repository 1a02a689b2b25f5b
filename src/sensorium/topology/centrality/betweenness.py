"""Betweenness: exact where that is quick, else sampled and so said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensorium.links.graph.compressed import Graph
from sensorium.topology.centrality.arrays import Floats
from sensorium.topology.centrality.blocks import blocks_of
from sensorium.topology.centrality.exact import cost, pairs_between
from sensorium.topology.centrality.sampled import sample

EXACT_BELOW = 10_000_000_000
"""Arcs that the searches of an exact answer may follow: about ten seconds of one core."""


@dataclass(frozen=True, slots=True)
class Betweenness:
    """``share`` has one figure per node: the share of pairs of other nodes it lies between, 0 to 1.

    ``error`` is 0 for an exact answer. For a sampled one every figure is within its ``error`` of
    the exact one, all at once, with ``confidence``; ``paths`` were drawn.
    """

    share: Floats
    error: Floats
    paths: int = 0
    confidence: float = 1.0

    @property
    def is_exact(self) -> bool:
        """Whether nothing was sampled."""
        return self.confidence == 1.0


def betweenness_of(
    graph: Graph,
    *,
    error: float = 0.01,
    confidence: float = 0.99,
    exact_below: int = EXACT_BELOW,
    seed: int = 0,
    threads: int = 0,
) -> Betweenness:
    """How often each node lies on a shortest path between two others, by the number of pairs.

    Where several paths are shortest each counts its share. Sampled, to within ``error``, where
    exact searches would follow ``exact_below`` arcs or more. Freeman, 1977.
    """
    nodes = graph.nodes
    pairs = max((nodes - 1) * (nodes - 2), 1)
    found = blocks_of(graph)
    if cost(graph, found) < exact_below:
        return Betweenness(pairs_between(graph, found, threads=threads) / pairs, np.zeros(nodes))
    # A node is an end of some pairs that are drawn; the share is of the pairs of others.
    scale = nodes * (nodes - 1) / pairs
    drawn = sample(graph, error / scale, confidence, seed)
    share = np.minimum(drawn.share * scale, 1.0)
    return Betweenness(share, drawn.error * scale, drawn.paths, confidence)
