"""All that is told of pairs, in one compiled pass: counts, likeness of features, products.

Whoever asks about one node's candidates asks about them together, so that the node's surroundings
are gone through once. What lies in several arrays of the same node is kept in one row, so that a
pair's products wait for memory once.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inlined, kernel
from sensorium.links.structure import overlaps
from sensorium.links.structure.products import product

Array = np.ndarray[Any, Any]

STRUCTURAL: Final = 11
"""Columns of counts; features follow, then products."""
COSINE: Final = -1
"""In the place of a width: the product before it, by both lengths."""


@kernel
def tell(
    indptr: Array,
    indices: Array,
    source: Array,
    target: Array,
    order: Array,
    cap: int,
    reached: Array,
    near: Array,
    touched: Array,
    marks_at: Array,
    marks: Array,
    values: Array,
    table: Array,
    lengths: Array,
    parts: Array,
    out: Array,
) -> None:
    """Write what is told of each pair to ``out``, float32 (pairs, columns), zero before.

    ``source[order]`` must ascend; ``reached``, ``near`` and ``touched`` are as in
    :func:`.overlaps.overlap`. ``marks_at``, ``marks`` and ``values`` are compressed rows of
    features, ``marks_at`` empty where there are none. ``table`` has a row of vectors for each node;
    each of ``parts`` is a column of ``out``, where one vector begins, where the other does, and how
    wide both are: their product is added to the column. With -1 for a width, the column is what
    the one before has, by both ``lengths``.
    """
    raw = np.zeros(overlaps.COLUMNS)
    n = 0
    while n < len(order):
        u = source[order[n]]
        count = overlaps.reach(indptr, indices, u, cap, reached, near, touched)
        while n < len(order) and source[order[n]] == u:
            pair = order[n]
            v = target[pair]
            row, one, other = out[pair], table[u], table[v]
            raw[:] = 0.0
            overlaps.count_pair(indptr, indices, u, v, cap, reached, near, touched, count, raw)
            _scaled(raw, row)
            if len(marks_at):
                alike, both = overlaps.shared(marks_at, marks, values, u, v)
                row[STRUCTURAL] = alike
                row[STRUCTURAL + 1] = np.log1p(both)
            for part in range(len(parts)):
                column, width = parts[part, 0], parts[part, 3]
                if width == COSINE:
                    row[column] = row[column - 1] / (lengths[u] * lengths[v])
                else:
                    row[column] += product(one, other, parts[part, 1], parts[part, 2], width)
            n += 1
        overlaps.clear(reached, near, touched, count)


@inlined
def _scaled(raw: Array, row: Array) -> None:
    """Counts on a scale of logarithms."""
    common, paths = raw[overlaps.COMMON], raw[overlaps.PATHS]
    du, dv = raw[overlaps.SOURCE_DEGREE], raw[overlaps.TARGET_DEGREE]
    root = np.sqrt(max(du * dv, 1.0))
    row[0] = np.log1p(common)
    row[1] = np.log1p(raw[overlaps.ADAMIC_ADAR])
    row[2] = np.log1p(10 * raw[overlaps.ALLOCATION])
    row[3] = np.log1p(paths)
    row[4] = np.log1p(10 * raw[overlaps.PATHS_SQRT])
    row[5] = np.log1p(100 * raw[overlaps.PATHS_SHARE])
    row[6] = common / max(du + dv - common, 1.0)
    row[7] = common / root
    row[8] = np.log1p(10 * paths / root)
    row[9] = np.log1p(min(du, dv))
    row[10] = np.log1p(max(du, dv))
