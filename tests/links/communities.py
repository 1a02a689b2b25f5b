"""A generated graph of friends: communities, features that tell of them, and chance."""

from __future__ import annotations

import numpy as np

from sensorium.links import Graph
from sensorium.links.graph.features import Features
from sensorium.links.graph.names import Names


def communities(nodes: int = 120, seed: int = 0) -> tuple[Graph, Names, Features]:
    """Six communities, most edges inside them, and a few noisy marks for each node."""
    rng = np.random.default_rng(seed)
    home = np.arange(nodes) % 6
    source, target = rng.integers(0, nodes, (2, nodes * 60))
    keep = (home[source] == home[target]) & (rng.random(len(source)) < 0.6)
    keep |= rng.random(len(source)) < 0.01
    graph = Graph.from_edges(nodes, source[keep], target[keep])
    marks = rng.random((nodes, 18)) < 0.05
    marks[np.arange(nodes), home] |= rng.random(nodes) < 0.7
    names = Names([f"person {n}" for n in range(nodes)])
    return graph, names, Features.of(marks.astype(np.float32))
