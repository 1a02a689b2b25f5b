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
from sensorium.links.graph.features import Features
from sensorium.links.structure import overlaps

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
    sorted_ = overlaps.overlap(graph.indptr, graph.indices, source[order], target[order], CAP)
    out = np.empty_like(sorted_)
    out[order] = sorted_
    return out


def structural(graph: Graph, source: Any, target: Any) -> Array:
    """What a decoder is given of a pair's surroundings, float32 (pairs, len(NAMES)).

    Counts are on a scale of logarithms. The same for (u, v) and (v, u) of an undirected graph.
    """
    raw = pair_counts(graph, source, target)
    common = raw[:, overlaps.COMMON]
    du, dv = raw[:, overlaps.SOURCE_DEGREE], raw[:, overlaps.TARGET_DEGREE]
    root = np.sqrt(np.maximum(du * dv, 1))
    columns = (
        np.log1p(common),
        np.log1p(raw[:, overlaps.ADAMIC_ADAR]),
        np.log1p(10 * raw[:, overlaps.ALLOCATION]),
        np.log1p(raw[:, overlaps.PATHS]),
        np.log1p(10 * raw[:, overlaps.PATHS_SQRT]),
        np.log1p(100 * raw[:, overlaps.PATHS_SHARE]),
        common / np.maximum(du + dv - common, 1),
        common / root,
        np.log1p(10 * raw[:, overlaps.PATHS] / root),
        np.log1p(np.minimum(du, dv)),
        np.log1p(np.maximum(du, dv)),
    )
    return np.stack(columns, 1).astype(np.float32)


def alike(features: Features, source: Any, target: Any) -> Array:
    """How alike the features of two nodes are, float32 (pairs, len(FEATURE_NAMES))."""
    source, target = (np.ascontiguousarray(end, np.int64) for end in (source, target))
    rows = features.normal
    got = overlaps.shared(rows.indptr, rows.indices, rows.data, source, target)
    return np.stack([got[:, 0], np.log1p(got[:, 1])], 1).astype(np.float32)
