"""An Isolation Forest (Liu et al. 2008) as flat arrays, to score with.

scikit-learn fits it; what a vector scores here is what its ``score_samples`` says, and is found
many times faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sensorium.detect.arrays import F32, F64, I32, I64, U8
from sensorium.detect.kernels.trees import path_lengths
from sensorium.state.arrays import State, StateError, taken, whole

_MOST_FEATURES, _MOST_SPLITS = 1 << 8, 1 << 24
# scikit-learn draws the seeds of trees below this.
_MOST_SEEDS: Final = 2**31 - 1
ARRAYS: Final[dict[str, np.dtype[Any]]] = {
    "ends": np.dtype(np.int64),
    "features": np.dtype(np.uint8),
    "limits": np.dtype(np.float32),
    "leaves": np.dtype(np.int32),
    "beyond": np.dtype(np.int32),
    "lengths": np.dtype(np.float64),
}
"""What a forest is made of: each array has one dimension."""


@dataclass(frozen=True, slots=True)
class FlatForest:
    """Trees as rows of splits; see :mod:`sensorium.detect.kernels.trees`.

    ``usual`` is the path length of an average vector, summed over the trees. ValueError where the
    arrays do not hold together, so that scoring could leave them.
    """

    ends: I64
    features: U8
    limits: F32
    leaves: I32
    beyond: I32
    lengths: F64
    width: int
    usual: float

    def __post_init__(self) -> None:
        starts = np.concatenate([[0], self.ends[:-1]])
        if not len(self.ends) or (self.ends < starts).any() or self.ends[-1] != len(self.limits):
            raise ValueError("a forest's trees do not cover its splits")
        splits = self.ends - starts
        sizes = {len(self.features), len(self.limits), len(self.leaves), len(self.beyond)}
        if sizes != {len(self.limits)} or len(self.lengths) != len(self.limits) + len(splits):
            raise ValueError("a forest's arrays are not of one length")
        first = np.repeat(starts + np.arange(len(splits)), splits)
        last = first + np.repeat(splits, splits)
        for leaf in (self.leaves, self.beyond):
            if ((leaf < first) | (leaf > last)).any():
                raise ValueError("a forest's splits lead out of their tree")
        if (self.features >= self.width).any():
            raise ValueError(f"a forest's splits are not of {self.width} features")
        if not (np.isfinite(self.lengths) & (self.lengths >= 0)).all() or not self.usual >= 0:
            raise ValueError("a forest's paths have lengths that none can have")

    @staticmethod
    def of(forest: Any) -> FlatForest:
        """Flatten a fitted ``sklearn.ensemble.IsolationForest`` of at most 256 features.

        ValueError for one that is larger, or has over 16 million splits.
        """
        pairs = zip(forest.estimators_, forest.estimators_features_, strict=True)
        trees = [_Flat(tree.tree_, columns) for tree, columns in pairs]
        return FlatForest._joined(trees, int(forest.n_features_in_), forest.max_samples_)

    @staticmethod
    def fitted(vectors: F64 | F32, trees: int, samples: int, seed: int) -> FlatForest:
        """Fit so many trees, each to as many of the vectors (n, f); f and the splits as in
        :meth:`of`.

        It is the forest that ``IsolationForest(n_estimators=trees, max_samples=samples,
        random_state=seed)`` fits, for a fifth of the time: its trees are fitted to the vectors that
        were drawn, and their settings are not looked at again for each.
        """
        from sklearn import config_context
        from sklearn.tree import ExtraTreeRegressor
        from sklearn.utils.random import sample_without_replacement

        seen = np.ascontiguousarray(vectors, np.float32)
        many, width = seen.shape
        targets = np.asarray(np.random.RandomState(seed).uniform(size=many), np.float64)
        seeds = np.random.RandomState(seed).randint(_MOST_SEEDS, size=trees)
        drawing, depth = np.random.RandomState(seed), max(samples - 1, 1).bit_length()
        flat = []
        with config_context(assume_finite=True, skip_parameter_validation=True):
            for own in seeds.tolist():
                drawing.seed(own)
                of_tree = drawing.randint(_MOST_SEEDS)
                drawing.seed(own)
                columns = sample_without_replacement(width, width, random_state=drawing)
                drawn = sample_without_replacement(many, samples, random_state=drawing)
                rows = np.sort(drawn)
                drawing.seed(of_tree)
                tree = ExtraTreeRegressor(max_features=1, max_depth=depth, random_state=drawing)
                tree.fit(seen[rows], targets[rows], check_input=False)
                flat.append(_Flat(tree.tree_, columns))
        return FlatForest._joined(flat, width, samples)

    @staticmethod
    def _joined(trees: list[_Flat], width: int, samples: int) -> FlatForest:
        splits = np.array([len(tree.limits) for tree in trees], np.int64)
        if width > _MOST_FEATURES or splits.sum() > _MOST_SPLITS:
            raise ValueError(
                f"{width} features and {splits.sum()} splits are too many for a forest"
            )
        ends = np.cumsum(splits)
        # A tree has one leaf more than it has splits.
        first = np.repeat(ends - splits + np.arange(len(trees)), splits)
        return FlatForest(
            ends=ends,
            features=np.concatenate([tree.features for tree in trees]).astype(np.uint8),
            limits=np.concatenate([tree.limits for tree in trees]),
            leaves=(first + np.concatenate([tree.leaves for tree in trees])).astype(np.int32),
            beyond=(first + np.concatenate([tree.beyond for tree in trees])).astype(np.int32),
            lengths=np.concatenate([tree.lengths for tree in trees]),
            width=width,
            usual=float(len(trees) * _average_path(np.array([samples]))[0]),
        )

    def score_samples(self, vectors: F64 | F32) -> F64:
        """The score of each vector (n, f) of finite values, from -1 (odd) to 0."""
        if vectors.ndim != 2 or vectors.shape[1] != self.width:
            raise ValueError(f"vectors of {self.width} values are needed, not {vectors.shape}")
        total = np.zeros(len(vectors))
        path_lengths(
            np.ascontiguousarray(vectors, np.float32),
            self.ends,
            self.features,
            self.limits,
            self.leaves,
            self.beyond,
            self.lengths,
            total,
        )
        usual = self.usual if self.usual else 1.0
        return np.asarray(-(2.0 ** (-total / usual)), np.float64)

    def arrays(self) -> dict[str, Any]:
        """The arrays of its trees, by name."""
        return {name: getattr(self, name) for name in ARRAYS}

    def state(self) -> State:
        """The trees."""
        return {**self.arrays(), "width": np.array(self.width), "usual": np.array(self.usual)}

    @staticmethod
    def restored(state: State, width: int) -> FlatForest:
        """The forest of a :meth:`state`, for vectors of so many values; StateError for others."""
        arrays = {name: taken(state, name, dtype, None) for name, dtype in ARRAYS.items()}
        usual = float(taken(state, "usual", np.float64))
        if whole(state, "width") != width:
            raise StateError(f"a kept state has a forest that is not of {width} features")
        try:
            return FlatForest(**arrays, width=width, usual=usual)
        except ValueError as error:
            raise StateError(f"a kept state does not hold together: {error}") from error


class _Flat:
    """One tree: its splits, parents first, and the lengths of the paths to its leaves."""

    def __init__(self, tree: Any, columns: I64) -> None:
        left, right = tree.children_left, tree.children_right
        splits = np.flatnonzero(left >= 0)
        leaves, depths = [0] * len(left), [0.0] * len(left)
        to_left, to_right = left.tolist(), right.tolist()
        # scikit-learn numbers parents before their children.
        for count, split in enumerate(splits.tolist(), 1):
            one, other = to_left[split], to_right[split]
            leaves[one], leaves[other] = leaves[split], count
            depths[one] = depths[other] = depths[split] + 1.0
        leaf, depth = np.array(leaves, np.int64), np.array(depths)
        self.features = columns[tree.feature[splits]]
        self.limits = _rounded_down(tree.threshold[splits])
        self.leaves, self.beyond = leaf[splits], leaf[right[splits]]
        # In the order of scikit-learn's sums, so that scores are equal to the last bit.
        lengths = (depth + 1.0) + _average_path(tree.n_node_samples) - 1.0
        self.lengths = np.empty(len(splits) + 1)
        self.lengths[leaf[left < 0]] = lengths[left < 0]


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
