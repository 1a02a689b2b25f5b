"""MIDAS and MIDAS-R as their paper gives them, plainly: Bhatia et al. 2020, AAAI 34, "MIDAS:
Microcluster-Based Detector of Anomalies in Edge Streams".

Counts of the current tick and of all ticks, in count-min sketches; the score is the chi-squared
distance of the two. MIDAS counts edges. MIDAS-R also counts sources and targets, takes the largest
of the three scores, and lets the current counts fade by half at each tick where MIDAS drops them.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

ROWS: Final = 2
BUCKETS: Final = 1024
FADING: Final = 0.5
_FACTORS: Final = np.array([0x9E3779B1, 0x85EBCA77], np.int64)
_PRIME: Final = 2_147_483_647


def midas(source: I64, target: I64, tick: I64) -> F64:
    """The score of each edge."""
    return _run(source, target, tick, 0.0, relational=False)


def midas_r(source: I64, target: I64, tick: I64) -> F64:
    """The score of each edge by the relational variant."""
    return _run(source, target, tick, FADING, relational=True)


def _run(source: I64, target: I64, tick: I64, fading: float, *, relational: bool) -> F64:
    scores = np.zeros(len(source))
    _stream(source, target, tick, fading, relational, scores)
    return scores


@numba.njit
def _cell(key: Any, row: Any) -> Any:
    return (key * _FACTORS[row] + row + 1) % _PRIME % BUCKETS


@numba.njit
def _score(current: Any, total: Any, key: Any, now: Any) -> Any:
    """Count one in, and compare the tick's count with the mean of all ticks."""
    a = s = np.inf
    for row in range(ROWS):
        at = _cell(key, row)
        current[row, at] += 1.0
        total[row, at] += 1.0
        a, s = min(a, current[row, at]), min(s, total[row, at])
    if now == 1:
        return 0.0
    return (a - s / now) ** 2 * now**2 / (s * (now - 1))


@numba.njit
def _stream(source: Any, target: Any, tick: Any, fading: Any, relational: Any, out: Any) -> None:
    current, total = np.zeros((3, ROWS, BUCKETS)), np.zeros((3, ROWS, BUCKETS))
    now = 1
    for i in range(len(source)):
        if i and tick[i] != tick[i - 1]:
            now = tick[i] - tick[0] + 1
            current *= fading
        pair = (source[i] * 347 + target[i] * 7919) % _PRIME
        odd = _score(current[0], total[0], pair, now)
        if relational:
            odd = max(odd, _score(current[1], total[1], source[i], now))
            odd = max(odd, _score(current[2], total[2], target[i], now))
        out[i] = odd
