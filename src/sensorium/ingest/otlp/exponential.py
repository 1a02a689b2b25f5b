"""Exponential histograms as histograms with bounds, merged to a coarser scale where they must.

A bucket of index ``i`` at scale ``s`` holds what is greater than ``base ** i`` and at most
``base ** (i + 1)``, with ``base = 2 ** (2 ** -s)`` (OpenTelemetry metrics data model,
"ExponentialHistogram"). One step down in scale merges each two neighbours exactly. What the
doubles have no bound for is counted with zero or beyond the last bound.
"""

from __future__ import annotations

import math
from typing import Any, Final

from sensorium.ingest.compiled import inner
from sensorium.ingest.memory import put_total, total
from sensorium.ingest.otlp import points
from sensorium.ingest.otlp.wire import varint

_FURTHEST: Final = 1 << 40


@inner
def _limits(scale: int) -> tuple[int, int]:
    """The lowest and highest index whose bounds are normal doubles."""
    if scale >= 0:
        return -1022 << scale, (1023 << scale) - 1
    return -(1022 >> -scale), (1023 >> -scale) - 1


@inner
def _span(data: int, at: int, length: int, offset: int) -> tuple[int, int, bool]:
    """The lowest and highest index that something was counted in, and whether all is well."""
    lowest, highest = _FURTHEST, -_FURTHEST
    index, end = offset, at + length
    while at < end:
        value, at = varint(data, at, end)
        if at < 0:
            return lowest, highest, False
        if value != 0:
            lowest = min(lowest, index)
            highest = index
        index += 1
    return lowest, highest, True


@inner
def _within(lowest: int, highest: int, shift: int, scale: int) -> tuple[int, int]:
    """First index and number of buckets of a span that is merged by ``shift``."""
    if lowest > highest:
        return 0, 0
    least, most = _limits(scale)
    first, last = max(lowest >> shift, least), min(highest >> shift, most)
    return (first, last - first + 1) if last >= first else (0, 0)


@inner
def shape_of(data: int, row: int, most: int, finest: int, threshold: int, shape: int) -> int:
    """Write the SHAPE that a point's buckets are merged to; -1 where they are malformed."""
    at, length = total(row, points.AT), total(row, points.LENGTH)
    lowest, highest, well = _span(data, at, length, total(row, points.OFFSET))
    at, length = total(row, points.NEGATIVE_AT), total(row, points.NEGATIVE_LENGTH)
    below, above, fine = _span(data, at, length, total(row, points.NEGATIVE_OFFSET))
    if not (well and fine):
        return -1
    stated = total(row, points.SCALE)
    scale = min(stated, finest)
    while True:
        first, count = _within(lowest, highest, stated - scale, scale)
        negative, negatives = _within(below, above, stated - scale, scale)
        if count + negatives < most or scale <= -10:
            break
        scale -= 1
    put_total(shape, 0, scale)
    put_total(shape, 1, first)
    put_total(shape, 2, count)
    put_total(shape, 3, negative)
    put_total(shape, 4, negatives)
    put_total(shape, 5, threshold)
    return 0


@inner
def merged(data: int, row: int, shape: int, counts: Any) -> None:
    """The cumulative count at each bound, lowest bound first, into ``counts``.

    Bounds are those of the negative buckets, zero's threshold, and those of the positive ones.
    """
    negatives, count = total(shape, 4), total(shape, 2)
    for i in range(negatives + count + 1):
        counts[i] = 0
    shift = total(row, points.SCALE) - total(shape, 0)
    counts[negatives] = total(row, points.ZERO)
    at, end = total(row, points.AT), total(row, points.AT) + total(row, points.LENGTH)
    index = total(row, points.OFFSET)
    while at < end:
        value, at = varint(data, at, end)
        place = (index >> shift) - total(shape, 1)
        if count == 0 and value != 0:
            place = -1 if index < 0 else 0
        if place < count:
            counts[negatives + 1 + max(place, -1)] += value
        index += 1
    at = total(row, points.NEGATIVE_AT)
    end = at + total(row, points.NEGATIVE_LENGTH)
    index = total(row, points.NEGATIVE_OFFSET)
    while at < end:
        value, at = varint(data, at, end)
        place = (index >> shift) - total(shape, 3)
        if negatives == 0 and value != 0:
            place = -1 if index < 0 else 0
        # The greatest index is the lowest bound; what is beyond it is below every bound.
        counts[min(max(negatives - 1 - place, 0), negatives)] += value
        index += 1
    for i in range(1, negatives + count + 1):
        counts[i] += counts[i - 1]


def bounds_of(scale: int, first: int, count: int, negative: int, negatives: int) -> list[float]:
    """The bounds that belong to :func:`merged`'s counts, but for zero's threshold.

    Those of negative buckets are the ends nearer to zero, which the buckets do not include: the
    model's buckets are closed on the side away from zero, ``le`` on the upper.
    """
    below = [-_power(scale, index) for index in range(negative + negatives - 1, negative - 1, -1)]
    return below + [_power(scale, index + 1) for index in range(first, first + count)]


def _power(scale: int, index: int) -> float:
    """``base ** index``; exact where that is a power of two."""
    if scale <= 0:
        return math.ldexp(1.0, index << -scale)
    whole, part = divmod(index, 1 << scale)
    return math.ldexp(2.0 ** (part / (1 << scale)), whole)
