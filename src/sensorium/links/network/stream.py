"""Windows of edges in, a score for each edge out, and the memory kept up to date between them."""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np

from sensorium.links.network.memory import TalkMemory
from sensorium.links.network.names import COLUMN, FEATURES
from sensorium.links.network.plain import PlainScorer
from sensorium.links.network.smoothing import burst

Array = np.ndarray[Any, Any]

_RECENT: Final = 8_192
_FEW: Final = 500
_BEYOND: Final = 0.99


class Scorer(Protocol):
    """Turns what is known of edges into how unlikely they are."""

    @property
    def name(self) -> str:
        """What it is, for reports."""

    def score(self, known: Array) -> Array:
        """Scores float64 (n,) of features (n, f); larger is less likely."""


class TalkStream:
    """Scores windows of distinct edges against the windows before.

    A first contact far beyond what is usual does not become known, so that an attack that comes
    again is odd again. What is usual is learned from the latest scores of first contacts.
    """

    def __init__(self, memory: TalkMemory | None = None) -> None:
        self.memory = memory or TalkMemory()
        self._scorer: Scorer = PlainScorer()
        # Of the latest first contacts: what was known of each, its window's burst, its score.
        self._known = np.zeros((0, len(FEATURES)), np.float32)
        self._burst = np.zeros(0)
        self._scores = np.zeros(0)

    def adopt(self, scorer: Scorer) -> None:
        """Score with another scorer from now on; what is usual is scored anew with it."""
        self._scorer = scorer
        self._scores = scorer.score(self._known) + self._burst

    def score(self, source: Array, target: Array, window: int) -> Array:
        """How unlikely each edge is, float64 (n,); changes nothing."""
        known = self.memory.features(source, target, window)
        return self._scorer.score(known) + burst(known, source, target)

    def step(self, source: Array, target: Array, window: int, *, trust: bool = False) -> Array:
        """Score a window, then learn it; all of it becomes known where it is to be ``trust``ed."""
        known = self.memory.features(source, target, window)
        extra = burst(known, source, target)
        scores: Array = self._scorer.score(known) + extra
        first = known[:, COLUMN["new"]] > 0
        taken = np.ones(len(source), np.bool_)
        if not trust and len(self._scores) >= _FEW:
            taken = ~first | (scores <= np.quantile(self._scores, _BEYOND))
        self.memory.learn(source, target, window, taken)
        usual = first & taken
        self._known = np.concatenate([self._known, known[usual]])[-_RECENT:]
        self._burst = np.concatenate([self._burst, extra[usual]])[-_RECENT:]
        self._scores = np.concatenate([self._scores, scores[usual]])[-_RECENT:]
        return scores
