"""Histories of values kept in order, so that medians and spreads are read and not sorted for.

``values`` (r, f, l) holds each row's and feature's latest finite values, ascending; ``slots``
(r, f, l) the place of each in time, modulo ``l``; ``counts`` (r, f) how many there are;
``steps`` (r,) how many windows each row has lived through, gaps included.
"""

from __future__ import annotations

import math

import numpy as np

from sensorium.detect.arrays import F32, F64, I32, I64, U8
from sensorium.ingest.compiled import inlined, kernel

_MAD_TO_SIGMA = 1.4826
_Q90_TO_SIGMA = 1.2816


@kernel
def insert_values(rows: I64, new: F64, values: F32, slots: U8, counts: I32, steps: I64) -> None:
    """Append ``new`` (n, f) to distinct rows, in place of the values that are ``l`` windows old."""
    length = values.shape[2]
    for i in range(len(rows)):
        row = rows[i]
        place = steps[row] % length
        full = steps[row] >= length
        for f in range(values.shape[1]):
            count = counts[row, f]
            if full:
                count = _take_out(place, values[row, f], slots[row, f], count)
            counts[row, f] = _put_in(new[i, f], place, values[row, f], slots[row, f], count)
        steps[row] += 1


@inlined
def _take_out(place: int, values: F32, slots: U8, count: int) -> int:
    for at in range(count):
        if slots[at] == place:
            for k in range(at + 1, count):
                values[k - 1] = values[k]
                slots[k - 1] = slots[k]
            return count - 1
    return count


@inlined
def _put_in(new: float, place: int, values: F32, slots: U8, count: int) -> int:
    # The array's own precision decides what is finite and what comes first.
    values_end = len(values) - 1
    kept = values[values_end]
    values[values_end] = new
    value = values[values_end]
    values[values_end] = kept
    if not math.isfinite(value):
        return count
    at = count
    while at > 0 and values[at - 1] > value:
        values[at] = values[at - 1]
        slots[at] = slots[at - 1]
        at -= 1
    values[at] = value
    slots[at] = place
    return count + 1


@inlined
def quantile(values: F32, count: int, share: float) -> float:
    """A quantile of the first ``count`` values, between two of them by their distance."""
    last = count - 1
    place = share * last
    lower = int(place)
    at_lower = np.float64(values[lower])
    at_upper = np.float64(values[min(lower + 1, last)])
    return at_lower + (place - lower) * (at_upper - at_lower)


@inlined
def median_deviation(values: F32, count: int, middle: float) -> float:
    """The median distance from ``middle``: half of all values lie within it."""
    place = 0.5 * (count - 1)
    nearest = int(place) + 1
    # The ``nearest`` values closest to the middle are neighbours in the order of values.
    low, high = 0, count - nearest
    while low < high:
        at = (low + high) // 2
        if middle - np.float64(values[at]) > np.float64(values[at + nearest]) - middle:
            low = at + 1
        else:
            high = at
    first, after = low, low + nearest
    near = max(abs(np.float64(values[first]) - middle), abs(np.float64(values[after - 1]) - middle))
    next_ = np.inf
    if first > 0:
        next_ = abs(np.float64(values[first - 1]) - middle)
    if after < count:
        next_ = min(next_, abs(np.float64(values[after]) - middle))
    if nearest > count - 1:
        next_ = near
    return near + (place - (nearest - 1)) * (next_ - near)


@inlined
def describe(values: F32, count: int, extremes: F64, out: F64) -> None:
    """Location, rise, fall and span of ``count`` values in order, NaN where there are none.

    Three estimates of one sigma at three depths of the tail; the largest is believed, so that a
    burst seen before is no news and half the values being equal proves nothing.
    """
    if count == 0:
        out[:] = np.nan
        return
    lowest, highest = np.float64(values[0]), np.float64(values[count - 1])
    extreme = extremes[min(count, len(extremes) - 1)]
    if lowest == highest:
        out[0] = lowest
        out[1] = out[2] = out[3] = 0.0
        return
    middle = quantile(values, count, 0.5)
    mad = _MAD_TO_SIGMA * median_deviation(values, count, middle)
    high, low = quantile(values, count, 0.9), quantile(values, count, 0.1)
    out[0] = middle
    out[1] = max(mad, (high - middle) / _Q90_TO_SIGMA, (highest - middle) / extreme)
    out[2] = max(mad, (middle - low) / _Q90_TO_SIGMA, (middle - lowest) / extreme)
    out[3] = highest - lowest


@kernel
def describe_rows(rows: I64, values: F32, counts: I32, extremes: F64, out: F64) -> None:
    """Location, rise, fall, span and count, ``out`` (5, n, f), of each row; -1 is a stranger."""
    told = np.empty(4)
    for i in range(len(rows)):
        row = rows[i]
        for f in range(out.shape[2]):
            count = counts[row, f] if row >= 0 else 0
            describe(values[max(row, 0), f], count, extremes, told)
            for k in range(4):
                out[k, i, f] = told[k]
            out[4, i, f] = count


@kernel
def lean_on_others(
    own: F64, others: F64, floors: F64, location: F64, rise: F64, fall: F64, young: float
) -> None:
    """Mix what rows say of themselves with what others of their kind do, the less the more of
    their own past there is.

    ``own`` is the ``out`` of :func:`describe_rows`; ``others`` (3, f) holds a location, the
    spread within entities and that between them.
    """
    for i in range(location.shape[0]):
        for f in range(location.shape[1]):
            seen = own[4, i, f]
            weight = seen * seen / (seen * seen + young * young)
            rest = 1.0 - weight
            widen = math.sqrt(1.0 + 1.0 / max(seen, 1.0))
            within, between = others[1, f], others[2, f]
            least = max(floors[f], within / 4)
            lent = rest * (within * within + between * between)
            mine = own[0, i, f] if seen > 0 else 0.0
            location[i, f] = weight * mine + rest * others[0, f]
            up = own[1, i, f] if seen > 0 else 0.0
            down = own[2, i, f] if seen > 0 else 0.0
            rise[i, f] = max(math.sqrt(weight * (up * up) + lent), least) * widen
            fall[i, f] = max(math.sqrt(weight * (down * down) + lent), least) * widen
