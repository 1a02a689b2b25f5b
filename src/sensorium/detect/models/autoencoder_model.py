"""An autoencoder as a model: what it cannot say again in few numbers is odd.

Vectors are centred and scaled, led through layers of 8, 4 and 8 numbers (tanh) and back. What is
odd about a vector is how far it comes back from where it was, each feature measured by how far it
usually does. scikit-learn trains it (Adam); NumPy scores.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.detect.models.array_file import Form, pack_arrays, unpack_arrays
from sensorium.detect.models.card import ModelCard
from sensorium.detect.models.errors import ModelRefusedError, Refusal
from sensorium.detect.models.usual import SCORES, Usual

FILE: Final = "autoencoder.npz"
HIDDEN: Final = (8, 4, 8)
_LAYERS: Final = len(HIDDEN) + 1
# A feature that never varies would make of its first change a score without bounds.
_LEAST_SPREAD: Final = 0.1
# Beyond that no weight comes that was trained on vectors of a few units.
_LARGEST: Final = 1e6
_WIDEST: Final = 256
_FORMS: Final = {
    **{f"weights_{i}": Form("<f8", (None, None)) for i in range(_LAYERS)},
    **{f"biases_{i}": Form("<f8", (None,)) for i in range(_LAYERS)},
    "centre": Form("<f8", (None,)),
    "spread": Form("<f8", (None,)),
    "residual": Form("<f8", (None,)),
    "scores": SCORES,
}


@dataclass(frozen=True, slots=True)
class Autoencoder:
    """Trained weights (i, o) and biases (o,) of each layer.

    ``centre`` and ``spread`` (f,) are mean and deviation of each feature where it was trained,
    ``residual`` (f,) the root mean square of what did not come back, in such spreads.
    """

    features: tuple[str, ...]
    weights: tuple[F64, ...]
    biases: tuple[F64, ...]
    centre: F64
    spread: F64
    residual: F64
    usual: Usual

    @staticmethod
    def fit(
        features: tuple[str, ...], vectors: F64, *, epochs: int = 100, seed: int = 0
    ) -> Autoencoder:
        """Train on vectors (n, f) of finite values; seeded, so that they give the same model."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPRegressor

        centre = vectors.mean(axis=0)
        spread = np.maximum(vectors.std(axis=0), _LEAST_SPREAD)
        given = (vectors - centre) / spread
        network = MLPRegressor(
            hidden_layer_sizes=HIDDEN,
            activation="tanh",
            batch_size=min(256, len(vectors)),
            learning_rate_init=0.005,
            max_iter=epochs,
            random_state=seed,
        )
        with warnings.catch_warnings():
            # It may still be learning a little when its epochs are over.
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(given, given)
        untold = Autoencoder(
            features,
            weights=tuple(np.ascontiguousarray(w, np.float64) for w in network.coefs_),
            biases=tuple(np.ascontiguousarray(b, np.float64) for b in network.intercepts_),
            centre=centre,
            spread=spread,
            residual=np.ones(len(features)),
            usual=Usual(np.zeros(1)),
        )
        missed = untold._missed(vectors)
        residual = np.maximum(np.sqrt((missed**2).mean(axis=0)), _LEAST_SPREAD)
        scores = np.sqrt(((missed / residual) ** 2).mean(axis=1))
        return Autoencoder(
            features,
            untold.weights,
            untold.biases,
            centre,
            spread,
            residual,
            Usual(scores),
        )

    def score(self, vectors: F64) -> F64:
        """How far each vector is from what comes back; 1 is usual."""
        return np.asarray(np.sqrt(self._squares(vectors).mean(axis=1)), np.float64)

    def survival(self, scores: F64) -> F64:
        """See the protocol."""
        return self.usual.survival(scores)

    def contributions(self, vectors: F64) -> F64:
        """Each feature's share of the score (n, f); a row adds up to its score."""
        squares = self._squares(vectors)
        total = squares.sum(axis=1, keepdims=True)
        shares = squares / np.where(total > 0, total, 1.0)
        return np.asarray(shares * np.sqrt(total / len(self.features)), np.float64)

    def files(self) -> dict[str, bytes]:
        """What :func:`read_autoencoder` reads."""
        arrays = {f"weights_{i}": w for i, w in enumerate(self.weights)}
        arrays |= {f"biases_{i}": b for i, b in enumerate(self.biases)}
        arrays |= {"centre": self.centre, "spread": self.spread, "residual": self.residual}
        return {FILE: pack_arrays(arrays | {"scores": self.usual.scores})}

    def _squares(self, vectors: F64) -> F64:
        return np.asarray((self._missed(vectors) / self.residual) ** 2, np.float64)

    def _missed(self, vectors: F64) -> F64:
        """What does not come back, (n, f) in spreads."""
        if vectors.ndim != 2 or vectors.shape[1] != len(self.centre):
            raise ValueError(f"vectors of {len(self.centre)} values are needed: {vectors.shape}")
        given = (vectors - self.centre) / self.spread
        values = given
        last = len(self.weights) - 1
        for place, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            # Added up column by column: a product of matrices may round a row by who is beside it.
            reached = np.repeat(biases[None, :], len(values), axis=0)
            for column, row in enumerate(weights):
                reached += values[:, column : column + 1] * row
            values = reached if place == last else np.tanh(reached)
        return np.asarray(given - values, np.float64)


def read_autoencoder(card: ModelCard, files: Mapping[str, bytes]) -> Autoencoder:
    """The model of files whose digests hold; ModelRefusedError where they make no such network."""
    if set(files) != {FILE}:
        raise ModelRefusedError(Refusal.MISSING, f"an autoencoder has one file, {FILE}")
    arrays = unpack_arrays(files[FILE], _FORMS)
    width = len(card.features)
    weights = tuple(arrays[f"weights_{i}"] for i in range(_LAYERS))
    biases = tuple(arrays[f"biases_{i}"] for i in range(_LAYERS))
    sizes = [width, *(len(b) for b in biases)]
    chained = all(w.shape == (i, o) for w, i, o in zip(weights, sizes, sizes[1:], strict=False))
    centre, spread, residual = arrays["centre"], arrays["spread"], arrays["residual"]
    told = (centre, spread, residual)
    if not chained or sizes[-1] != width or any(a.shape != (width,) for a in told):
        raise ModelRefusedError(
            Refusal.SHAPE, f"its layers do not lead from {width} features back to them"
        )
    if not 0 < min(sizes) <= max(sizes) <= _WIDEST:
        raise ModelRefusedError(Refusal.SHAPE, f"layers of {sizes}")
    if any(np.abs(a).max() > _LARGEST for a in (*weights, *biases, *told)):
        raise ModelRefusedError(Refusal.RANGE, "a weight is larger than any that is trained")
    if min(spread.min(), residual.min()) < _LEAST_SPREAD:
        raise ModelRefusedError(Refusal.RANGE, "a feature's spread is too small to divide by")
    usual = Usual.read(arrays["scores"])
    return Autoencoder(card.features, weights, biases, centre, spread, residual, usual)
