"""An Isolation Forest (Liu et al. 2008) as a model: scikit-learn fits it, flat arrays score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.forest import FlatForest
from sensorium.detect.models.array_file import Form, pack_arrays, unpack_arrays
from sensorium.detect.models.card import ModelCard
from sensorium.detect.models.errors import ModelRefusedError, Refusal
from sensorium.detect.models.usual import SCORES, Usual

FILE: Final = "forest.npz"

# Isolation scores lie between 0 and 1; this puts their spread near that of sigmas.
_USUAL_ISOLATION: Final = 0.4
_STRETCH: Final = 20.0
_LEAF: Final = 2**31 - 1
_FORMS: Final = {
    "roots": Form("<i8", (None,)),
    "depths": Form("<i8", (None,)),
    "nodes": Form("<i8", (None,)),
    "lengths": Form("<f8", (None,)),
    "centre": Form("<f8", (None,)),
    "usual": Form("<f8", ()),
    "scores": SCORES,
}


def isolation(forest: FlatForest, vectors: F64) -> F64:
    """How isolated each vector is, from 0 up: sklearn's score runs from -1 (odd) to 0."""
    found = np.asarray(-forest.score_samples(vectors), np.float64)
    return np.maximum(found - _USUAL_ISOLATION, 0.0) * _STRETCH


@dataclass(frozen=True, slots=True)
class ForestModel:
    """A fitted forest, the scores of what it was fitted to, and the middle of that.

    ``centre`` (f,) are medians: what a feature contributes is how much of the isolation goes when
    the feature takes its median.
    """

    features: tuple[str, ...]
    forest: FlatForest
    centre: F64
    usual: Usual

    @staticmethod
    def fit(features: tuple[str, ...], vectors: F64, *, trees: int, seed: int = 0) -> ForestModel:
        """Fit to vectors (n, f) of finite values; the same vectors and seed give the same model."""
        from sklearn.ensemble import IsolationForest

        fitted = IsolationForest(
            n_estimators=trees,
            max_samples=min(256, len(vectors)),
            random_state=seed,
            n_jobs=1,
        ).fit(vectors)
        forest = FlatForest.of(fitted)
        return ForestModel(
            features, forest, np.median(vectors, axis=0), Usual(isolation(forest, vectors))
        )

    def score(self, vectors: F64) -> F64:
        """Stretched isolation, from 0 up."""
        return isolation(self.forest, vectors)

    def survival(self, scores: F64) -> F64:
        """See the protocol."""
        return self.usual.survival(scores)

    def contributions(self, vectors: F64) -> F64:
        """What is lost of each score (n, f) when a feature is put to its median."""
        n, f = vectors.shape
        replaced = np.repeat(vectors, f, axis=0)
        which = np.tile(np.arange(f), n)
        replaced[np.arange(n * f), which] = self.centre[which]
        without = self.forest.score_samples(replaced).reshape(n, f)
        lost = (without - self.forest.score_samples(vectors)[:, None]) * _STRETCH
        return np.asarray(np.maximum(lost, 0.0), np.float64)

    def files(self) -> dict[str, bytes]:
        """What :func:`read_forest` reads."""
        forest = self.forest
        arrays = {
            "roots": forest.roots,
            "depths": forest.depths,
            "nodes": forest.nodes,
            "lengths": forest.lengths,
            "centre": self.centre,
            "usual": np.array(forest.usual),
            "scores": self.usual.scores,
        }
        return {FILE: pack_arrays(arrays)}


def read_forest(card: ModelCard, files: Mapping[str, bytes]) -> ForestModel:
    """The model of files whose digests hold; ModelRefusedError where they make no forest.

    Scoring follows the numbers in them without looking, so each is looked at here.
    """
    if set(files) != {FILE}:
        raise ModelRefusedError(Refusal.MISSING, f"a forest has one file, {FILE}")
    arrays = unpack_arrays(files[FILE], _FORMS)
    width = len(card.features)
    if arrays["centre"].shape != (width,):
        raise ModelRefusedError(Refusal.SHAPE, f"the forest is not of {width} features")
    forest = FlatForest(
        roots=arrays["roots"],
        depths=arrays["depths"],
        nodes=arrays["nodes"],
        lengths=arrays["lengths"],
        width=width,
        usual=float(arrays["usual"]),
    )
    if not _holds(forest):
        raise ModelRefusedError(Refusal.RANGE, "the forest's nodes point to where no node is")
    return ForestModel(card.features, forest, arrays["centre"], Usual.read(arrays["scores"]))


def _holds(forest: FlatForest) -> bool:
    """Whether every way down from a root stays in its tree and ends at a leaf in time."""
    roots, nodes, total = forest.roots, forest.nodes, len(forest.nodes)
    if not len(roots) == len(forest.depths) > 0 or len(forest.lengths) != total:
        return False
    if roots[0] != 0 or np.any(np.diff(roots) <= 0) or roots[-1] >= total:
        return False
    if forest.usual < 0 or np.any(forest.lengths < 0) or np.any(forest.depths < 0):
        return False
    limit, feature, child = nodes >> 32, (nodes >> 24) & 0xFF, nodes & 0xFFFFFF
    place = np.arange(total)
    end = np.append(roots[1:], total)[np.searchsorted(roots, place, side="right") - 1]
    leaf = limit == _LEAF
    if np.any(feature >= forest.width) or np.any(child[leaf] != place[leaf]):
        return False
    # Children come later than their parent, so no way leads round, and both lie in the tree.
    if np.any(child[~leaf] <= place[~leaf]) or np.any(child[~leaf] + 1 >= end[~leaf]):
        return False
    return _in_time(child, leaf, forest)


def _in_time(child: I64, leaf: Bool, forest: FlatForest) -> bool:
    """Whether the stated depths lead every way to a leaf, and are no longer than a tree can be."""
    sizes = np.diff(np.append(forest.roots, len(child)))
    if np.any(forest.depths >= sizes):
        return False
    depth_of = np.repeat(forest.depths, sizes)
    reached, depth = forest.roots, 0
    while len(reached := reached[~leaf[reached]]):
        if np.any(depth_of[reached] <= depth):
            return False
        reached = np.unique(np.concatenate([child[reached], child[reached] + 1]))
        depth += 1
    return True
