"""Trees as numbers: the way of vectors through all trees of a forest, without a branch.

A node is one number: its threshold in the upper 32 bits, then 8 bits of feature and 24 of the
first of its two children, which lie side by side. A leaf's threshold is the largest there is and
its child the leaf itself, so every vector takes as many steps, and the steps of many overlap.
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I32, I64
from sensorium.ingest.compiled import kernel

# Vectors that go through a tree one after the other, while it is near.
_BLOCK = 128
_CHILD, _FEATURE = np.uint64(0xFFFFFF), np.uint64(0xFF)
_24 = np.uint64(24)


@kernel
def path_lengths(vectors: I32, roots: I64, depths: I64, nodes: I64, lengths: F64, out: F64) -> None:
    """Add up each vector's path length over all trees, in their order; ``out`` (n,) is zeros.

    ``vectors`` int32 (n, f) are in the order of their values, as thresholds are. A tree begins at
    its root and is so deep; ``lengths`` are those of paths that end at each node.
    """
    for start in range(0, len(vectors), _BLOCK):
        end = min(start + _BLOCK, len(vectors))
        for tree in range(len(roots)):
            root, depth = np.uint64(roots[tree]), depths[tree]
            for i in range(start, end):
                at = root
                for _ in range(depth):
                    node = nodes[at]
                    feature = np.uint64(np.uint64(node) >> _24) & _FEATURE
                    beyond = vectors[i, feature] > (node >> 32)
                    at = np.uint64(np.uint64(np.uint64(node) & _CHILD) + np.uint64(beyond))
                out[i] += lengths[at]
