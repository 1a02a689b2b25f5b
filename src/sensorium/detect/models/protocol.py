"""What a model of vectors can do once it is trained; none of it changes the model."""

from __future__ import annotations

from typing import Protocol

from sensorium.detect.arrays import F64


class VectorModel(Protocol):
    """Scores vectors of ``f`` features, larger is odder (or, of a ranker, worthier).

    A row's answer depends on that row alone, not on those beside it. ValueError where vectors
    have another number of columns. NaN and infinities are for the caller to keep out.
    """

    @property
    def features(self) -> tuple[str, ...]:
        """The columns, in their order."""

    def score(self, vectors: F64) -> F64:
        """A score (n,) for each vector (n, f)."""

    def survival(self, scores: F64) -> F64:
        """For scores (n,), the share (n,) of what it was trained on that scores as high: a tail
        probability, never 0 and no more extreme than the number of rows supports."""

    def contributions(self, vectors: F64) -> F64:
        """How much each feature (n, f) makes of its vector's score, in the score's unit or near
        it; larger contributes more."""
