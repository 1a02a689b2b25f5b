"""Structural counts: what the neighbourhoods of two nodes say about a link between them.

All are counted with the pair's own edge left out (:mod:`.overlaps`), so that a training edge cannot
be told by its own trace. They are the classical scores of link prediction
(Liben-Nowell & Kleinberg 2007, "The Link-Prediction Problem for Social Networks"; resource
allocation: Zhou, Lü & Zhang 2009) and serve as inputs of a decoder and as baselines.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.links.graph.compressed import Graph
from sensorium.links.structure import overlaps
from sensorium.links.structure.room import Room

Array = np.ndarray[Any, Any]

CAP: Final = 5_000
"""Paths of length three through a node of more neighbours than these are not counted."""
NAMES: Final = (
    "common neighbours",
    "Adamic-Adar",
    "resource allocation",
    "paths of length 3",
    "paths of length 3, hubs damped",
    "paths of length 3, hubs damped strongly",
    "Jaccard",
    "cosine of neighbourhoods",
    "paths of length 3 by degrees",
    "smaller degree",
    "larger degree",
)
FEATURE_NAMES: Final = ("likeness of features", "shared features")


def pair_counts(graph: Graph, source: Any, target: Any) -> Array:
    """The raw counts of :mod:`.overlaps`, float64 (pairs, 8), in any order."""
    source, target = (np.ascontiguousarray(end, np.int64) for end in (source, target))
    order = np.argsort(source, kind="stable")
    with Room(graph.nodes).taken() as room:
        counts: Array = overlaps.overlap(
            graph.indptr, graph.indices, source, target, order, CAP, *room
        )
    return counts
