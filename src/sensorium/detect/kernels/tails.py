"""Tail probabilities of many scores at once, and the fit that they follow from.

The scale of scores is a grid of ``edges`` (b + 1,): zero, then growing by a fixed factor.
"""

from __future__ import annotations

import math

import numpy as np

from sensorium.detect.arrays import F64, I32, I64, Bool, Number
from sensorium.ingest.compiled import inlined, inner, kernel

# Of a fitted tail: threshold, share above it, shape, scale, weight of what was learned, weight of
# the belief, and the belief's scale and power.
PARAMETERS = 8
# The step at which guesses of a score's bin are kept: no larger than a bin, so that at most one
# bin begins within it.
GUESS = 1.0 / 512
# Of a bin: the share above its beginning, and by how much that falls for each unit of the score.
SHARE, SLOPE = 0, 1
_SMALLEST = 1e-12
# Rows of scores that go through a column's tail together, while its table is near.
_BLOCK = 512


@kernel
def count_scores(scores: F64, edges: F64, unit: float, per_fold: float, counts: F64) -> None:
    """Add one to the bin of each score; NaN counts as zero."""
    last = len(counts) - 1
    for i in range(len(scores)):
        counts[_bin(scores[i], edges, unit, per_fold, last)] += 1.0


@kernel
def count_rows(
    scores: F64, counted: Bool, most: F64, edges: F64, unit: float, per_fold: float, counts: F64
) -> None:
    """As :func:`count_scores` for every column of ``scores`` (n, f) and the rows that are
    ``counted`` (n,): sizes, at ``most`` (f,) of a column; what is not finite is left out.

    ``counts`` is (f, b); a column whose ``most`` is NaN is not counted.
    """
    last = counts.shape[1] - 1
    for i in range(len(scores)):
        if not counted[i]:
            continue
        for f in range(scores.shape[1]):
            score = abs(scores[i, f])
            if math.isfinite(score) and not math.isnan(most[f]):
                counts[f, _bin(min(score, most[f]), edges, unit, per_fold, last)] += 1.0


@inlined
def _bin(score: float, edges: F64, unit: float, per_fold: float, last: int) -> int:
    if not score > 0.0:
        return 0
    if score >= edges[last]:
        return last
    return min(int(per_fold * math.log1p(score / unit)), last)


@kernel
def survivals(scores: F64, edges: F64, guesses: I32, above: F64, fitted: F64, out: F64) -> None:
    """P(score > x) of each score, at least 1e-12."""
    for i in range(len(scores)):
        out[i] = _survival(scores[i], edges, guesses, above, fitted)


@kernel
def improbable_rows(
    scores: F64,
    told: Bool,
    edges: F64,
    guesses: I32,
    above: F64,
    fitted: F64,
    weights: F64,
    tails: F64,
    sums: F64,
) -> None:
    """The ``tails`` (n, f) of ``scores`` (n, f): P(score > x), and of each row the weighted sum of
    the strongest in decades, ``sums`` (n,).

    Column by column with its own tail: ``above`` (f, b + 1, 2) and ``fitted`` (f, PARAMETERS).
    Signs do not count, NaN claims nothing and is 1. Where ``told`` (f,) is true, scores are
    improbabilities in decades already, and remain so with the sign turned over.
    """
    columns, kept = scores.shape[1], min(len(weights), scores.shape[1])
    strongest, any_told = np.empty(kept), told.any()
    far = np.empty(_BLOCK, np.int64)
    for start in range(0, len(scores), _BLOCK):
        end = min(start + _BLOCK, len(scores))
        for f in range(columns):
            if told[f]:
                for i in range(start, end):
                    score = scores[i, f]
                    tails[i, f] = -max(score, 0.0) if math.isfinite(score) else 0.0
            else:
                _fill(scores, f, start, end, edges, guesses, above[f], fitted[f], far, tails)
        for i in range(start, end):
            # Only of the strongest is a logarithm taken, where all can be compared without.
            if any_told:
                _take_strongest(tails[i], strongest)
            else:
                _take_smallest(tails[i], strongest)
            total = 0.0
            for k in range(kept):
                total += strongest[k] * weights[k]
            sums[i] = total


@inlined
def _fill(
    scores: F64,
    f: Number,
    start: Number,
    end: Number,
    edges: F64,
    guesses: I32,
    above: F64,
    fitted: F64,
    far: I64,
    tails: F64,
) -> None:
    """The tails of one column of some rows.

    Whether a score lies beyond the threshold is not to be foreseen, and beyond it a power is
    taken: so all are answered as if they did not, and those that do once more. ``far`` is room.
    """
    last, threshold, many = edges[len(edges) - 1], fitted[0], np.int64(0)
    for i in range(start, end):
        score = abs(scores[i, f])
        known = math.isfinite(score)
        x = min(score if known else 0.0, last)
        within = min(x, threshold)
        low = _last_at_most(within, edges, guesses)
        learned = above[low, SHARE] + above[low, SLOPE] * (within - edges[low])
        found = _mixed_with_belief(x, learned, fitted)
        tails[i, f] = found if known else 1.0
        far[many] = i
        many += np.int64(x > threshold)
    for k in range(many):
        i = far[k]
        x = min(abs(scores[i, f]), last)
        tails[i, f] = _mixed_with_belief(x, _beyond(x, fitted), fitted)


@inlined
def _decades(tail: Number) -> float:
    return -math.log10(tail) if tail > 0.0 else -tail


@inlined
def _take_strongest(tails: F64, strongest: F64) -> None:
    """The largest of ``tails`` in decades, in order, as many as there is room for."""
    strongest[:] = 0.0
    last = len(strongest) - 1
    for f in range(len(tails)):
        value = _decades(tails[f])
        if value <= strongest[last]:
            continue
        at = last
        while at > 0 and strongest[at - 1] < value:
            strongest[at] = strongest[at - 1]
            at -= 1
        strongest[at] = value


@inlined
def _take_smallest(tails: F64, strongest: F64) -> None:
    """The same of ``tails`` that are probabilities: the smallest of them are the strongest."""
    strongest[:] = 1.0
    # Each pushes the larger ones on, which needs no decision.
    for f in range(len(tails)):
        value = tails[f]
        for at in range(len(strongest)):
            other = strongest[at]
            strongest[at] = value if value < other else other
            value = other if value < other else value
    for k in range(len(strongest)):
        strongest[k] = _decades(strongest[k])


@kernel
def first_below(probability: float, edges: F64, guesses: I32, above: F64, fitted: F64) -> float:
    """The smallest edge whose tail probability is at most this, else the last."""
    low, high = 0, len(edges) - 1
    while low < high:
        middle = (low + high) // 2
        if _survival(edges[middle], edges, guesses, above, fitted) <= probability:
            high = middle
        else:
            low = middle + 1
    return float(edges[low])


@inlined
def _survival(score: Number, edges: F64, guesses: I32, above: F64, fitted: F64) -> float:
    x = min(max(score, 0.0), edges[len(edges) - 1])
    if x > fitted[0]:
        return _mixed_with_belief(x, _beyond(x, fitted), fitted)
    low = _last_at_most(x, edges, guesses)
    learned = above[low, SHARE] + above[low, SLOPE] * (x - edges[low])
    return _mixed_with_belief(x, learned, fitted)


@inlined
def _beyond(x: Number, fitted: F64) -> float:
    """The tail that was fitted to the excesses, beyond their threshold."""
    threshold, share, shape, scale = fitted[0], fitted[1], fitted[2], fitted[3]
    return float(share * (1.0 + shape * (x - threshold) / scale) ** (-1.0 / shape))


@inlined
def _mixed_with_belief(x: Number, learned: Number, fitted: F64) -> float:
    ratio = x / fitted[6]
    believed = 1.0 + ratio * ratio
    # The usual power, without a logarithm.
    believed = (
        1.0 / (believed * believed * believed) if fitted[7] == 3.0 else believed ** -fitted[7]
    )
    mixed = fitted[4] * learned + fitted[5] * believed
    return float(min(max(mixed / (fitted[4] + fitted[5]), _SMALLEST), 1.0))


@inlined
def _last_at_most(x: Number, edges: F64, guesses: I32) -> Number:
    """The last bin that begins at ``x`` or before. ``guesses`` has, for each ``GUESS`` of the
    beginning of the scale, the last bin that begins there or before."""
    place = x * (1.0 / GUESS)
    if place < len(guesses):
        low = np.int64(guesses[np.int64(place)])
        later = (low < len(edges) - 2) & (edges[low + 1] <= x)
        return low + np.int64(later)
    low, high = np.int64(0), np.int64(len(edges) - 1)
    while high - low > 1:
        middle = (low + high) // 2
        if edges[middle] <= x:
            low = middle
        else:
            high = middle
    return low


@kernel
def fit(
    counts: F64,
    weight: float,
    belief: float,
    edges: F64,
    centres: F64,
    thetas: F64,
    prior: F64,
    above: F64,
    fitted: F64,
) -> None:
    """The shares ``above`` (b + 1, 2) each edge, and what is ``fitted`` (PARAMETERS,) to a tail.

    ``counts`` (b,) are scores by bin, ``weight`` is their sum, ``belief`` how much the prior weighs
    in scores. ``prior`` (6,) is its scale and power, a mean excess that counts as so many, and the
    shape with its spread. ``centres`` (b,) are those of the bins.
    """
    many, least = len(counts), max(weight, 1.0)
    total = 0.0
    above[many, SHARE] = above[many, SLOPE] = 0.0
    for k in range(many - 1, -1, -1):
        total += counts[k]
        above[k, SHARE] = total / least
        above[k, SLOPE] = (above[k + 1, SHARE] - above[k, SHARE]) / (edges[k + 1] - edges[k])
    # At least 30 excesses where there are that many, at most the top tenth.
    wanted = min(0.1, max(0.02, 30.0 / least))
    at = 0
    while above[at, SHARE] > wanted:
        at += 1
    excesses, beyond = np.empty(many - at + 1), np.empty(many - at + 1)
    for k in range(at, many):
        beyond[k - at] = counts[k]
        excesses[k - at] = max(centres[k] - edges[at], 0.0)
    excesses[many - at], beyond[many - at] = prior[2], prior[3]
    shape, scale = fit_pareto(excesses, beyond, thetas, prior[4], prior[5])
    fitted[0], fitted[1], fitted[2], fitted[3] = edges[at], above[at, SHARE], shape, scale
    fitted[4], fitted[5], fitted[6], fitted[7] = weight, belief, prior[0], prior[1]


@inner
def fit_pareto(
    excesses: F64, weights: F64, thetas: F64, shape_believed: float, spread: float
) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto tail by Grimshaw's (1993) profile likelihood.

    The profile is searched on a grid of ``theta = shape / scale`` > 0, in units of the mean
    excess, so the shape is never negative: a tail with an end would call everything beyond it
    impossible.
    """
    total, mean, many = 0.0, 0.0, 0
    seen, at = np.empty(len(weights)), np.empty(len(weights))
    for k in range(len(weights)):
        total += weights[k]
        mean += weights[k] * excesses[k]
        if weights[k] > 0.0:
            seen[many], at[many] = weights[k], excesses[k]
            many += 1
    mean = max(mean / total, 1e-6)
    best, best_shape, best_theta = -np.inf, 0.0, 1.0
    for t in range(len(thetas)):
        theta = thetas[t] / mean
        shape = 0.0
        for k in range(many):
            shape += seen[k] * math.log1p(theta * at[k])
        shape /= total
        likelihood = -total * (math.log(shape / theta) + shape + 1.0)
        away = shape - shape_believed
        likelihood -= away * away / (2.0 * spread * spread)
        if likelihood > best:
            best, best_shape, best_theta = likelihood, shape, theta
    return best_shape, max(best_shape / best_theta, 1e-9)
