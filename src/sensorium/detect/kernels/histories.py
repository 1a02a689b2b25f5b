"""Histories of values kept in order, so that medians and spreads are read and not sorted for.

A row's block (:mod:`.slabs`) holds for each feature its latest finite values, ascending, as codes
(:mod:`.coding`) in ``values``, and in ``slots`` the place of each in time, modulo the length. The
smallest of all features come first, then the next ones: what is done with all features of a row
is done with one run of values, many of them at once.
``counts`` (r, f) says how many there are, ``steps`` (r,) how many windows each row has lived
through, gaps included. ``shape`` int64 (2,) are the length and the places in a slab.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.detect.arrays import F64, I64, Number
from sensorium.detect.kernels.coding import code_of, is_gap, value_of
from sensorium.detect.kernels.slabs import PLACES, WINDOWS, begin_of, leave_block, take_block
from sensorium.ingest.compiled import inlined, inner, kernel

MAD_TO_SIGMA = 1.4826
Q90_TO_SIGMA = 1.2816


@kernel
def insert_values(start: int, rows: I64, new: F64, store: Any) -> int:
    """Append ``new`` (n, f) to distinct rows from the one at ``start`` on, in place of the values
    that are ``length`` windows old, until all are or there is no empty slab.

    Returns the first that was not appended to.
    """
    values, slots, counts, steps, kinds, blocks, sizes, slabs, _, free, used, shape = store
    length, in_slab, features = shape[0], shape[1], counts.shape[1]
    for i in range(start, len(rows)):
        row = rows[i]
        if blocks[row] < 0 or (steps[row] < length and steps[row] == sizes[kinds[row], WINDOWS]):
            if used[len(sizes)] == 0 and used[len(sizes) + 1] == len(free):
                return i
            _enlarge(row, store)
        begin = begin_of(kinds[row], blocks[row], in_slab, sizes, slabs)
        place = steps[row] % length
        for f in range(features):
            code, count = code_of(new[i, f], values[begin]), np.int64(counts[row, f])
            # Unsigned, numba need not ask whether they count from the end.
            first, many = np.uint64(begin + f), np.uint64(features)
            end = first + np.uint64(count) * many
            hole = end
            if steps[row] >= length:
                hole = _place_of(place, slots, first, end, many)
            if hole < end:
                counts[row, f] = _replace(code, values, slots, first, end, many, hole)
            elif not is_gap(code):
                _settle(code, place, values, slots, first, many, end)
                counts[row, f] = count + 1
        steps[row] += 1
    return len(rows)


@inner
def _enlarge(row: Any, store: Any) -> None:
    """Give a row its first block, or one of the next size with all that it has."""
    values, slots, _, _, kinds, blocks, sizes, slabs, owners, free, used, shape = store
    first = blocks[row] < 0
    kind = np.int64(0) if first else np.int64(kinds[row]) + 1
    block = take_block(row, kind, sizes, slabs, owners, free, used)
    if not first:
        old = begin_of(kinds[row], blocks[row], shape[1], sizes, slabs)
        begin = begin_of(kind, block, shape[1], sizes, slabs)
        for k in range(sizes[kind - 1, PLACES]):
            values[begin + k], slots[begin + k] = values[old + k], slots[old + k]
        leave_block(row, shape[1], sizes, slabs, owners, free, used, kinds, blocks, values, slots)
    kinds[row], blocks[row] = kind, block


@kernel
def forget_rows(rows: I64, store: Any) -> None:
    """Make rows as those that never had a value."""
    values, slots, counts, steps, kinds, blocks, sizes, slabs, owners, free, used, shape = store
    for row in rows:
        if blocks[row] >= 0:
            leave_block(
                row, shape[1], sizes, slabs, owners, free, used, kinds, blocks, values, slots
            )
        steps[row] = 0
        counts[row] = 0


@inlined
def _place_of(place: Number, slots: Any, first: Number, end: Number, step: Number) -> Number:
    """Where the value from a place in time is, or the end."""
    at = first
    while at < end and slots[at] != place:
        at += step
    return at


@inlined
def _replace(
    code: Number,
    values: Any,
    slots: Any,
    first: Number,
    end: Number,
    step: Number,
    hole: Number,
) -> Number:
    """Put a code in where the value at ``hole`` was, or rather in its order, and only close the
    hole for a gap; returns how many values there are."""
    place, at, count = slots[hole], hole, (end - first) // step
    gap = is_gap(code)
    while at + step < end and (gap or values[at + step] <= code):
        values[at], slots[at] = values[at + step], slots[at + step]
        at += step
    if gap:
        return count - np.uint64(1)
    _settle(code, place, values, slots, first, step, at)
    return count


@inlined
def _settle(
    code: Number,
    place: Number,
    values: Any,
    slots: Any,
    first: Number,
    step: Number,
    at: Number,
) -> None:
    """Put a code in at a free place, or before it, where larger ones are."""
    while at > first and values[at - step] > code:
        values[at], slots[at] = values[at - step], slots[at - step]
        at -= step
    values[at], slots[at] = code, place


@inlined
def _quantile(values: Any, begin: Number, count: Number, step: Number, share: float) -> Any:
    """A quantile of ``count`` values in order, between two of them by their distance."""
    last = count - 1
    place = share * last
    lower = int(place)
    at_lower = value_of(values[begin + lower * step])
    at_upper = value_of(values[begin + min(lower + 1, last) * step])
    return at_lower + (place - lower) * (at_upper - at_lower)


@inlined
def _median_deviation(
    values: Any, begin: Number, count: Number, step: Number, middle: float
) -> Any:
    """The median distance from ``middle``: half of all values lie within it."""
    place = 0.5 * (count - 1)
    nearest = int(place) + 1
    # The ``nearest`` values closest to the middle are neighbours in the order of values.
    low, high = 0, count - nearest
    while low < high:
        at = (low + high) // 2
        below = value_of(values[begin + at * step])
        above = value_of(values[begin + (at + nearest) * step])
        if middle - below > above - middle:
            low = at + 1
        else:
            high = at
    first, after = begin + low * step, begin + (low + nearest) * step
    near = max(abs(value_of(values[first]) - middle), abs(value_of(values[after - step]) - middle))
    next_ = np.inf
    if low > 0:
        next_ = abs(value_of(values[first - step]) - middle)
    if low + nearest < count:
        next_ = min(next_, abs(value_of(values[after]) - middle))
    if nearest > count - 1:
        next_ = near
    return near + (place - (nearest - 1)) * (next_ - near)


@inlined
def described(
    values: Any, begin: Number, count: Number, step: Number, extremes: F64
) -> tuple[float, float, float, float]:
    """Location, rise, fall and span of ``count`` values in order, NaN where there are none.

    Three estimates of one sigma at three depths of the tail; the largest is believed, so that a
    burst seen before is no news and half the values being equal proves nothing.
    """
    if count == 0:
        return np.nan, np.nan, np.nan, np.nan
    lowest, highest = value_of(values[begin]), value_of(values[begin + (count - 1) * step])
    if lowest == highest:
        return lowest, 0.0, 0.0, 0.0
    extreme = extremes[min(count, len(extremes) - 1)]
    middle = _quantile(values, begin, count, step, 0.5)
    mad = MAD_TO_SIGMA * _median_deviation(values, begin, count, step, middle)
    high = _quantile(values, begin, count, step, 0.9)
    low = _quantile(values, begin, count, step, 0.1)
    rise = max(mad, (high - middle) / Q90_TO_SIGMA, (highest - middle) / extreme)
    fall = max(mad, (middle - low) / Q90_TO_SIGMA, (middle - lowest) / extreme)
    return middle, rise, fall, highest - lowest


@kernel
def describe_rows(rows: I64, store: Any, extremes: F64, out: F64) -> None:
    """Location, rise, fall, span and count, ``out`` (5, n, f), of each row; -1 is a stranger."""
    values, _, counts, _, kinds, blocks, sizes, slabs, _, _, _, shape = store
    for i in range(len(rows)):
        row = rows[i]
        there = row >= 0 and blocks[row] >= 0
        begin = np.int64(0)
        if there:
            begin = begin_of(kinds[row], blocks[row], shape[1], sizes, slabs)
        for f in range(out.shape[2]):
            count = np.int64(counts[row, f]) if there else np.int64(0)
            told = described(values, begin + f, count, out.shape[2], extremes)
            out[0, i, f], out[1, i, f], out[2, i, f], out[3, i, f] = told
            out[4, i, f] = count
