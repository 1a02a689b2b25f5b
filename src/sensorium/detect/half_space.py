"""Half-space trees (Tan, Ting and Liu 2011): how few vectors lately came near one, online.

Trees are drawn once, before any data, and cut the unit cube at random. Each node counts how many
vectors passed it in a window of so many; the counts of the window before say how dense a place
is. Memory is fixed, and a vector takes as many steps as a tree is high.

Nothing in Sensorium uses them: they are for code that scores a stream of its own. Of hosts they
tell no more than the length of a host's vector does (``benchmarks/detect_host_models.py``), so
they are neither a detector nor a kind of model that can be trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sensorium.detect.arrays import F64, I32
from sensorium.detect.kernels.masses import pass_through

# Of the range that a node covers, this share at either end is not cut into.
_PADDING = 0.15


class HalfSpaceTrees:
    """Scores vectors whose values lie mostly within [0, 1]; NaN is a value that is not there.

    Scores run from 0 to 1, higher is odder, and are 0 until a first window is full. They depend
    on the order of vectors and not on their division into calls.
    """

    def __init__(
        self, width: int, *, trees: int = 10, height: int = 8, window: int = 250, seed: int = 0
    ) -> None:
        self.window = window
        splits = [_drawn(width, height, np.random.default_rng([seed, t])) for t in range(trees)]
        self.features: I32 = np.stack([features for features, _ in splits])
        self.thresholds: F64 = np.stack([thresholds for _, thresholds in splits])
        self.masses = np.zeros((trees, 2 ** (height + 1) - 1, 2), np.int64)
        self._state = np.zeros(2, np.int64)

    def score(self, vectors: F64) -> F64:
        """The score of each vector (n, f); nothing is learned."""
        return self._pass(vectors, learns=False)

    def score_and_learn(self, vectors: F64) -> F64:
        """The score of each vector (n, f), which is learned before the next is scored."""
        return self._pass(vectors, learns=True)

    def _pass(self, vectors: F64, *, learns: bool) -> F64:
        out = np.empty(len(vectors))
        taken = np.ascontiguousarray(vectors, np.float64)
        splits = self.features, self.thresholds
        pass_through(taken, *splits, self.masses, self._state, self.window, learns, out)
        return out

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """All that it is, as arrays."""
        return {
            "features": self.features,
            "thresholds": self.thresholds,
            "masses": self.masses.copy(),
            "state": self._state.copy(),
            "window": np.array([self.window]),
        }

    @staticmethod
    def of(state: Mapping[str, npt.NDArray[Any]]) -> HalfSpaceTrees:
        """What :meth:`state` gave, or trees drawn elsewhere; ValueError where it is not whole."""
        features, thresholds = state["features"], state["thresholds"]
        trees, splits = features.shape
        height = (splits + 1).bit_length() - 1
        whole = thresholds.shape == features.shape and splits == 2**height - 1
        if not whole or state["masses"].shape != (trees, 2 * splits + 1, 2) or features.min() < 0:
            raise ValueError("these are no half-space trees")
        made = HalfSpaceTrees(1, trees=trees, height=0, window=int(state["window"][0]))
        made.features = np.ascontiguousarray(features, np.int32)
        made.thresholds = np.ascontiguousarray(thresholds, np.float64)
        made.masses = np.array(state["masses"], np.int64)
        made._state = np.array(state["state"], np.int64)
        return made


def _drawn(width: int, height: int, rng: np.random.Generator) -> tuple[I32, F64]:
    """The splits of one tree: wide sides are cut more often, and never near their ends."""
    splits = 2**height - 1
    features, thresholds = np.zeros(splits, np.int32), np.zeros(splits)
    low, high = np.zeros((2 * splits + 1, width)), np.ones((2 * splits + 1, width))
    for node in range(splits):
        sides = high[node] - low[node]
        cut = int(rng.choice(width, p=sides / sides.sum()))
        rim = _PADDING * sides[cut]
        at = rng.uniform(low[node, cut] + rim, high[node, cut] - rim)
        features[node], thresholds[node] = cut, at
        for child in (2 * node + 1, 2 * node + 2):
            low[child], high[child] = low[node], high[node]
        high[2 * node + 1, cut] = low[2 * node + 2, cut] = at
    return features, thresholds
