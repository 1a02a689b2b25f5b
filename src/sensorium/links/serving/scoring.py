"""Scores of the few pairs that a request asks about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.links.decoders.plain import plain

if TYPE_CHECKING:
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
