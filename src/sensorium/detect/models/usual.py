"""What scores were usual where a model was trained: tail probabilities and drift follow from it."""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.detect.models.array_file import Array, Form
from sensorium.detect.models.errors import ModelRefusedError, Refusal
from sensorium.detect.tail import SIGMAS, TailModel

SCORES: Final = Form("<f8", (None,))
FEWEST: Final = 100
MOST: Final = 1 << 16
# They come from many windows, and so have many causes; what a tail model believes against them is
# as much as a few windows' scores. Nothing is learned later, so nothing has to fade.
_PARTS: Final = 256
_FOREVER: Final = 1 << 40


class Usual:
    """The scores (n,) of what a model was trained on, from 0 up, in about the unit of sigmas."""

    def __init__(self, scores: F64) -> None:
        self.scores = np.sort(np.asarray(scores, np.float64))
        self._tail = TailModel(SIGMAS, half_life_windows=_FOREVER)
        for part in range(_PARTS):
            self._tail.learn(self.scores[part::_PARTS])

    @staticmethod
    def read(scores: Array) -> Usual:
        """From a model's file; ModelRefusedError for too few, too many, or negative ones."""
        if not FEWEST <= len(scores) <= MOST:
            raise ModelRefusedError(Refusal.SHAPE, f"it tells of {len(scores)} training scores")
        if scores.min() < 0:
            raise ModelRefusedError(Refusal.RANGE, "a training score is negative")
        return Usual(scores)

    def survival(self, scores: F64) -> F64:
        """The probability (n,) of scores as high: counted, and beyond that a Pareto tail."""
        return self._tail.survival(np.asarray(scores, np.float64))
