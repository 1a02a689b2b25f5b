"""An Isolation Forest (Liu et al. 2008) as flat arrays, to score with.

scikit-learn fits it; what a vector scores here is what its ``score_samples`` says, and is found
many times faster for the small batches that stage two has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sensorium.detect.arrays import F32, F64, I32, I64
from sensorium.detect.kernels.trees import path_lengths
from sensorium.state.arrays import State, StateError, taken, whole

_MOST_FEATURES, _MOST_NODES = 1 << 8, 1 << 24
_NO_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class FlatForest:
    """``t`` trees of ``k`` nodes in all; see :mod:`sensorium.detect.kernels.trees`.

    ``usual`` is the path length of an average vector, summed over the trees.
    """

    roots: I64
    depths: I64
    nodes: I64
    lengths: F64
    width: int
    usual: float

    @staticmethod
    def of(forest: Any) -> FlatForest:
        """Flatten a fitted ``sklearn.ensemble.IsolationForest`` of at most 256 features.

        ValueError for one that is larger, or has over 16 million nodes.
        """
        pairs = zip(forest.estimators_, forest.estimators_features_, strict=True)
        sizes = np.array([tree.tree_.node_count for tree in forest.estimators_], np.int64)
        width = int(forest.n_features_in_)
        if width > _MOST_FEATURES or sizes.sum() > _MOST_NODES:
            raise ValueError(f"{width} features and {sizes.sum()} nodes are too many for a forest")
        roots = np.cumsum(sizes) - sizes
        trees = [
            _Flat(t.tree_, f, root) for (t, f), root in zip(pairs, roots.tolist(), strict=True)
        ]
        return FlatForest(
            roots=roots,
            depths=np.array([tree.depth for tree in trees], np.int64),
            nodes=np.concatenate([tree.nodes for tree in trees]),
            lengths=np.concatenate([tree.lengths for tree in trees]),
            width=width,
            usual=float(len(trees) * _average_path(np.array([forest.max_samples_]))[0]),
        )

    def score_samples(self, vectors: F64 | F32) -> F64:
        """The score of each vector (n, f) of finite values, from -1 (odd) to 0."""
        if vectors.ndim != 2 or vectors.shape[1] != self.width:
            raise ValueError(f"vectors of {self.width} values are needed, not {vectors.shape}")
        total = np.zeros(len(vectors))
        ordered = _in_order(vectors.astype(np.float32))
        path_lengths(ordered, self.roots, self.depths, self.nodes, self.lengths, total)
        usual = self.usual if self.usual else 1.0
        return np.asarray(-(2.0 ** (-total / usual)), np.float64)

    def state(self) -> State:
        """The trees."""
        trees = {name: getattr(self, name) for name in ("roots", "depths", "nodes", "lengths")}
        return {**trees, "width": np.array(self.width), "usual": np.array(self.usual)}

    @staticmethod
    def restored(state: State, width: int) -> FlatForest:
        """The forest of a :meth:`state`, for vectors of so many values.

        StateError where a walk down a tree could leave the arrays.
        """
        roots = taken(state, "roots", np.int64, None)
        depths = taken(state, "depths", np.int64, len(roots))
        nodes = taken(state, "nodes", np.int64, None)
        lengths = taken(state, "lengths", np.float64, len(nodes))
        child, last = nodes & 0xFFFFFF, len(nodes) - 1
        stays = (nodes >> 32) == _NO_LIMIT
        holds = (
            ((roots >= 0) & (roots <= last)).all()
            and ((depths >= 0) & (depths <= last)).all()
            and (child + ~stays <= last).all()
            and (((nodes >> 24) & 0xFF) < width).all()
            and np.isfinite(lengths).all()
        )
        if not holds or whole(state, "width") != width:
            raise StateError("a kept state has a forest that does not hold together")
        usual = float(taken(state, "usual", np.float64))
        return FlatForest(roots, depths, nodes, lengths, width, usual)


class _Flat:
    """One tree, its nodes in the order of their depth, so that siblings lie side by side."""

    def __init__(self, tree: Any, columns: I64, root: int) -> None:
        left, right = tree.children_left.astype(np.int64), tree.children_right.astype(np.int64)
        order, depth = [0], np.zeros(len(left))
        for node in order:
            if left[node] >= 0:
                order += [left[node], right[node]]
                depth[left[node]] = depth[right[node]] = depth[node] + 1.0
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        leaf, nodes = left < 0, np.arange(len(left))
        child = root + place[np.where(leaf, nodes, left)]
        feature = np.where(leaf, 0, columns[np.where(leaf, 0, tree.feature)]).astype(np.int64)
        limit = _in_order(_rounded_down(np.where(leaf, 0.0, tree.threshold))).astype(np.int64)
        limit = np.where(leaf, _NO_LIMIT, limit)
        self.nodes = ((limit << 32) | (feature << 24) | child)[order]
        self.depth = int(depth.max())
        # In the order of scikit-learn's sums, so that scores are equal to the last bit.
        self.lengths = ((depth + 1.0) + _average_path(tree.n_node_samples) - 1.0)[order]


def _in_order(values: F32) -> I32:
    """Whole numbers that compare as values of 32 bits do."""
    # Adding zero makes one of the two zeros.
    bits = np.ascontiguousarray(values + np.float32(0.0)).view(np.int32)
    return bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))


def _rounded_down(thresholds: F64) -> F32:
    """The largest 32-bit numbers that are no larger: values of 32 bits compare with them as with
    the thresholds themselves."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def _average_path(samples: I64) -> F64:
    """The average path length in a tree of so many samples (Liu et al. 2008, equation 1)."""
    n = np.maximum(np.asarray(samples, np.float64), 2.0)
    found = 2.0 * (np.log(np.maximum(n - 1.0, 1.0)) + np.euler_gamma) - 2.0 * (n - 1.0) / n
    return np.where(samples <= 1, 0.0, np.where(samples == 2, 1.0, found))
