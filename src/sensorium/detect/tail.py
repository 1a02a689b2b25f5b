"""How often quiet traffic scores this high: a tail model that learns on the stream.

Peaks over threshold (Siffer et al. 2017, "Anomaly detection in streams with extreme value
theory"): below a high quantile the answer is counted, above it a generalised Pareto tail is
fitted to the excesses. Scores live in a histogram on a logarithmic scale that forgets
exponentially, so memory is fixed and old regimes fade.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import F64, Bool
from sensorium.detect.kernels.tails import (
    GUESS,
    PARAMETERS,
    count_rows,
    count_scores,
    first_below,
    fit,
    improbable_rows,
    survivals,
)
from sensorium.state.arrays import State, StateError, taken

_UNIT = 0.1
_PER_FOLD = 40.0
_BINS = 720
_EDGES = _UNIT * np.expm1(np.arange(_BINS + 1) / _PER_FOLD)
_CENTRES = (_EDGES[1:] + _EDGES[:-1]) / 2
_CENTRES[0] = 0.0
_GUESSES = np.searchsorted(_EDGES, np.arange(4096) * GUESS, side="right").astype(np.int32) - 1

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
        self._fit: tuple[F64, F64] | None = None

    @property
    def weight(self) -> float:
        """How many scores are remembered, faded ones counting in part."""
        return float(self._counts.sum())

    def learn(self, scores: F64, *, fade: bool = True) -> None:
        """Take in one window's scores; all older ones fade by one window."""
        if fade:
            self._counts *= self._decay
            self._windows = self._windows * self._decay + 1.0
        count_scores(np.asarray(scores, np.float64), _EDGES, _UNIT, _PER_FOLD, self._counts)
        self._fit = None

    def take(self, counts: F64) -> None:
        """Take in one window's scores, counted by :func:`count_window`; all older ones fade."""
        self._counts *= self._decay
        self._counts += counts
        self._windows = self._windows * self._decay + 1.0
        self._fit = None

    def survival(self, scores: F64) -> F64:
        """P(score > x) in traffic like that learned from, at least 1e-12.

        Learned and believed tails are mixed by their weights, so that no claim is more extreme
        than the number of scores seen supports.
        """
        out = np.empty(len(scores))
        survivals(np.asarray(scores, np.float64), _EDGES, _GUESSES, *self.fitted(), out)
        return out

    def improbability(self, scores: F64) -> F64:
        """-log10 of :meth:`survival` of each score's size; 0 for NaN."""
        return improbability(np.asarray(scores, np.float64)[:, None], [self], np.ones(1))[1]

    def quantile(self, probability: float) -> float:
        """The smallest grid score whose tail probability is at most ``probability``."""
        return float(first_below(probability, _EDGES, _GUESSES, *self.fitted()))

    def state(self) -> State:
        """The scores seen, as far as they are remembered."""
        return {"counts": self._counts.copy(), "windows": np.array(self._windows)}

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        counts = taken(state, "counts", np.float64, _BINS)
        windows = float(taken(state, "windows", np.float64))
        if not (np.isfinite(counts) & (counts >= 0)).all() or not 0 <= windows < math.inf:
            raise StateError("a kept state counts scores that cannot be counts")
        self._counts, self._windows, self._fit = counts, windows, None

    def fitted(self) -> tuple[F64, F64]:
        """The shares above each edge, and what ``kernels.tails`` takes of the tail."""
        if self._fit is None:
            self._fit = self._refit()
        return self._fit

    def _refit(self) -> tuple[F64, F64]:
        weight, prior = self.weight, self._prior
        belief = max(_PSEUDO_SCORES, _PSEUDO_WINDOWS * weight / max(self._windows, 1.0))
        told = prior.scale, prior.power, prior.excess, _PSEUDO_EXCESSES
        believed = np.array((*told, prior.shape, prior.shape_spread))
        above, fitted = np.empty((_BINS + 1, 2)), np.empty(PARAMETERS)
        grid = _EDGES, _CENTRES, _THETAS
        fit(self._counts, weight, belief, *grid, believed, above, fitted)
        return above, fitted


def improbability(scores: F64, models: Sequence[TailModel | None], weights: F64) -> tuple[F64, F64]:
    """Tails (n, f) of scores (n, f), and the weighted sum (n,) of each row's strongest decades.

    A tail is the probability of a score as large; that of a column without a model, which holds
    improbabilities in decades already, is these with a minus: :func:`decades_of` knows both. NaN
    claims nothing.
    """
    tails, sums = np.empty(scores.shape), np.empty(len(scores))
    told = np.array([model is None for model in models])
    above = np.zeros((len(models), _BINS + 1, 2))
    fitted = np.ones((len(models), PARAMETERS))
    for column, model in enumerate(models):
        if model is not None:
            above[column], fitted[column] = model.fitted()
    scores = np.ascontiguousarray(scores)
    improbable_rows(scores, told, _EDGES, _GUESSES, above, fitted, weights, tails, sums)
    return tails, sums


def decades_of(tails: F64) -> F64:
    """Decades of tails of :func:`improbability`."""
    probable = tails > 0.0
    # The zero is added so that none has a sign.
    return np.where(probable, -np.log10(np.where(probable, tails, 1.0)), -tails) + 0.0


def count_window(scores: F64, counted: Bool, most: F64) -> F64:
    """How many of a window's ``counted`` scores (n, f) fall where, (f, b), for each column's
    :meth:`TailModel.take`; none is counted as more than its column's ``most`` (f,)."""
    counts = np.zeros((scores.shape[1], _BINS))
    count_rows(np.ascontiguousarray(scores), counted, most, _EDGES, _UNIT, _PER_FOLD, counts)
    return counts


def decades(probability: F64) -> F64:
    """Improbability in decades: -log10, so that one in a thousand is 3."""
    return np.asarray(-np.log10(np.maximum(probability, _SMALLEST)), np.float64)


def sigmas(improbability: float) -> float:
    """About how many standard deviations of a normal a number of decades stands for."""
    return math.sqrt(2.0 * math.log(10.0) * max(improbability, 0.0))
