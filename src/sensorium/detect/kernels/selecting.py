"""Location and spread of the values of many rows together.

They are kept as codes of 16 bits (:mod:`.coding`), so they are counted and neither sorted nor
selected: ``fine`` int32 (65536,) has how many values have each code, ``coarse`` (256,) how many
have the codes of each 256, the smallest first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.detect.arrays import F64, I32, I64, Number
from sensorium.detect.kernels.coding import value_of
from sensorium.detect.kernels.slabs import begin_of
from sensorium.ingest.compiled import inlined, kernel

_MAD_TO_SIGMA = 1.4826
_Q90_TO_SIGMA = 1.2816
_CODES, _SIGN = 1 << 16, 1 << 15


@kernel
def describe_together(rows: I64, store: Any, out: F64) -> None:
    """Location and spread, (2, f), of all values of many rows as of one; NaN where there are none.

    The spread is the largest of the median deviation and of both ninths of the distribution; the
    single largest of all values says nothing about the many.
    """
    values, _, counts, _, kinds, blocks, sizes, slabs, _, _, _, shape = store
    fine, coarse = np.zeros(_CODES, np.int32), np.zeros(_CODES >> 8, np.int32)
    begins = np.full(len(rows), -1, np.int64)
    for i in range(len(rows)):
        row = rows[i]
        if blocks[row] >= 0:
            begins[i] = begin_of(kinds[row], blocks[row], shape[1], sizes, slabs)
    for f in range(out.shape[1]):
        size: Number = 0
        for i in range(len(rows)):
            many = np.int64(counts[rows[i], f]) if begins[i] >= 0 else np.int64(0)
            begin = begins[i] + f
            for k in range(begin, begin + many * out.shape[1], out.shape[1]):
                code = np.int64(values[k]) + _SIGN
                fine[code] += 1
                coarse[code >> 8] += 1
            size += many
        out[0, f] = out[1, f] = np.nan
        if size > 0:
            out[0, f], out[1, f] = _described(fine, coarse, size)
            _clear(fine, coarse)


@inlined
def _described(fine: I32, coarse: I32, size: Number) -> tuple[Any, Any]:
    middle = _quantile(fine, coarse, size, 0.5)
    low, high = _quantile(fine, coarse, size, 0.1), _quantile(fine, coarse, size, 0.9)
    mad = _MAD_TO_SIGMA * _median_deviation(fine, coarse, size, middle)
    return middle, max(mad, (high - middle) / _Q90_TO_SIGMA, (middle - low) / _Q90_TO_SIGMA)


@inlined
def _clear(fine: I32, coarse: I32) -> None:
    for block in range(len(coarse)):
        if coarse[block] > 0:
            coarse[block] = 0
            for code in range(block << 8, (block + 1) << 8):
                fine[code] = 0


@inlined
def _value(place: Number) -> Any:
    """What the code at a place among the counts stands for."""
    return value_of(np.int16(place - _SIGN))


@inlined
def _quantile(fine: I32, coarse: I32, size: Number, share: Number) -> Any:
    place = share * (size - 1)
    lower = int(place)
    before, block = np.int64(0), np.int64(0)
    while before + coarse[block] <= lower:
        before += coarse[block]
        block += 1
    at = block << 8
    while before + fine[at] <= lower:
        before += fine[at]
        at += 1
    at_lower = at_upper = _value(at)
    if lower + 1 < size and before + fine[at] == lower + 1:
        at_upper = _value(_next(fine, coarse, at + 1))
    return at_lower + (place - lower) * (at_upper - at_lower)


@inlined
def _median_deviation(fine: I32, coarse: I32, size: Number, middle: Number) -> Any:
    """The median distance from ``middle``, found outward from there, code by code."""
    place = 0.5 * (size - 1)
    lower = int(place)
    above: Number = _next(fine, coarse, _first_above(middle))
    below: Number = _last(fine, coarse, above - 1)
    passed: Number = np.int64(0)
    at_lower, distance = -1.0, 0.0
    # The one that sorting would put at ``lower``, and then the next.
    while passed <= min(lower + 1, size - 1):
        near = middle - _value(below) if below >= 0 else np.inf
        far = _value(above) - middle if above < len(fine) else np.inf
        distance = min(near, far)
        if near <= far:
            passed += fine[below]
            below = _last(fine, coarse, below - 1)
        else:
            passed += fine[above]
            above = _next(fine, coarse, above + 1)
        if at_lower < 0.0 and passed > lower:
            at_lower = distance
    return at_lower + (place - lower) * (distance - at_lower)


@inlined
def _first_above(value: Number) -> Number:
    """The place of the first code that stands for more, whether there are any of it or not."""
    low, high = np.int64(0), np.int64(_CODES - 1)
    while low < high:
        half = (low + high) // 2
        if _value(half) > value:
            high = half
        else:
            low = half + 1
    return low


@inlined
def _next(fine: I32, coarse: I32, at: Number) -> Number:
    """The first place with values from this one on; behind the last where there is none."""
    while at < len(fine) and fine[at] == 0:
        at = at + 1 if coarse[at >> 8] > 0 else ((at >> 8) + 1) << 8
    return at


@inlined
def _last(fine: I32, coarse: I32, at: Number) -> Number:
    """The last place with values up to this one; -1 where there is none."""
    while at >= 0 and fine[at] == 0:
        at = at - 1 if coarse[at >> 8] > 0 else ((at >> 8) << 8) - 1
    return at
