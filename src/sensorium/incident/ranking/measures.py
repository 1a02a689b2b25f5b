"""How good an order of incidents is, against what they turned out to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64

_DRAWS: Final = 1000
_BINS: Final = 5


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one order: the area under the ROC curve, the average precision, and between what the
    area lies with 95 % confidence (bootstrap over incidents; wide where there are few)."""

    auc: float
    low: float
    high: float
    precision: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of probabilities: ``brier`` is their mean squared error, ``brier_of_rate`` that of always
    saying how often incidents were confirmed, and ``error`` how far probabilities are from
    what happened, on average over five groups of equally many."""

    brier: float
    brier_of_rate: float
    error: float


def quality(confirmed: F64, scores: F64, seed: int = 0) -> Quality | None:
    """Of scores (n,), larger first; None where all are confirmed or none is."""
    if not 0 < confirmed.sum() < len(confirmed):
        return None
    from sklearn.metrics import average_precision_score

    drawn = np.random.default_rng(seed).integers(len(confirmed), size=(_DRAWS, len(confirmed)))
    areas = [area(confirmed[rows], scores[rows]) for rows in drawn]
    found = [value for value in areas if value is not None]
    low, high = np.quantile(found, (0.025, 0.975)) if found else (0.0, 1.0)
    whole = area(confirmed, scores)
    assert whole is not None
    precision = float(average_precision_score(confirmed, scores))
    return Quality(whole, float(low), float(high), precision)


def calibration(confirmed: F64, probabilities: F64) -> Calibration:
    """Of probabilities (n,), n at least 1."""
    order = np.argsort(probabilities, kind="stable")
    groups = np.array_split(order, min(_BINS, len(order)))
    gaps = [abs(probabilities[g].mean() - confirmed[g].mean()) * len(g) for g in groups]
    return Calibration(
        brier=float(np.mean((probabilities - confirmed) ** 2)),
        brier_of_rate=float(np.mean((confirmed.mean() - confirmed) ** 2)),
        error=float(np.sum(gaps) / len(order)),
    )


def area(confirmed: F64, scores: F64) -> float | None:
    """How often a confirmed incident scores above another, ties counting half; None where all are
    of one sort."""
    up, down = np.sort(scores[confirmed > 0]), scores[confirmed <= 0]
    if not len(up) or not len(down):
        return None
    below = len(up) - np.searchsorted(up, down, side="right")
    level = np.searchsorted(up, down, side="right") - np.searchsorted(up, down, side="left")
    return float((below + level / 2).sum() / (len(up) * len(down)))
