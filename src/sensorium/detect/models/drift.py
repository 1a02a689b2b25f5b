"""How far scores have moved from those a model was trained with: the population stability index.

The sum over bins of (p - q) ln(p / q), of the shares p now and q then, with the deciles of then
for bins. By custom below 0.1 nothing has moved, and above 0.25 it has.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.detect.arrays import F64

MOVED: Final = 0.25
_BINS: Final = 10
# An empty bin says "few", not "none": half a score is in each.
_HALF: Final = 0.5


class Reference:
    """The scores of then, as shares of bins with about as many in each."""

    def __init__(self, scores: F64) -> None:
        inner = np.unique(np.quantile(scores, np.arange(1, _BINS) / _BINS))
        self._inner = inner
        self._expected = self.counts(scores)

    @property
    def bins(self) -> int:
        """How many there are; fewer than ten where many scores are equal."""
        return len(self._inner) + 1

    def counts(self, scores: F64) -> F64:
        """How many scores fall into each bin."""
        place = np.searchsorted(self._inner, scores, side="right")
        return np.bincount(place, minlength=self.bins).astype(np.float64)

    def index(self, counts: F64) -> float:
        """The index of scores counted so, 0 where they are as those of then."""
        now, then = counts + _HALF, self._expected + _HALF
        p, q = now / now.sum(), then / then.sum()
        return float(np.sum((p - q) * np.log(p / q)))


class Drift:
    """The index of what was scored lately; older windows fade.

    ``value`` is None until ``enough`` scores are remembered.
    """

    def __init__(self, reference: F64, *, half_life_windows: int, enough: int) -> None:
        self._reference = Reference(reference)
        self._decay = 0.5 ** (1.0 / half_life_windows)
        self._enough = enough
        self._counts = np.zeros(self._reference.bins)

    def learn(self, scores: F64) -> None:
        """Take in one window's scores."""
        self._counts = self._counts * self._decay + self._reference.counts(scores)

    @property
    def value(self) -> float | None:
        """The index now."""
        if self._counts.sum() < self._enough:
            return None
        return self._reference.index(self._counts)
