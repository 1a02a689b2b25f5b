"""A small network that says how unlikely a first contact is, as a model that is kept.

What it adds to the score that needs no training is learned by
:mod:`sensorium.links.network.temporal`; here it becomes arrays in a file, and is checked when it is
read. Torch is needed to train it and not to use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.detect.models.array_file import Form, pack_arrays, unpack_arrays
from sensorium.detect.models.card import ModelCard
from sensorium.detect.models.errors import ModelRefusedError, Refusal
from sensorium.links.network.names import FEATURES
from sensorium.links.network.temporal import TemporalScorer

FILE: Final = "talk.npz"
_LAYERS: Final = 3
_WIDEST: Final = 1024
_MOST_SCORES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Came:
    """The scores (n,) of the edges that came while a model was trained, ascending."""

    scores: F64


class TalkModel:
    """A trained scorer, and the scores (n,) of the edges that came while it was trained."""

    features: tuple[str, ...] = FEATURES

    def __init__(self, scorer: TemporalScorer, usual: F64) -> None:
        self._scorer = scorer
        self.usual = Came(np.sort(np.asarray(usual, np.float64)))

    def score(self, vectors: F64) -> F64:
        """What is added (n,) to how unlikely each edge (n, 27) is, in log-odds."""
        if vectors.ndim != 2 or vectors.shape[1] != len(FEATURES):
            raise ValueError(f"rows have {len(FEATURES)} columns, not {vectors.shape[1:]}")
        return np.asarray(self._scorer.claimed(vectors), np.float64)

    def survival(self, scores: F64) -> F64:
        """The share (n,) of the edges that came which score as high, counting the edge itself."""
        usual = self.usual.scores
        above = len(usual) - np.searchsorted(usual, scores, side="left")
        return np.asarray((above + 1.0) / (len(usual) + 1.0), np.float64)

    def contributions(self, vectors: F64) -> F64:
        """How much less (n, 27) each edge would score if one feature were as it is on average."""
        whole = self.score(vectors)
        out = np.empty(vectors.shape)
        for column in range(vectors.shape[1]):
            usual = vectors.copy()
            usual[:, column] = self._scorer.centre[column]
            out[:, column] = whole - self.score(usual)
        return out

    def files(self) -> dict[str, bytes]:
        """What :func:`read_talk` reads."""
        arrays: dict[str, Any] = {
            "centre": self._scorer.centre.astype("<f4"),
            "spread": self._scorer.spread.astype("<f4"),
            "usual": self.usual.scores.astype("<f8"),
        }
        for n, (weights, biases) in enumerate(self._scorer.layers):
            arrays[f"weights_{n}"] = weights.astype("<f4")
            arrays[f"biases_{n}"] = biases.astype("<f4")
        return {FILE: pack_arrays(arrays)}


def read_talk(card: ModelCard, files: Mapping[str, bytes]) -> TalkModel:
    """The model of files whose digests hold; ModelRefusedError where they make none."""
    if set(files) != {FILE}:
        raise ModelRefusedError(Refusal.MISSING, f"a model of talk has one file, {FILE}")
    if card.features != FEATURES:
        raise ModelRefusedError(Refusal.SHAPE, "it is of other features than are known of edges")
    wide = len(FEATURES)
    forms = {name: Form("<f4", (wide,)) for name in ("centre", "spread")}
    forms["usual"] = Form("<f8", (None,))
    for n in range(_LAYERS):
        forms[f"weights_{n}"] = Form("<f4", (wide if n == 0 else None, None))
        forms[f"biases_{n}"] = Form("<f4", (None,))
    found = unpack_arrays(files[FILE], forms)
    layers = tuple((found[f"weights_{n}"], found[f"biases_{n}"]) for n in range(_LAYERS))
    for weights, biases in layers:
        into, out = weights.shape
        if into != wide or len(biases) != out or not 0 < out <= _WIDEST:
            raise ModelRefusedError(Refusal.SHAPE, "its layers do not follow each other")
        wide = out
    if wide != 1 or found["spread"].min() <= 0:
        raise ModelRefusedError(Refusal.RANGE, "it gives no score of an edge")
    if not 0 < len(found["usual"]) <= _MOST_SCORES:
        raise ModelRefusedError(Refusal.RANGE, "it says nothing of usual scores")
    scorer = TemporalScorer(found["centre"], found["spread"], layers)
    return TalkModel(scorer, found["usual"])
