"""Compiled random steps over compressed rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.ingest.compiled import kernel

Array = np.ndarray[Any, Any]


@kernel
def two_steps(indptr: Array, indices: Array, start: Array, draws: Array) -> Array:
    """Where two random steps from each start end, for each of its draws; -1 without a way.

    ``draws``: float64 (starts, walks, 2) in [0, 1).
    """
    out = np.full((len(start), draws.shape[1]), -1, np.int64)
    for n in range(len(start)):
        for walk in range(draws.shape[1]):
            at = start[n]
            for step in range(2):
                degree = indptr[at + 1] - indptr[at]
                if degree == 0:
                    at = -1
                    break
                at = indices[indptr[at] + np.int64(draws[n, walk, step] * degree)]
            out[n, walk] = at
    return out
