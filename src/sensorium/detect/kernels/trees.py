"""Trees as numbers: the way of vectors through all trees of a forest, without a branch.

A node is one number: its threshold in the upper 32 bits, then 8 bits of feature and 24 of the
first of its two children, which lie side by side. A leaf's threshold is the largest there is and
its child the leaf itself, so every vector takes as many steps, and the steps of many overlap.
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I32, I64, Number
from sensorium.ingest.compiled import inlined, kernel

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
        fours = start + (end - start) // 4 * 4
        for tree in range(len(roots)):
            root, depth = np.uint64(roots[tree]), depths[tree]
            # Four at a time: the next step of one need not wait for that of another.
            for i in range(start, fours, 4):
                one = two = three = four = root
                for _ in range(depth):
                    one = _step(vectors, i, nodes[one])
                    two = _step(vectors, i + 1, nodes[two])
                    three = _step(vectors, i + 2, nodes[three])
                    four = _step(vectors, i + 3, nodes[four])
                out[i] += lengths[one]
                out[i + 1] += lengths[two]
                out[i + 2] += lengths[three]
                out[i + 3] += lengths[four]
            for i in range(fours, end):
                one = root
                for _ in range(depth):
                    one = _step(vectors, i, nodes[one])
                out[i] += lengths[one]


@inlined
def _step(vectors: I32, i: Number, node: Number) -> np.uint64:
    """The node below, for one vector."""
    feature = np.uint64(np.uint64(node) >> _24) & _FEATURE
    beyond = vectors[np.uint64(i), feature] > (node >> 32)
    return np.uint64(np.uint64(np.uint64(node) & _CHILD) + np.uint64(beyond))
