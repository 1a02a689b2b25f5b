"""How seldom a score is as high, learned row by row: counts below, an exponential tail above.

Scores lie in a histogram on a logarithmic scale with the sum of each bin beside its count, so that
the mean excess over a high threshold (the maximum-likelihood scale of an exponential tail) is
nearly exact. When it has taken in many scores, all of them lose half of their weight.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.ingest.compiled import kernel

_PER_OCTAVE: Final = 16
_BINS: Final = 480
_SMALLEST: Final = 1e-6
_TAIL: Final = 0.02
"""The tail is what lies above the 98th percentile, at least ten scores."""
_TAIL_SCORES: Final = 10
_FEWEST: Final = 100.0
"""Before so many scores nothing is claimed beyond what was counted."""
DECADES_AT_MOST: Final = 30.0


class Rarity(NamedTuple):
    """``counts`` and ``sums`` of the scores of each bin; ``total`` (2,): how many scores that are,

    and at how many all of them lose half of their weight.
    """

    counts: F64
    sums: F64
    total: F64

    @staticmethod
    def empty(memory: float) -> Rarity:
        """No scores seen; about so many will be remembered."""
        return Rarity(np.zeros(_BINS), np.zeros(_BINS), np.array([0.0, memory]))


@kernel
def _bin(x: float) -> int:
    if x <= _SMALLEST:
        return 0
    return min(int(_PER_OCTAVE * math.log2(x / _SMALLEST)) + 1, _BINS - 1)


@kernel
def decades(rarity: Rarity, x: float, least_excess: float) -> float:
    """-log10 of the probability of a score of at least ``x``, zero or more; at most 30.

    ``least_excess`` bounds the scale of the tail from below, for scores that were always equal.
    """
    total = rarity.total[0]
    wanted = max(float(_TAIL_SCORES), _TAIL * total)
    beyond, summed, threshold, at = 0.0, 0.0, 0.0, _BINS
    while at > 0 and beyond < wanted:
        at -= 1
        if rarity.counts[at] > 0.0:
            # Of the bin that the tail begins in, only as many as it takes.
            threshold = rarity.sums[at] / rarity.counts[at]
            taken = min(rarity.counts[at], wanted - beyond)
            beyond += taken
            summed += taken * threshold
    if x > threshold and total >= _FEWEST:
        scale = max(summed / wanted - threshold, least_excess)
        log_p = math.log10(wanted / (total + 1.0)) - (x - threshold) / scale / math.log(10.0)
        return float(min(-log_p, DECADES_AT_MOST))
    own = _bin(x)
    above = rarity.counts[own]
    for i in range(own + 1, _BINS):
        above += rarity.counts[i]
    return -math.log10((above + 1.0) / (total + 1.0))


@kernel
def learn(rarity: Rarity, x: float) -> None:
    """Take in a score."""
    if rarity.total[0] >= rarity.total[1]:
        rarity.counts[:] *= 0.5
        rarity.sums[:] *= 0.5
        rarity.total[0] *= 0.5
    at = _bin(x)
    rarity.counts[at] += 1.0
    rarity.sums[at] += x
    rarity.total[0] += 1.0
