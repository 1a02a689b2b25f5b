"""Scores of the few pairs that a request asks about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.links.decoders.plain import plain

if TYPE_CHECKING:
    from sensorium.links.graph.features import Features
    from sensorium.links.models.embedding import Scorer

F32 = npt.NDArray[np.float32]

FEW: Final = 4_096
"""Of more pairs torch makes shorter work."""


class QuickScores:
    """What a scorer says, without torch where pairs are few: its weights as they are now."""

    def __init__(self, scorer: Scorer) -> None:
        self.vectors: F32 = np.ascontiguousarray(scorer.vectors, np.float32)
        self._scorer = scorer
        self._view = scorer.view
        self._decoder = plain(scorer.network.decoder)

    def score(self, source: Any, target: Any) -> F32:
        """A logit for each pair of rows, float32 (pairs,)."""
        if len(source) > FEW:
            scores: F32 = self._scorer.score(source, target)
            return scores
        source, target = (np.ascontiguousarray(end, np.int64) for end in (source, target))
        view = self._view
        told = np.empty((len(source), 0), np.float32)
        if view is not None:
            told = view.pairs(source, target)
        return self._decoder(self.vectors, source, target, told)

    def newcomer(self, vector: F32, marks: Features | None, target: Any) -> F32 | None:
        """A logit for somebody without ties and each of ``target``, who are rows.

        ``vector`` is what the encoder makes of them, ``marks`` their row of features. None where
        the view cannot tell of somebody who is not in it.
        """
        target = np.ascontiguousarray(target, np.int64)
        told = np.empty((len(target), 0), np.float32)
        if self._view is not None:
            found = None if marks is None else self._view.newcomer(marks, target)
            if found is None:
                return None
            told = found
        vectors = np.concatenate([self.vectors[target], vector[None]])
        count = len(target)
        return self._decoder(vectors, np.full(count, count), np.arange(count), told)
