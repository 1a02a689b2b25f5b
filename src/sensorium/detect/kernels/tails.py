"""Tail probabilities of many scores at once, and the fit that they follow from.

The scale of scores is a grid of ``edges`` (b + 1,): zero, then growing by a fixed factor.
"""

from __future__ import annotations

import math

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.ingest.compiled import inlined, kernel

# Of a fitted tail: threshold, share above it, shape, scale, weight of what was learned, weight of
# the belief, and the belief's scale and power.
PARAMETERS = 8
_SMALLEST = 1e-12


@kernel
def count_scores(scores: F64, edges: F64, unit: float, per_fold: float, counts: F64) -> None:
    """Add one to the bin of each score; NaN counts as zero."""
    last = len(counts) - 1
    for i in range(len(scores)):
        score = scores[i]
        if not score > 0.0:
            counts[0] += 1.0
        elif score >= edges[last]:
            counts[last] += 1.0
        else:
            counts[min(int(per_fold * math.log1p(score / unit)), last)] += 1.0


@kernel
def survivals(scores: F64, edges: F64, above: F64, fitted: F64, out: F64) -> None:
    """P(score > x) of each score, at least 1e-12."""
    for i in range(len(scores)):
        out[i] = _survival(scores[i], edges, above, fitted)


@kernel
def improbabilities(scores: F64, edges: F64, above: F64, fitted: F64, out: F64) -> None:
    """Each score's improbability in decades, whichever its sign; NaN claims nothing, 0."""
    at_zero = -math.log10(_survival(0.0, edges, above, fitted))
    for i in range(len(scores)):
        score = abs(scores[i])
        if score == 0.0:
            out[i] = at_zero
        elif math.isfinite(score):
            out[i] = -math.log10(_survival(score, edges, above, fitted))
        else:
            out[i] = 0.0


@kernel
def first_below(probability: float, edges: F64, above: F64, fitted: F64) -> float:
    """The smallest edge whose tail probability is at most this, else the last."""
    low, high = 0, len(edges) - 1
    while low < high:
        middle = (low + high) // 2
        if _survival(edges[middle], edges, above, fitted) <= probability:
            high = middle
        else:
            low = middle + 1
    return float(edges[low])


@inlined
def _survival(score: float, edges: F64, above: F64, fitted: F64) -> float:
    last = len(edges) - 1
    x = min(max(score, 0.0), edges[last])
    threshold, share, shape, scale = fitted[0], fitted[1], fitted[2], fitted[3]
    if x > threshold:
        learned = share * (1.0 + shape * (x - threshold) / scale) ** (-1.0 / shape)
    else:
        low, high = 0, last
        while high - low > 1:
            middle = (low + high) // 2
            if edges[middle] <= x:
                low = middle
            else:
                high = middle
        slope = (above[high] - above[low]) / (edges[high] - edges[low])
        learned = above[low] + slope * (x - edges[low])
    ratio = x / fitted[6]
    believed = (1.0 + ratio * ratio) ** -fitted[7]
    mixed = fitted[4] * learned + fitted[5] * believed
    return float(min(max(mixed / (fitted[4] + fitted[5]), _SMALLEST), 1.0))


@kernel
def fit_pareto(
    excesses: F64, weights: F64, thetas: F64, shape_believed: float, spread: float
) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto tail by Grimshaw's (1993) profile likelihood.

    The profile is searched on a grid of ``theta = shape / scale`` > 0, in units of the mean
    excess, so the shape is never negative: a tail with an end would call everything beyond it
    impossible.
    """
    total, mean = 0.0, 0.0
    for k in range(len(weights)):
        total += weights[k]
        mean += weights[k] * excesses[k]
    mean = max(mean / total, 1e-6)
    best, best_shape, best_theta = -np.inf, 0.0, 1.0
    for t in range(len(thetas)):
        theta = thetas[t] / mean
        shape = 0.0
        for k in range(len(weights)):
            if weights[k] > 0.0:
                shape += weights[k] * math.log1p(theta * excesses[k])
        shape /= total
        likelihood = -total * (math.log(shape / theta) + shape + 1.0)
        away = shape - shape_believed
        likelihood -= away * away / (2.0 * spread * spread)
        if likelihood > best:
            best, best_shape, best_theta = likelihood, shape, theta
    return best_shape, max(best_shape / best_theta, 1e-9)
