"""RITA's beacon score (Active Countermeasures, version 5), from its published definition.

A quarter each: how symmetric intervals are (Bowley's skewness) and how little they vary (median
deviation over median); the same of sizes; for how much of the day, or how many hours on end, there
was a call; how alike the counts of the hours are (coefficient of variation). Its second way of
scoring the hours, by two levels, and what it adds for rare and new destinations are left out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
_FEWEST = 4
_LEAST_HOURS, _IDEAL_HOURS = 6, 12
_LEAST_SPREAD = 10.0


def rita_score(at: F64, sizes: F64, begin: float, hours: int) -> float:
    """The score (0 to 1) of one pair's calls, in seconds, of ``hours`` from ``begin`` on."""
    at = np.sort(np.floor(at))
    gaps = np.diff(at)
    gaps = gaps[gaps > 0]
    if len(at) < _FEWEST or len(gaps) < _FEWEST - 1:
        return 0.0
    counts = np.histogram(at, hours, (begin, begin + 3600.0 * hours))[0]
    parts = (_even(gaps, 1.0), _even(sizes, 0.0), _lasting(at, counts, hours), _flat(counts))
    return float(np.mean(parts))


def _even(values: F64, otherwise: float) -> float:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    skew = 0.0
    if high - low >= _LEAST_SPREAD and middle not in (low, high):
        skew = (low + high - 2 * middle) / (high - low)
    varied = float(np.median(np.abs(values - middle)))
    steady = max((middle - varied) / middle, 0.0) if middle >= 1 else otherwise
    return float((1.0 - abs(skew) + steady) / 2)


def _lasting(at: F64, counts: npt.NDArray[np.int64], hours: int) -> float:
    if np.count_nonzero(counts) < _LEAST_HOURS:
        return 0.0
    longest = run = 0
    for count in counts.tolist():
        run = run + 1 if count else 0
        longest = max(longest, run)
    return float(
        max(min((at[-1] - at[0]) / (3600.0 * hours), 1.0), min(longest / _IDEAL_HOURS, 1.0))
    )


def _flat(counts: npt.NDArray[np.int64]) -> float:
    return float(max(1.0 - counts.std() / counts.mean(), 0.0)) if counts.any() else 0.0
