"""Location and spread of the values of many rows together, found without sorting them."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.ingest.compiled import inlined, kernel

_MAD_TO_SIGMA = 1.4826
_Q90_TO_SIGMA = 1.2816


@kernel
def describe_together(pool: F64) -> tuple[float, float]:
    """Location and spread of all values of many rows as of one; their order is changed.

    The spread is the largest of the median deviation and of both ninths of the distribution; the
    single largest of all values says nothing about the many. NaN where there are none.
    """
    size = len(pool)
    if size == 0:
        return np.nan, np.nan
    middle = _quantile(pool, size, 0.5)
    # What is below the median lies before it now, and what is above it behind.
    half = (size - 1) // 2
    low = _quantile_from(pool, 0, half + 1, size, 0.1)
    high = _quantile_from(pool, half, size, size, 0.9)
    for k in range(size):
        pool[k] = abs(pool[k] - middle)
    mad = _MAD_TO_SIGMA * _quantile(pool, size, 0.5)
    rise = max(mad, (high - middle) / _Q90_TO_SIGMA)
    fall = max(mad, (middle - low) / _Q90_TO_SIGMA)
    return middle, max(rise, fall)


@inlined
def _quantile(pool: F64, size: int, share: float) -> float:
    return _quantile_from(pool, 0, size, size, share)


@inlined
def _quantile_from(pool: F64, start: int, end: int, size: int, share: float) -> float:
    """A quantile of all ``size`` values, which is known to lie among those of [start, end)."""
    place = share * (size - 1)
    lower = int(place)
    at_lower = _select(pool, start, end, lower)
    at_upper = at_lower
    if lower + 1 < size:
        at_upper = _least(pool, lower + 1, end) if lower + 1 < end else at_lower
    return at_lower + (place - lower) * (at_upper - at_lower)


@inlined
def _least(pool: F64, start: int, end: int) -> float:
    least: float = pool[start]
    for k in range(start + 1, end):
        least = min(least, pool[k])
    return least


@inlined
def _select(pool: F64, start: int, end: int, wanted: int) -> float:
    """Put the value that sorting would put at ``wanted`` there, and return it (Hoare's FIND).

    Smaller ones are left before it, larger ones behind.
    """
    left, right = start, end - 1
    while left < right:
        middle = (left + right) // 2
        first, second, third = pool[left], pool[middle], pool[right]
        pivot = max(min(first, second), min(max(first, second), third))
        i, j = left, right
        while i <= j:
            while pool[i] < pivot:
                i += 1
            while pool[j] > pivot:
                j -= 1
            if i <= j:
                pool[i], pool[j] = pool[j], pool[i]
                i += 1
                j -= 1
        if wanted <= j:
            right = j
        elif wanted >= i:
            left = i
        else:
            break
    found: float = pool[wanted]
    return found
