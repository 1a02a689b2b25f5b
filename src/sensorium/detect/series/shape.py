"""Whether the latest rows of a series have a shape like some before: its left matrix profile.

A series that repeats itself (:mod:`.period`) is cut into windows of one period, one for each row
that ends it. Each is laid over every earlier window that it does not overlap, each without its
mean; the root of the mean square of what differs from the most alike one, in standard deviations
of the series, is the window's *distance* (discords: Yeh et al. 2016, "Matrix profile I"; only
windows before it count, as in Lu et al. 2022, "Matrix profile XXIV"). Amplitudes are left as they
are: a flattened cycle is as odd as a missing one.

Dot products are carried on from row to row, one for each lag, so that a row takes time
proportional to the rows looked back at and not to the length of the window. Now and then the scale
is taken anew, the products are made afresh, and it is looked whether the period still holds.

A window is odd that is farther from every other than windows used to be, and by no little.
Windows are learned from once they are over, so that no shape makes itself usual while it lasts.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from sensorium.detect.arrays import F64, I64
from sensorium.detect.series.period import LIKENESS, covered, level, likeness, period
from sensorium.ingest.compiled import inner, kernel

LOOK_BACK: Final = 4096
"""Rows that are kept and compared with, where nothing else is said."""
TIMES_SEEN: Final = 8
"""A series repeats itself when it has done so this often."""
_LEAVING: Final = 1
"""The row kept that no window compared has: a product is carried on with the row that leaves."""
_FIRST_LOOK: Final = 128
_KNOWN_AFTER: Final = 3
"""Periods after which the distance to the nearest window says something of later ones."""
_EXTREME: Final = 512
"""One in so many values, on each side, is an outlier that sets no scale."""
BELIEVED: Final = 1.0
"""Ranges beyond that of all others up to which an outlier is believed."""
_ROUNDING: Final = 1e-9
"""No mean square that is smaller can be told from rounding."""
_WORTH_TELLING: Final = 0.5
_NOTHING: Final = 1e-12
"""Values that differ by less than this share of their size are equal."""
_TINY: Final = 1e-290
_MORE: Final = 1.1
"""Of odd windows that overlap only what is odder by so much than the last one told counts."""
_NEVER: Final = -(2**40)
_ADAPTS: Final = 8.0
"""Periods of nothing but odd windows after which those are what is usual."""


class Shapes(NamedTuple):
    """What is kept of the last ``n`` rows, the latest first, from ``clock[HERE]`` on.

    ``values`` (n,): as they came, by row. ``scaled``, ``mean``, ``variance`` float64 (2n,), each
    written twice so that any n are in one piece: the values in standard deviations, and mean and
    variance of the window that ends there. ``products`` (n,): of the latest window with the one
    that ended so many rows before. ``distances`` (n / 8,), as many as the longest period has rows:
    of the latest windows, by row. ``clock`` int64: see below. ``scale``: lowest and highest value
    that is believed, mean, deviation, the largest usual distance, the oddness last told of odd
    windows that overlap.
    """

    values: F64
    scaled: F64
    mean: F64
    variance: F64
    products: F64
    distances: F64
    clock: I64
    scale: F64

    @staticmethod
    def empty(look_back: int = LOOK_BACK) -> Shapes:
        """Nothing known; so many rows will be kept."""
        return Shapes(
            np.zeros(look_back),
            np.zeros(2 * look_back),
            np.zeros(2 * look_back),
            np.zeros(2 * look_back),
            np.zeros(look_back),
            np.full(look_back // TIMES_SEEN, np.nan),
            np.array([0, _FIRST_LOOK, 0, 0, 0, 0, _NEVER]),
            np.array([0.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
        )


ROWS, LOOK_AT, PERIOD, HERE, FILLED, WHOLE, ODD = range(7)
"""Rows taken in; the row of the next look at the period; the period, 0: none; where the latest row
is; rows taken in since that period was found; rows since the latest gap; the latest odd row, by
``FILLED``."""
LOW, HIGH, CENTRE, DEVIATION, USUAL, TOLD = range(6)


@kernel
def shape_oddness(
    shapes: Shapes, x: float, gap: bool, farther: float, least: float, half_life: float
) -> tuple[float, int, int, float, float]:
    """Take a row in; the oddness of the window that it ends, 1 where it is just odd enough.

    That is ``farther`` times the largest usual distance and at least ``least``; the former loses
    half in ``half_life`` rows. 0 where nothing can be said. After a ``gap`` windows begin anew.
    Of what is half as odd or more it is told how long the window is, how many rows before it the
    most alike ended, and the value that differs most with the one that it would have been there.
    """
    clock, size = shapes.clock, len(shapes.values)
    again = _look(shapes) if clock[ROWS] >= clock[LOOK_AT] else 0
    shapes.values[clock[ROWS] % size] = x
    clock[ROWS] += 1
    clock[WHOLE] = 1 if gap else clock[WHOLE] + 1
    odd, rows, ago, seen, expected = 0.0, 0, 0, math.nan, math.nan
    if clock[PERIOD]:
        for row in range(clock[ROWS] - 1 - again, clock[ROWS]):
            distance = _advance(shapes, shapes.values[row % size])
            odd = _judged(shapes, distance, farther, least, half_life)
        if odd >= _WORTH_TELLING:
            rows = clock[PERIOD]
            ago, seen, expected = _told(shapes)
    return odd, rows, ago, seen, expected


@inner
def _judged(
    shapes: Shapes, distance: float, farther: float, least: float, half_life: float
) -> float:
    """The oddness of a distance; what is learned is that of the last window that is over."""
    clock, scale = shapes.clock, shapes.scale
    m, now = clock[PERIOD], clock[FILLED]
    scale[USUAL] *= 0.5 ** (1.0 / half_life)
    limit = max(farther * scale[USUAL], least)
    if now - clock[ODD] >= m:
        scale[TOLD] = 0.0
    if distance > limit:
        clock[ODD] = now
    over = shapes.distances[now % m]
    shapes.distances[now % m] = distance
    if over > scale[USUAL]:
        # Of an odd shape the windows that have part of it are not quite usual either.
        part = 1.0 / (_ADAPTS * m) if now - clock[ODD] < 2 * m else 1.0
        scale[USUAL] += part * (over - scale[USUAL])
    if math.isnan(distance) or now < TIMES_SEEN * m:
        return 0.0
    odd = float(distance / limit)
    if odd <= 1.0:
        return odd
    # What was told stays in the windows of a whole period.
    if odd <= _MORE * scale[TOLD]:
        return 0.0
    scale[TOLD] = odd
    return odd


@inner
def _advance(shapes: Shapes, x: float) -> float:
    """Take a row in; the distance of the window that it ends, NaN where there is nothing yet."""
    clock, scaled, products = shapes.clock, shapes.scaled, shapes.products
    m, size = clock[PERIOD], len(shapes.values)
    here = clock[HERE] = (clock[HERE] - 1) % size
    z = scaled_value(shapes.scale, x)
    leaves = scaled[here + m]
    scaled[here] = scaled[here + size] = z
    clock[FILLED] += 1
    n = min(clock[FILLED], size - _LEAVING)
    # In pieces from their first row on: no index is negative, and several are done at once.
    last = size - m
    sums, enter, leave = products[m:last], scaled[here + m : here + last], scaled[here + 2 * m :]
    for i in range(len(sums)):
        sums[i] += z * enter[i] - leaves * leave[i]
    _moments(shapes, here, m)
    if n < _KNOWN_AFTER * m or clock[WHOLE] < m:
        return math.nan
    square = shapes.variance[here] + _least(shapes, here, m, n - m)
    return math.sqrt(square) if square > _ROUNDING else 0.0


@inner
def scaled_value(scale: F64, x: float) -> float:
    """A value in standard deviations of the series, held to what is believed."""
    return float((min(max(x, scale[LOW]), scale[HIGH]) - scale[CENTRE]) / scale[DEVIATION])


@inner
def _moments(shapes: Shapes, here: int, m: int) -> None:
    """Mean and variance of the window that ends at ``here``."""
    total, square, size = 0.0, 0.0, len(shapes.values)
    for i in range(here, here + m):
        total += shapes.scaled[i]
        square += shapes.scaled[i] ** 2
    mean = total / m
    variance = max(square / m - mean * mean, 0.0)
    shapes.mean[here] = shapes.mean[here + size] = mean
    shapes.variance[here] = shapes.variance[here + size] = variance


@inner
def _adds(shapes: Shapes, here: int, m: int, lag: int) -> float:
    """What the window that ended ``lag`` rows before adds to the variance of the latest, to make

    the mean square of their difference.
    """
    covered = shapes.products[lag] / m - shapes.mean[here] * shapes.mean[here + lag]
    return float(shapes.variance[here + lag] - 2.0 * covered)


@inner
def _least(shapes: Shapes, here: int, m: int, last: int) -> float:
    """The least that a window adds. Two at once: each comparison waits for the one before it."""
    products, mean = shapes.products[m : last + 1], shapes.mean[here + m : here + last + 1]
    variance, mine = shapes.variance[here + m : here + last + 1], shapes.mean[here]
    n, share = len(products), 2.0 / m
    one = other = variance[n - 1] - share * products[n - 1] + 2.0 * mine * mean[n - 1]
    for i in range(0, n - 1, 2):
        one = min(one, variance[i] - share * products[i] + 2.0 * mine * mean[i])
        k = i + 1
        other = min(other, variance[k] - share * products[k] + 2.0 * mine * mean[k])
    return float(min(one, other))


@inner
def _told(shapes: Shapes) -> tuple[int, float, float]:
    """How many rows ago the most alike window ended, the value that differs most, and the one

    that it would be if it did not.
    """
    clock, size = shapes.clock, len(shapes.values)
    m, here, rows = clock[PERIOD], clock[HERE], clock[ROWS] - 1
    ago, least = m, math.inf
    for lag in range(m, min(clock[FILLED], size - _LEAVING) - m + 1):
        adds = _adds(shapes, here, m, lag)
        if adds < least:
            ago, least = lag, adds
    rise = shapes.mean[here] - shapes.mean[here + ago]
    most, seen, expected = -1.0, math.nan, math.nan
    for i in range(m):
        away = abs(shapes.scaled[here + i] - shapes.scaled[here + ago + i] - rise)
        if away > most:
            most = away
            seen = shapes.values[(rows - i) % size]
            expected = shapes.values[(rows - ago - i) % size] + rise * shapes.scale[DEVIATION]
    return ago, seen, expected


@inner
def _look(shapes: Shapes) -> int:
    """Take the scale anew, and see whether the series repeats itself, and after how many rows.

    Where that is news, all is forgotten but the values: how many of them are to be gone over again.
    """
    clock, scale, size = shapes.clock, shapes.scale, len(shapes.values)
    n = min(clock[ROWS], size)
    clock[LOOK_AT] = max(clock[ROWS] + clock[ROWS] // 4, _FIRST_LOOK)
    if clock[ROWS] >= size:
        clock[LOOK_AT] = clock[ROWS] + size // 2
    rows = np.empty(n)
    for i in range(n):
        rows[i] = shapes.values[(clock[ROWS] - n + i) % size]
    before = scale[DEVIATION]
    if not rescale(scale, rows):
        clock[PERIOD] = 0
        return 0
    levelled = np.empty(n)
    for i in range(n):
        levelled[i] = scaled_value(scale, rows[i])
    level(levelled)
    m = clock[PERIOD]
    if m and likeness(levelled, m) >= LIKENESS:
        scale[USUAL] *= before / scale[DEVIATION]
        shapes.distances[:] *= before / scale[DEVIATION]
        _afresh(shapes, rows)
        return 0
    clock[PERIOD] = period(levelled, n // TIMES_SEEN)
    if clock[PERIOD] == 0:
        return 0
    _forget(shapes)
    clock[WHOLE] = n
    return int(min(n, size - _LEAVING))


@inner
def _highest(rows: F64, place: int, sign: float) -> float:
    """The value of a ``place`` among the highest, from 1; of the negatives where ``sign`` is."""
    held = np.full(place, -math.inf)
    for x in rows:
        at = place - 1
        if sign * x <= held[at]:
            continue
        while at > 0 and held[at - 1] < sign * x:
            held[at] = held[at - 1]
            at -= 1
        held[at] = sign * x
    return float(held[place - 1])


@inner
def rescale(scale: F64, rows: F64) -> bool:
    """The scale of the values; false where they do not vary, but for outliers."""
    n = len(rows)
    low, high = -_highest(rows, n // _EXTREME + 1, -1.0), _highest(rows, n // _EXTREME + 1, 1.0)
    spread = high - low
    if spread <= _NOTHING * max(abs(low), abs(high)) or spread < _TINY:
        return False
    scale[LOW], scale[HIGH] = low - BELIEVED * spread, high + BELIEVED * spread
    total = square = 0.0
    for i in range(n):
        share = (min(max(rows[i], scale[LOW]), scale[HIGH]) - low) / spread
        total += share
        square += share * share
    mean = total / n
    scale[CENTRE] = low + mean * spread
    scale[DEVIATION] = spread * math.sqrt(square / n - mean * mean)
    return True


@inner
def _forget(shapes: Shapes) -> None:
    shapes.scaled[:] = 0.0
    shapes.mean[:] = 0.0
    shapes.variance[:] = 0.0
    shapes.products[:] = 0.0
    shapes.distances[:] = math.nan
    shapes.scale[USUAL] = shapes.scale[TOLD] = 0.0
    shapes.clock[HERE] = shapes.clock[FILLED] = 0
    shapes.clock[ODD] = _NEVER


@inner
def _afresh(shapes: Shapes, rows: F64) -> None:
    """All that is made of the rows that are kept, on a new scale: rounding does not add up."""
    m, here, n, size = shapes.clock[PERIOD], shapes.clock[HERE], len(rows), len(shapes.values)
    for i in range(n):
        at = (here + i) % size
        z = scaled_value(shapes.scale, rows[n - 1 - i])
        shapes.scaled[at] = shapes.scaled[at + size] = z
    for i in range(n - m + 1):
        _moments(shapes, (here + i) % size, m)
    window = shapes.scaled[here : here + m]
    for lag in range(m, size - m):
        shapes.products[lag] = covered(window, shapes.scaled[here + lag : here + lag + m])
