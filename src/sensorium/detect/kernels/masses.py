"""Half-space trees, node by node: how many vectors passed each, lately and before.

``t`` complete trees of height ``h``: node ``n`` has the children ``2n + 1`` and ``2n + 2``.
``features`` int32 and ``thresholds`` float64 (t, 2^h - 1) are the splits; ``masses`` int64
(t, 2^(h+1) - 1, 2) the counts of the window that is being filled and of that before it.
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I32, I64, Number
from sensorium.ingest.compiled import inlined, kernel

FILLING, BEFORE = 0, 1


@inlined
def _child(
    vectors: F64, i: Number, tree: Number, node: Number, features: I32, thresholds: F64, masses: I64
) -> Number:
    """Where a vector goes; without a value, where most went."""
    left = 2 * node + 1
    value = vectors[i, features[tree, node]]
    if np.isnan(value):
        fewer = masses[tree, left, FILLING] < masses[tree, left + 1, FILLING]
        return left + np.int64(fewer)
    return left + np.int64(value >= thresholds[tree, node])


@kernel
def pass_through(
    vectors: F64,
    features: I32,
    thresholds: F64,
    masses: I64,
    state: I64,
    window: int,
    learns: bool,
    out: F64,
) -> None:
    """Score vectors (n, f) one after the other, and with ``learns`` count each when it is scored.

    ``state`` are how many the filling window has, and whether there was one before it. The score
    is 0 while there was none.
    """
    splits = features.shape[1]
    levels = 1
    while (1 << levels) - 1 <= splits:
        levels += 1
    most = len(features) * window * float((1 << levels) - 1)
    few = 0.1 * window
    for i in range(len(vectors)):
        total = 0.0
        for tree in range(len(features)):
            node, scores = 0, state[1] > 0
            for depth in range(levels):
                if scores:
                    mass = masses[tree, node, BEFORE]
                    total += mass * float(1 << depth)
                    scores = mass >= few
                if not (learns or scores):
                    break
                at = node
                if depth < levels - 1:
                    node = _child(vectors, i, tree, node, features, thresholds, masses)
                # A vector without a value goes where those before it went, itself left out.
                if learns:
                    masses[tree, at, FILLING] += 1
        out[i] = 1.0 - total / most if state[1] > 0 else 0.0
        if learns:
            state[0] += 1
            if state[0] == window:
                masses[:, :, BEFORE] = masses[:, :, FILLING]
                masses[:, :, FILLING] = 0
                state[0], state[1] = 0, 1
