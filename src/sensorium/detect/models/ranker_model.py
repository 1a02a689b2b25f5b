"""Boosted trees as a model that ranks: how probable it is that a person confirms such a row.

XGBoost (Chen and Guestrin, 2016) is optional, ``pip install 'sensorium[ranker]'``, and is loaded
only here. A model is kept as XGBoost's JSON and is checked before XGBoost sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.detect.models.array_file import Form, pack_arrays, unpack_arrays
from sensorium.detect.models.boosted import check_boosted
from sensorium.detect.models.card import ModelCard
from sensorium.detect.models.errors import ModelRefusedError, Refusal
from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from types import ModuleType

TREES: Final = "ranker.json"
USUAL: Final = "usual.npz"
_FORMS: Final = {"scores": Form("<f8", (None,))}
_MOST_SCORES: Final = 1 << 20

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "binary:logistic",
    "tree_method": "exact",
    "max_depth": 3,
    "eta": 0.1,
    "lambda": 1.0,
    "min_child_weight": 1.0,
    "base_score": 0.5,
    "nthread": 1,
    "seed": 0,
    "verbosity": 0,
}
"""Small trees and slow steps: people label tens or hundreds of incidents, not thousands."""
ROUNDS: Final = 60


class RankerMissingError(SensoriumError):
    """XGBoost is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "ranking by what people said needs XGBoost, which is not installed",
            unaffected="incidents keep their order: the worst first",
            next_step="pip install 'sensorium[ranker]'",
        )


class RankerModel:
    """Fitted trees, and the probabilities (n,) of the rows that they were fitted to."""

    def __init__(self, features: tuple[str, ...], booster: Any, usual: F64) -> None:
        self._features = features
        self._booster = booster
        self._usual = np.sort(usual)

    @property
    def features(self) -> tuple[str, ...]:
        """The columns, in their order."""
        return self._features

    @staticmethod
    def fit(features: tuple[str, ...], vectors: F64, confirmed: F64, weights: F64) -> RankerModel:
        """Fit to rows (n, f), whether each was confirmed (n,), 0 or 1, and what each counts (n,).

        The same rows give the same model. RankerMissingError where XGBoost is not installed.
        """
        xgboost = _xgboost()
        rows = xgboost.DMatrix(vectors, label=confirmed, weight=weights, nthread=1)
        booster = xgboost.train(PARAMETERS, rows, num_boost_round=ROUNDS)
        return RankerModel(features, booster, _probabilities(booster, vectors))

    def score(self, vectors: F64) -> F64:
        """The probability (n,) that a person confirms each row (n, f)."""
        self._require(vectors)
        return _probabilities(self._booster, vectors)

    def survival(self, scores: F64) -> F64:
        """The share (n,) of what it was fitted to that scores as high, counting the row itself."""
        above = len(self._usual) - np.searchsorted(self._usual, scores, side="left")
        return np.asarray((above + 1.0) / (len(self._usual) + 1.0), np.float64)

    def contributions(self, vectors: F64) -> F64:
        """What each column (n, f) adds to the log-odds, by TreeSHAP (Lundberg et al., 2018)."""
        self._require(vectors)
        rows = _xgboost().DMatrix(vectors, nthread=1)
        told = self._booster.predict(rows, pred_contribs=True)
        return np.asarray(told, np.float64).reshape(len(vectors), len(self._features) + 1)[:, :-1]

    def files(self) -> dict[str, bytes]:
        """What :func:`read_ranker` reads."""
        return {
            TREES: bytes(self._booster.save_raw("json")),
            USUAL: pack_arrays({"scores": self._usual}),
        }

    def _require(self, vectors: F64) -> None:
        if vectors.ndim != 2 or vectors.shape[1] != len(self._features):
            raise ValueError(f"rows have {len(self._features)} columns, not {vectors.shape[1:]}")


def read_ranker(card: ModelCard, files: Mapping[str, bytes]) -> RankerModel:
    """The model of files whose digests hold; ModelRefusedError where they make no ranker,
    RankerMissingError where XGBoost is not installed."""
    if set(files) != {TREES, USUAL}:
        raise ModelRefusedError(Refusal.MISSING, f"a ranker has two files, {TREES} and {USUAL}")
    usual = unpack_arrays(files[USUAL], _FORMS)["scores"]
    if not 0 < len(usual) <= _MOST_SCORES or usual.min() < 0 or usual.max() > 1:
        raise ModelRefusedError(Refusal.RANGE, "its training scores are no probabilities")
    check_boosted(files[TREES], len(card.features))
    xgboost = _xgboost()
    booster = xgboost.Booster({"nthread": 1, "verbosity": 0})
    try:
        booster.load_model(bytearray(files[TREES]))
    except xgboost.core.XGBoostError as error:
        raise ModelRefusedError(Refusal.FORMAT, f"XGBoost does not read it: {error}") from error
    return RankerModel(card.features, booster, np.asarray(usual, np.float64))


def _probabilities(booster: Any, vectors: F64) -> F64:
    rows = _xgboost().DMatrix(vectors, nthread=1)
    # Of no rows, some releases of XGBoost give an array of another shape.
    return np.asarray(booster.predict(rows), np.float64).reshape(len(vectors))


def _xgboost() -> ModuleType:
    try:
        import xgboost
    except ImportError as error:
        raise RankerMissingError from error
    return xgboost
