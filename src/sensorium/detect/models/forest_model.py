"""An Isolation Forest (Liu et al. 2008) as a model: scikit-learn fits it, flat arrays score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.detect.forest import ARRAYS, FlatForest
from sensorium.detect.models.array_file import Form, pack_arrays, unpack_arrays
from sensorium.detect.models.card import ModelCard
from sensorium.detect.models.errors import ModelRefusedError, Refusal
from sensorium.detect.models.usual import SCORES, Usual

FILE: Final = "forest.npz"

# Isolation scores lie between 0 and 1; this puts their spread near that of sigmas.
_USUAL_ISOLATION: Final = 0.4
_STRETCH: Final = 20.0
_FORMS: Final = {
    **{name: Form(dtype.newbyteorder("<").str, (None,)) for name, dtype in ARRAYS.items()},
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
        arrays = {
            **self.forest.arrays(),
            "centre": self.centre,
            "usual": np.array(self.forest.usual),
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
    # A kernel is compiled once more for arrays that cannot be written to.
    trees = {name: arrays[name].copy() for name in ARRAYS}
    try:
        forest = FlatForest(**trees, width=width, usual=float(arrays["usual"]))
    except ValueError as error:
        raise ModelRefusedError(Refusal.RANGE, str(error)) from error
    return ForestModel(card.features, forest, arrays["centre"], Usual.read(arrays["scores"]))
