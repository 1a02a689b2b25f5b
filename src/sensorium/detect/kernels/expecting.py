"""What is expected next of many rows, between their own histories and those of their kind.

All features of a row are described together where they have as many values each, which is nearly
always: their values are one run (:mod:`.histories`), and nothing in it waits for a comparison.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sensorium.detect.arrays import F64, I64, Number
from sensorium.detect.kernels.coding import COARSENESS, value_of
from sensorium.detect.kernels.histories import MAD_TO_SIGMA, Q90_TO_SIGMA, described
from sensorium.detect.kernels.slabs import begin_of
from sensorium.ingest.compiled import inlined, inner, kernel

# Of fewer features than this each is described by itself.
_SEVERAL = 4
# Of so many values all windows are compared with each other; of more, the narrowest is searched.
_FEW = 24


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
    features = location.shape[1]
    most = shape[0] * features
    buffer, away, windows = np.empty(most), np.empty(most), np.empty(most)
    own = np.zeros((3, features))
    shares = _shares(shape[0], young)
    strange = np.empty((3, features))
    for f in range(features):
        strange[0, f], strange[1, f], strange[2, f] = _lean(own, shares[0], f, others, floors)
    for i in range(len(rows)):
        row = rows[i]
        if row < 0 or blocks[row] < 0:
            for f in range(features):
                location[i, f], rise[i, f], fall[i, f] = strange[0, f], strange[1, f], strange[2, f]
            continue
        begin = begin_of(kinds[row], blocks[row], shape[1], sizes, slabs)
        _describe_row(values, begin, counts[row], extremes, buffer, away, windows, own)
        for f in range(features):
            told = _lean(own, shares[counts[row, f]], f, others, floors)
            location[i, f], rise[i, f], fall[i, f] = told


@kernel
def spreads_within(rows: I64, store: Any, extremes: F64, least: int, out: F64) -> None:
    """The larger of rise and fall of each row's own past, (f, n), NaN of fewer values than the
    least."""
    values, _, counts, _, kinds, blocks, sizes, slabs, _, _, _, shape = store
    features = len(out)
    most = shape[0] * features
    buffer, away, windows = np.empty(most), np.empty(most), np.empty(most)
    own = np.zeros((3, features))
    for i in range(len(rows)):
        row = rows[i]
        if blocks[row] < 0:
            out[:, i] = np.nan
            continue
        begin = begin_of(kinds[row], blocks[row], shape[1], sizes, slabs)
        _describe_row(values, begin, counts[row], extremes, buffer, away, windows, own)
        for f in range(features):
            out[f, i] = max(own[1, f], own[2, f]) if counts[row, f] >= least else np.nan


@inlined
def _describe_row(
    values: Any,
    begin: Number,
    counts: Any,
    extremes: F64,
    buffer: F64,
    away: F64,
    windows: F64,
    own: F64,
) -> None:
    """Location, rise and fall, ``own`` (3, f), of a row's values, zero where there are none."""
    features, count = len(counts), np.int64(counts[0])
    alike = features >= _SEVERAL and count > 1
    for f in range(features):
        alike &= counts[f] == count
    if alike:
        _describe_together(values, begin, count, features, extremes, buffer, away, windows, own)
        return
    for f in range(features):
        count = np.int64(counts[f])
        own[0, f] = own[1, f] = own[2, f] = 0.0
        if count > 0:
            alone = described(values, begin + f, count, features, extremes)
            own[0, f], own[1, f], own[2, f] = alone[0], alone[1], alone[2]


@inlined
def _describe_together(
    values: Any,
    begin: Number,
    count: Number,
    features: Number,
    extremes: F64,
    buffer: F64,
    away: F64,
    windows: F64,
    own: F64,
) -> None:
    """Location, rise and fall, ``own`` (3, f), of features with ``count`` values each, two or more:
    what :func:`~sensorium.detect.kernels.histories.described` says of each.

    ``buffer``, ``away`` and ``windows`` are room for as many values.
    """
    # Unsigned, numba need not ask whether they count from the end.
    first, many, n = np.uint64(begin), np.uint64(features), np.uint64(count)
    for at in range(n * many):
        buffer[at] = value_of(values[first + at])
    last = (n - np.uint64(1)) * many
    middle, place = own[0], 0.5 * (count - 1)
    below = np.uint64(np.int64(place)) * many
    above = min(below + many, last)
    part = place - np.int64(place)
    for f in range(many):
        middle[f] = buffer[below + f] + part * (buffer[above + f] - buffer[below + f])
    # The values nearest to the middle are neighbours in order: so many lie within the width of the
    # narrowest window of that many.
    nearest = np.uint64(np.int64(place)) + np.uint64(1)
    part = place - (np.int64(nearest) - 1)
    near, next_ = own[1], own[2]
    if count > _FEW:
        for f in range(many):
            near[f], next_[f] = _searched(buffer, f, n, nearest, many, middle[f])
    else:
        for k in range(n):
            for f in range(many):
                away[k * many + f] = buffer[k * many + f] - middle[f]
        _narrowest(away, n, nearest, many, windows, near)
        _narrowest(away, n, nearest + np.uint64(1), many, windows, next_)
    extreme = extremes[min(count, len(extremes) - 1)]
    share = 0.9 * (count - 1)
    high = np.uint64(np.int64(share)) * many
    over, high_part = min(high + many, last), share - np.int64(share)
    share = 0.1 * (count - 1)
    low = np.uint64(np.int64(share)) * many
    under, low_part = min(low + many, last), share - np.int64(share)
    for f in range(many):
        mad = MAD_TO_SIGMA * (near[f] + part * (next_[f] - near[f]))
        upper = buffer[high + f] + high_part * (buffer[over + f] - buffer[high + f])
        lower = buffer[low + f] + low_part * (buffer[under + f] - buffer[low + f])
        top, bottom = buffer[last + f] - middle[f], middle[f] - buffer[f]
        rise = max(mad, (upper - middle[f]) / Q90_TO_SIGMA, np.true_divide(top, extreme))
        fall = max(mad, (middle[f] - lower) / Q90_TO_SIGMA, np.true_divide(bottom, extreme))
        equal = buffer[f] == buffer[last + f]
        own[0, f] = buffer[f] if equal else middle[f]
        own[1, f], own[2, f] = (0.0 if equal else rise), (0.0 if equal else fall)


@inlined
def _narrowest(
    away: F64, count: Number, wide: Number, features: Number, windows: F64, out: F64
) -> None:
    """How far the values of the narrowest window of so many reach from the middle, (f,)."""
    many, behind = count - wide + np.uint64(1), (wide - np.uint64(1)) * features
    for at in range(many * features):
        windows[at] = max(-away[at], away[at + behind])
    # Halved, until one is left of each feature.
    while many > np.uint64(1):
        half = (many + np.uint64(1)) // np.uint64(2)
        for at in range((many - half) * features):
            windows[at] = min(windows[at], windows[at + half * features])
        many = half
    for f in range(features):
        out[f] = windows[f]


@inlined
def _searched(
    buffer: F64, f: Number, count: Number, wide: Number, features: Number, middle: Number
) -> tuple[float, float]:
    """The same of one feature, and that of the narrowest window of one value more."""
    one = np.uint64(1)
    low, high = np.uint64(0), count - wide
    while low < high:
        half = (low + high) // np.uint64(2)
        below, above = buffer[half * features + f], buffer[(half + wide) * features + f]
        beyond = middle - below > above - middle
        low, high = (half + one if beyond else low), (high if beyond else half)
    first, after = low * features + f, (low + wide) * features + f
    near = max(middle - buffer[first], buffer[after - features] - middle)
    before = middle - buffer[first - features] if low > 0 else np.inf
    behind = buffer[after] - middle if low + wide < count else np.inf
    return near, min(before, behind)


@inlined
def _lean(own: F64, shares: F64, f: Number, others: F64, floors: F64) -> tuple[float, float, float]:
    """Location, rise and fall between a row's own (3, f) and those of others, by the ``shares`` of
    as many values as it has."""
    weight, rest, widen = shares[0], shares[1], shares[2]
    within, between = others[1, f], others[2, f]
    lent = rest * (within * within + between * between)
    middle = weight * own[0, f] + rest * others[0, f]
    least = max(floors[f], within / 4, abs(middle) * COARSENESS)
    rise = max(math.sqrt(weight * (own[1, f] * own[1, f]) + lent), least) * widen
    fall = max(math.sqrt(weight * (own[2, f] * own[2, f]) + lent), least) * widen
    return middle, rise, fall


@inner
def _shares(length: int, young: float) -> F64:
    """By the number of values, (length + 1, 3): how much the own past weighs, how much others do,
    and by what factor the next value spreads wider than those that are known."""
    out = np.empty((length + 1, 3))
    for count in range(length + 1):
        weight = count * count / (count * count + young * young)
        out[count, 0], out[count, 1] = weight, 1.0 - weight
        out[count, 2] = math.sqrt(1.0 + 1.0 / max(float(count), 1.0))
    return out
