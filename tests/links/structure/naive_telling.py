"""What is told of pairs, column by column in NumPy: slow, and easy to see through."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.links import Graph
from sensorium.links.graph.features import Features
from sensorium.links.structure import overlaps
from sensorium.links.structure.counts import pair_counts
from sensorium.links.structure.views import PairView


def structural(graph: Graph, source: Any, target: Any) -> np.ndarray:
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
    return np.stack(columns, 1)


def alike(features: Features, source: Any, target: Any) -> np.ndarray:
    rows, has = features.normal.toarray(), features.normal.toarray() != 0
    both = (has[source] & has[target]).sum(1)
    return np.stack([(rows[source] * rows[target]).sum(1), np.log1p(both)], 1)


def told(view: PairView, source: Any, target: Any) -> np.ndarray:
    """Every column, from the vectors as they are saved."""
    arrays = view.arrays()
    columns = list(structural(view.graph, source, target).T)
    if view.features is not None:
        columns += list(alike(view.features, source, target).T)
    spread = [arrays[name] for name in sorted(arrays) if name.startswith("alike")]
    columns += [(of[source] * of[target]).sum(1) for of in spread]
    spectrum = spread[-1]
    unit = spectrum / np.maximum(np.linalg.norm(spectrum, axis=1, keepdims=True), 1e-9)
    columns.append((unit[source] * unit[target]).sum(1))
    for n in (0, 1):
        said, heard = arrays[f"said{n}"], arrays[f"heard{n}"]
        one, other = (said[source] * heard[target]).sum(1), (heard[source] * said[target]).sum(1)
        columns.append(one + other)
    return np.stack(columns, 1)
