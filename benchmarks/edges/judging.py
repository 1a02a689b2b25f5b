"""Areas and rates of scores against labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]


def auc(scores: F64, odd: Bool) -> float:
    """The chance that an odd one scores higher than another one; ties count half."""
    distinct, place = np.unique(scores, return_inverse=True)
    odd_at = np.bincount(place, odd, len(distinct))
    all_at = np.bincount(place, minlength=len(distinct))
    below = np.cumsum(all_at - odd_at) - (all_at - odd_at) / 2
    return float((odd_at * below).sum() / (odd_at.sum() * (all_at - odd_at).sum()))


def average_precision(scores: F64, odd: Bool) -> float:
    """Precision at each odd one, averaged; those of one score stand together."""
    distinct, place = np.unique(-scores, return_inverse=True)
    odd_at = np.bincount(place, odd, len(distinct))
    passed = np.cumsum(np.bincount(place, minlength=len(distinct)))
    return float((odd_at * np.cumsum(odd_at) / passed).sum() / odd_at.sum())


def found_at(scores: F64, odd: Bool, false_rate: float) -> float:
    """The share of odd ones above the score that ``false_rate`` of the others reach."""
    others = np.sort(scores[~odd])[::-1]
    allowed = int(false_rate * len(others))
    line = others[allowed] if allowed < len(others) else -np.inf
    return float((scores[odd] > line).mean())


def false_at(scores: F64, odd: Bool, found: float) -> float:
    """The share of others that pass where at least ``found`` of the odd ones do."""
    wanted = np.sort(scores[odd])[::-1][max(int(np.ceil(found * odd.sum())) - 1, 0)]
    return float((scores[~odd] >= wanted).mean())
