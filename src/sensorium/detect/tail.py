"""How often quiet traffic scores this high: a tail model that learns on the stream.

Peaks over threshold (Siffer et al. 2017, "Anomaly detection in streams with extreme value
theory"): below a high quantile the answer is counted, above it a generalised Pareto tail is
fitted to the excesses. Scores live in a histogram on a logarithmic scale that forgets
exponentially, so memory is fixed and old regimes fade.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import F64, I64

_UNIT = 0.1
_PER_FOLD = 40.0
_BINS = 720
_EDGES = _UNIT * np.expm1(np.arange(_BINS + 1) / _PER_FOLD)
_CENTRES = (_EDGES[1:] + _EDGES[:-1]) / 2
_CENTRES[0] = 0.0

# The prior on the tail matters only while few excesses have been seen.
_PSEUDO_EXCESSES = 3.0
# The prior weighs as much as so many scores, and as much as so many windows' scores: scores of one
# window may all have one cause.
_PSEUDO_SCORES = 50.0
_PSEUDO_WINDOWS = 3.0
_SMALLEST = 1e-12
_THETAS = np.geomspace(1e-3, 1e2, 64)


@dataclass(frozen=True, slots=True)
class TailPrior:
    """What is believed before scores have been seen: P(score > x) = (1 + (x/scale)^2)^-power.

    ``excess`` is the believed mean excess over a high threshold, in units of the score;
    ``shape`` is the believed shape of the tail (0 is exponential), give or take ``shape_spread``.
    """

    scale: float
    power: float
    excess: float
    shape: float
    shape_spread: float

    def survival(self, scores: F64) -> F64:
        """The believed tail probability of each score."""
        return np.asarray((1.0 + (scores / self.scale) ** 2) ** -self.power, np.float64)


SIGMAS = TailPrior(scale=2.0, power=3.0, excess=1.0, shape=0.2, shape_spread=0.15)
"""For scores in robust sigmas: about Student's t with six degrees of freedom."""

DECADES = TailPrior(scale=1.0, power=3.0, excess=0.5, shape=0.05, shape_spread=0.1)
"""For scores in decades of improbability (-log10 of a probability), combined over features."""


class TailModel:
    """The distribution of one kind of score, which is zero or positive; larger is odder."""

    def __init__(self, prior: TailPrior, half_life_windows: int) -> None:
        self._prior = prior
        self._decay = 0.5 ** (1.0 / half_life_windows)
        self._counts = np.zeros(_BINS)
        self._windows = 0.0
        self._fit: tuple[float, float, float, float] | None = None
        self._above = np.zeros(_BINS + 1)

    @property
    def weight(self) -> float:
        """How many scores are remembered, faded ones counting in part."""
        return float(self._counts.sum())

    def learn(self, scores: F64, *, fade: bool = True) -> None:
        """Take in one window's scores; all older ones fade by one window."""
        if fade:
            self._counts *= self._decay
            self._windows = self._windows * self._decay + 1.0
        self._counts += np.bincount(_bin(scores), minlength=_BINS)
        self._fit = None

    def survival(self, scores: F64) -> F64:
        """P(score > x) in traffic like that learned from, at least 1e-12.

        Learned and believed tails are mixed by their weights, so that no claim is more extreme
        than the number of scores seen supports.
        """
        threshold, share, shape, scale = self._fitted()
        clean = np.clip(scores, 0.0, _EDGES[-1])
        counted = np.interp(clean, _EDGES, self._above)
        excess = np.maximum(clean - threshold, 0.0)
        tail = share * (1.0 + shape * excess / scale) ** (-1.0 / shape)
        learned = np.where(clean > threshold, tail, counted)
        weight = self.weight
        belief = max(_PSEUDO_SCORES, _PSEUDO_WINDOWS * weight / max(self._windows, 1.0))
        mixed = weight * learned + belief * self._prior.survival(clean)
        return np.clip(mixed / (weight + belief), _SMALLEST, 1.0)

    def quantile(self, probability: float) -> float:
        """The smallest grid score whose tail probability is at most ``probability``."""
        below = self.survival(_EDGES) <= probability
        return float(_EDGES[int(np.argmax(below))]) if below.any() else float(_EDGES[-1])

    def _fitted(self) -> tuple[float, float, float, float]:
        if self._fit is None:
            self._fit = self._refit()
        return self._fit

    def _refit(self) -> tuple[float, float, float, float]:
        weight = self.weight
        above = np.concatenate([np.cumsum(self._counts[::-1])[::-1], [0.0]])
        self._above = above / max(weight, 1.0)
        # At least 30 excesses where there are that many, at most the top tenth.
        wanted = min(0.1, max(0.02, 30.0 / max(weight, 1.0)))
        at = int(np.argmax(self._above <= wanted))
        threshold = float(_EDGES[at])
        excesses = np.maximum(_CENTRES[at:] - threshold, 0.0)
        shape, scale = _fit_pareto(excesses, self._counts[at:], self._prior)
        return threshold, float(self._above[at]), shape, scale


def _bin(scores: F64) -> I64:
    clean = np.nan_to_num(np.clip(scores, 0.0, None), nan=0.0, posinf=_EDGES[-1])
    return np.minimum((_PER_FOLD * np.log1p(clean / _UNIT)).astype(np.int64), _BINS - 1)


def _fit_pareto(excesses: F64, weights: F64, prior: TailPrior) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto tail by Grimshaw's (1993) profile likelihood.

    The profile is searched on a grid of ``theta = shape / scale`` > 0, so the shape is never
    negative: a tail with an end would call everything beyond it impossible.
    """
    y = np.append(excesses, prior.excess)
    w = np.append(weights, _PSEUDO_EXCESSES)
    keep = w > 0
    y, w = y[keep], w[keep]
    total = float(w.sum())
    mean = max(float((w * y).sum()) / total, 1e-6)
    theta = _THETAS / mean
    shape = (np.log1p(theta[:, None] * y[None, :]) * w).sum(axis=1) / total
    likelihood = -total * (np.log(shape / theta) + shape + 1.0)
    belief = -((shape - prior.shape) ** 2) / (2 * prior.shape_spread**2)
    best = int(np.argmax(likelihood + belief))
    return float(shape[best]), max(float(shape[best] / theta[best]), 1e-9)


def decades(probability: F64) -> F64:
    """Improbability in decades: -log10, so that one in a thousand is 3."""
    return np.asarray(-np.log10(np.maximum(probability, _SMALLEST)), np.float64)


def sigmas(improbability: float) -> float:
    """About how many standard deviations of a normal a number of decades stands for."""
    return math.sqrt(2.0 * math.log(10.0) * max(improbability, 0.0))
