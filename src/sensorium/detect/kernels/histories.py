"""Histories of values kept in order, so that medians and spreads are read and not sorted for.

A row's block (:mod:`.slabs`) holds for each feature its latest finite values, ascending, as codes
(:mod:`.coding`) in ``values``, and in ``slots`` the place of each in time, modulo the length.
``counts`` (r, f) says how many there are, ``steps`` (r,) how many windows each row has lived
through, gaps included. ``shape`` int64 (2,) are the length and the places in a slab.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sensorium.detect.arrays import F64, I64, U8, Number
from sensorium.detect.kernels.coding import COARSENESS, code_of, is_gap, value_of
from sensorium.detect.kernels.slabs import WINDOWS, begin_of, leave_block, take_block
from sensorium.ingest.compiled import inlined, inner, kernel

_MAD_TO_SIGMA = 1.4826
_Q90_TO_SIGMA = 1.2816


@kernel
def insert_values(start: int, rows: I64, new: F64, store: Any) -> int:
    """Append ``new`` (n, f) to distinct rows from the one at ``start`` on, in place of the values
    that are ``length`` windows old, until all are or there is no empty slab.

    Returns the first that was not appended to.
    """
    values, slots, counts, steps, kinds, blocks, sizes, slabs, _, free, used, shape = store
    length, in_slab = shape[0], shape[1]
    for i in range(start, len(rows)):
        row = rows[i]
        if blocks[row] < 0 or (steps[row] < length and steps[row] == sizes[kinds[row], WINDOWS]):
            if used[len(sizes)] == 0 and used[len(sizes) + 1] == len(free):
                return i
            _enlarge(row, store)
        begin = begin_of(kinds[row], blocks[row], in_slab, sizes, slabs)
        room = sizes[kinds[row], WINDOWS]
        place = steps[row] % length
        for f in range(counts.shape[1]):
            at = begin + f * room
            count = np.int64(counts[row, f])
            if steps[row] >= length:
                count = _take_out(place, values, slots, at, count)
            code = code_of(new[i, f], values[at])
            counts[row, f] = _put_in(code, place, values, slots, at, count)
        steps[row] += 1
    return len(rows)


@inner
def _enlarge(row: Any, store: Any) -> None:
    """Give a row its first block, or one of the next size with all that it has."""
    values, slots, counts, _, kinds, blocks, sizes, slabs, owners, free, used, shape = store
    first = blocks[row] < 0
    kind = np.int64(0) if first else np.int64(kinds[row]) + 1
    block = take_block(row, kind, sizes, slabs, owners, free, used)
    if not first:
        old = begin_of(kinds[row], blocks[row], shape[1], sizes, slabs)
        begin = begin_of(kind, block, shape[1], sizes, slabs)
        for f in range(counts.shape[1]):
            source, target = old + f * sizes[kind - 1, WINDOWS], begin + f * sizes[kind, WINDOWS]
            for k in range(counts[row, f]):
                values[target + k] = values[source + k]
                slots[target + k] = slots[source + k]
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
def _take_out(place: Number, values: Any, slots: U8, begin: Number, count: Number) -> Number:
    for at in range(begin, begin + count):
        if slots[at] == place:
            for k in range(at + 1, begin + count):
                values[k - 1] = values[k]
                slots[k - 1] = slots[k]
            return count - 1
    return count


@inlined
def _put_in(
    code: Number, place: Number, values: Any, slots: U8, begin: Number, count: Number
) -> Number:
    if is_gap(code):
        return count
    at = begin + count
    while at > begin and values[at - 1] > code:
        values[at] = values[at - 1]
        slots[at] = slots[at - 1]
        at -= 1
    values[at] = code
    slots[at] = place
    return count + 1


@inlined
def _quantile(values: Any, begin: Number, count: Number, share: float) -> Any:
    """A quantile of ``count`` values in order, between two of them by their distance."""
    last = count - 1
    place = share * last
    lower = int(place)
    at_lower = value_of(values[begin + lower])
    at_upper = value_of(values[begin + min(lower + 1, last)])
    return at_lower + (place - lower) * (at_upper - at_lower)


@inlined
def _median_deviation(values: Any, begin: Number, count: Number, middle: float) -> Any:
    """The median distance from ``middle``: half of all values lie within it."""
    place = 0.5 * (count - 1)
    nearest = int(place) + 1
    # The ``nearest`` values closest to the middle are neighbours in the order of values.
    low, high = 0, count - nearest
    while low < high:
        at = (low + high) // 2
        below, above = value_of(values[begin + at]), value_of(values[begin + at + nearest])
        if middle - below > above - middle:
            low = at + 1
        else:
            high = at
    first, after = begin + low, begin + low + nearest
    near = max(abs(value_of(values[first]) - middle), abs(value_of(values[after - 1]) - middle))
    next_ = np.inf
    if low > 0:
        next_ = abs(value_of(values[first - 1]) - middle)
    if low + nearest < count:
        next_ = min(next_, abs(value_of(values[after]) - middle))
    if nearest > count - 1:
        next_ = near
    return near + (place - (nearest - 1)) * (next_ - near)


@inlined
def _describe(
    values: Any, begin: Number, count: Number, extremes: F64
) -> tuple[float, float, float, float]:
    """Location, rise, fall and span of ``count`` values in order, NaN where there are none.

    Three estimates of one sigma at three depths of the tail; the largest is believed, so that a
    burst seen before is no news and half the values being equal proves nothing.
    """
    if count == 0:
        return np.nan, np.nan, np.nan, np.nan
    lowest, highest = value_of(values[begin]), value_of(values[begin + count - 1])
    if lowest == highest:
        return lowest, 0.0, 0.0, 0.0
    extreme = extremes[min(count, len(extremes) - 1)]
    middle = _quantile(values, begin, count, 0.5)
    mad = _MAD_TO_SIGMA * _median_deviation(values, begin, count, middle)
    high, low = _quantile(values, begin, count, 0.9), _quantile(values, begin, count, 0.1)
    rise = max(mad, (high - middle) / _Q90_TO_SIGMA, (highest - middle) / extreme)
    fall = max(mad, (middle - low) / _Q90_TO_SIGMA, (middle - lowest) / extreme)
    return middle, rise, fall, highest - lowest


@kernel
def describe_rows(rows: I64, store: Any, extremes: F64, out: F64) -> None:
    """Location, rise, fall, span and count, ``out`` (5, n, f), of each row; -1 is a stranger."""
    values, _, counts, _, kinds, blocks, sizes, slabs, _, _, _, shape = store
    for i in range(len(rows)):
        row = rows[i]
        there = row >= 0 and blocks[row] >= 0
        begin, room = np.int64(0), np.int64(0)
        if there:
            begin = begin_of(kinds[row], blocks[row], shape[1], sizes, slabs)
            room = sizes[kinds[row], WINDOWS]
        for f in range(out.shape[2]):
            count = np.int64(counts[row, f]) if there else np.int64(0)
            told = _describe(values, begin + f * room, count, extremes)
            out[0, i, f], out[1, i, f], out[2, i, f], out[3, i, f] = told
            out[4, i, f] = count


@kernel
def expect_rows(
    rows: I64,
    store: Any,
    extremes: F64,
    others: F64,
    floors: F64,
    young: float,
    location: F64,
    rise: F64,
    fall: F64,
) -> None:
    """What is expected of each row, (n, f), in between what it did itself and what others of its
    kind do, the less of these the more of its own past there is; -1 is a stranger.

    ``others`` (3, f) holds a location, the spread within entities and that between them. No
    spread is smaller than the floor, a quarter of the usual one, and what codes tell apart.
    """
    values, _, counts, _, kinds, blocks, sizes, slabs, _, _, _, shape = store
    strange = np.empty((3, location.shape[1]))
    for f in range(location.shape[1]):
        told = _lean(0.0, 0.0, 0.0, np.int64(0), f, others, floors, young)
        strange[0, f], strange[1, f], strange[2, f] = told
    for i in range(len(rows)):
        row = rows[i]
        if row < 0 or blocks[row] < 0:
            for f in range(location.shape[1]):
                location[i, f], rise[i, f], fall[i, f] = strange[0, f], strange[1, f], strange[2, f]
            continue
        begin = begin_of(kinds[row], blocks[row], shape[1], sizes, slabs)
        room = sizes[kinds[row], WINDOWS]
        for f in range(location.shape[1]):
            count = np.int64(counts[row, f])
            mine, up, down = 0.0, 0.0, 0.0
            if count > 0:
                mine, up, down, _ = _describe(values, begin + f * room, count, extremes)
            told = _lean(mine, up, down, count, f, others, floors, young)
            location[i, f], rise[i, f], fall[i, f] = told


@inlined
def _lean(
    mine: float,
    up: float,
    down: float,
    count: Number,
    f: Number,
    others: F64,
    floors: F64,
    young: float,
) -> tuple[float, float, float]:
    """Location, rise and fall between a row's own, from ``count`` values, and those of others."""
    weight = count * count / (count * count + young * young)
    rest = 1.0 - weight
    widen = math.sqrt(1.0 + 1.0 / max(float(count), 1.0))
    within, between = others[1, f], others[2, f]
    lent = rest * (within * within + between * between)
    middle = weight * mine + rest * others[0, f]
    least = max(floors[f], within / 4, abs(middle) * COARSENESS)
    rise = max(math.sqrt(weight * (up * up) + lent), least) * widen
    fall = max(math.sqrt(weight * (down * down) + lent), least) * widen
    return middle, rise, fall
