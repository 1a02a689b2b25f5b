"""A fair sample of a stream of vectors, in bounded memory."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64


class Reservoir:
    """Keeps ``capacity`` of all vectors seen, each as likely as any other (Vitter 1985, R).

    Seeded: the same stream gives the same sample.
    """

    def __init__(self, capacity: int, width: int, seed: int) -> None:
        self._kept = np.empty((capacity, width))
        self._rng = np.random.default_rng(seed)
        self.seen = 0

    def add(self, vectors: F64) -> None:
        """Show it vectors (n, f)."""
        capacity = len(self._kept)
        fill = vectors[: max(capacity - self.seen, 0)]
        self._kept[self.seen : self.seen + len(fill)] = fill
        self.seen += len(fill)
        rest = vectors[len(fill) :]
        if not len(rest):
            return
        place = self._rng.integers(0, self.seen + 1 + np.arange(len(rest)))
        for row in np.flatnonzero(place < capacity).tolist():
            self._kept[place[row]] = rest[row]
        self.seen += len(rest)

    @property
    def vectors(self) -> F64:
        """What is kept (k, f), as a copy."""
        return self._kept[: min(self.seen, len(self._kept))].copy()
