"""One data point of each kind: what it says, and which series it belongs to."""

from __future__ import annotations

from typing import Final

from sensorium.ingest.compiled import inner
from sensorium.ingest.memory import bits_of, float_of, put_total, total, word
from sensorium.ingest.otlp import points
from sensorium.ingest.otlp.entries import SERIES, entry_of
from sensorium.ingest.otlp.exponential import shape_of
from sensorium.ingest.otlp.wire import FIXED64, LENGTH, VARINT, field, zigzag

_NOT_FINITE: Final = 0x7FF0000000000000
_INT32: Final = 0xFFFFFFFF


@inner
def _common(row: int, number: int, kind: int, value: int, flags: int) -> bool:
    """Take times and flags, which all kinds of points have; whether it was one of them."""
    if number == 2 and kind == FIXED64:
        put_total(row, points.STARTED, value)
    elif number == 3 and kind == FIXED64:
        put_total(row, points.TIME, value)
    elif number == flags and kind == VARINT:
        put_total(row, points.STALE, value & 1)
    else:
        return False
    return True


@inner
def _reject(row: int, reason: int) -> int:
    put_total(row, points.SERIES, -1 - reason)
    return 0


@inner
def scan_number(data: int, at: int, end: int, row: int, table: int, metric: int) -> int:
    """A NumberDataPoint; -1 where it is malformed."""
    first, last, valued = 0, 0, False
    while at < end:
        start = at
        number, kind, value, at = field(data, at, end)
        if at < 0:
            return -1
        if _common(row, number, kind, value, 8):
            continue
        if number == 7 and kind == LENGTH:
            first, last = start if last == 0 else first, at
        elif number == 4 and kind == FIXED64:
            put_total(row, points.VALUE, value)
            valued = True
        elif number == 6 and kind == FIXED64:
            put_total(row, points.VALUE, bits_of(float(value)))
            valued = True
    if not valued and total(row, points.STALE) == 0:
        return _reject(row, points.NO_VALUE)
    series = entry_of(table, SERIES, metric, 0, data + first, last - first, data, 0)
    put_total(row, points.SERIES, series)
    return 0


@inner
def _rising(data: int, at: int, count: int) -> bool:
    """Whether so many doubles are finite and each greater than the one before."""
    before = float_of(-0x10000000000000)  # minus infinity
    for i in range(count):
        bits = word(data, at + 8 * i)
        bound = float_of(bits)
        if not bound > before or bits & _NOT_FINITE == _NOT_FINITE:
            return False
        before = bound
    return True


@inner
def scan_histogram(  # noqa: PLR0911, PLR0912  one branch a field, one return a refusal
    data: int, at: int, end: int, row: int, table: int, metric: int, most: int
) -> int:
    """A HistogramDataPoint with at most ``most`` bounds; -1 where it is malformed."""
    first, last, has_sum, count_runs, bound_runs = 0, 0, 0, 0, 0
    bounds_at, bounds, counts_at, counts = 0, 0, 0, 0
    while at < end:
        start = at
        number, kind, value, at = field(data, at, end)
        if at < 0:
            return -1
        if _common(row, number, kind, value, 10):
            continue
        if number == 9 and kind == LENGTH:
            first, last = start if last == 0 else first, at
        elif number == 4 and kind == FIXED64:
            put_total(row, points.VALUE, value)
        elif number == 5 and kind == FIXED64:
            put_total(row, points.TOTAL, value)
            has_sum = points.HAS_SUM
        elif number == 6:
            count_runs += 1 if kind == LENGTH else 2
            counts_at, counts = at - value, value
        elif number == 7:
            bound_runs += 1 if kind == LENGTH else 2
            bounds_at, bounds = at - value, value
    if total(row, points.STALE):
        counts = bounds = 0
        has_sum = points.HAS_SUM
    elif count_runs > 1 or bound_runs > 1:
        # A run that comes in pieces is lawful, and nobody sends it.
        return _reject(row, points.UNPACKED)
    if counts % 8 or bounds % 8:
        return -1
    if counts != bounds + 8 and counts + bounds != 0:
        return _reject(row, points.BAD_BUCKETS)
    if bounds > 8 * most:
        return _reject(row, points.TOO_MANY_BUCKETS)
    if not _rising(data, bounds_at, bounds >> 3):
        return _reject(row, points.BAD_BUCKETS)
    put_total(row, points.AT, counts_at)
    put_total(row, points.BUCKETS, bounds >> 3)
    traits = has_sum | (bounds >> 3) << points.BUCKETS_SHIFT
    names, size = data + first, last - first
    series = entry_of(table, SERIES, metric, traits, names, size, data + bounds_at, bounds)
    put_total(row, points.SERIES, series)
    return 0


@inner
def _scan_side(data: int, at: int, end: int, row: int, column: int, offset: int) -> int:
    """The buckets on one side of zero; 1 where they come in pieces, -1 where malformed."""
    runs = 0
    while at < end:
        number, kind, value, at = field(data, at, end)
        if at < 0:
            return -1
        if number == 1 and kind == VARINT:
            put_total(row, offset, zigzag(value & _INT32))
        elif number == 2:
            runs += 1 if kind == LENGTH else 2
            put_total(row, column, at - value)
            put_total(row, column + 1, value)
    return 1 if runs > 1 else 0


@inner
def _scan_exponential_field(
    data: int, row: int, number: int, kind: int, value: int, at: int
) -> int:
    """Take a field of a point's buckets; 1 where a run comes in pieces, -1 where malformed."""
    if number == 4 and kind == FIXED64:
        put_total(row, points.VALUE, value)
    elif number == 6 and kind == VARINT:
        put_total(row, points.SCALE, zigzag(value & _INT32))
    elif number == 7 and kind == FIXED64:
        put_total(row, points.ZERO, value)
    elif number == 8 and kind == LENGTH:
        return _scan_side(data, at - value, at, row, points.AT, points.OFFSET)
    elif number == 9 and kind == LENGTH:
        column, offset = points.NEGATIVE_AT, points.NEGATIVE_OFFSET
        return _scan_side(data, at - value, at, row, column, offset)
    return 0


@inner
def scan_exponential(  # noqa: PLR0912  one branch a field
    data: int,
    at: int,
    end: int,
    row: int,
    table: int,
    metric: int,
    most: int,
    finest: int,
    scratch: int,
) -> int:
    """An ExponentialHistogramDataPoint; its shape goes to ``scratch``; -1 where malformed."""
    first, last, has_sum, pieces, threshold = 0, 0, 0, 0, 0
    while at < end:
        start = at
        number, kind, value, at = field(data, at, end)
        if at < 0:
            return -1
        if _common(row, number, kind, value, 10):
            continue
        if number == 1 and kind == LENGTH:
            first, last = start if last == 0 else first, at
        elif number == 5 and kind == FIXED64:
            put_total(row, points.TOTAL, value)
            has_sum = points.HAS_SUM
        elif number == 14 and kind == FIXED64:
            threshold = value
        else:
            found = _scan_exponential_field(data, row, number, kind, value, at)
            if found < 0:
                return -1
            pieces |= found
    if pieces:
        return _reject(row, points.UNPACKED)
    shape = 0
    if total(row, points.STALE):
        has_sum = points.HAS_SUM
    else:
        if not -10 <= total(row, points.SCALE) <= 20 or not float_of(threshold) >= 0.0:
            return _reject(row, points.BAD_BUCKETS)
        if shape_of(data, row, most, finest, threshold, scratch) < 0:
            return -1
        shape = 8 * points.SHAPE
        buckets = total(scratch, 2) + total(scratch, 4) + 1
        put_total(row, points.BUCKETS, buckets)
    traits = has_sum | total(row, points.BUCKETS) << points.BUCKETS_SHIFT
    series = entry_of(table, SERIES, metric, traits, data + first, last - first, scratch, shape)
    put_total(row, points.SERIES, series)
    return 0


@inner
def scan_summary(
    data: int, at: int, end: int, row: int, table: int, metric: int, most: int, scratch: int
) -> int:
    """A SummaryDataPoint; its quantiles' bits go to ``scratch``; -1 where it is malformed."""
    put_total(row, points.AT, at)
    put_total(row, points.LENGTH, end - at)
    first, last, quantiles = 0, 0, 0
    while at < end:
        start = at
        number, kind, value, at = field(data, at, end)
        if at < 0:
            return -1
        if _common(row, number, kind, value, 8):
            continue
        if number == 7 and kind == LENGTH:
            first, last = start if last == 0 else first, at
        elif number == 4 and kind == FIXED64:
            put_total(row, points.VALUE, value)
        elif number == 5 and kind == FIXED64:
            put_total(row, points.TOTAL, value)
        elif number == 6 and kind == LENGTH:
            quantile, _, after = quantile_of(data, at - value, at)
            if after < 0:
                return -1
            put_total(scratch, quantiles, quantile)
            quantiles += 1
    if quantiles > most:
        return _reject(row, points.TOO_MANY_BUCKETS)
    if total(row, points.STALE):
        quantiles = 0
    put_total(row, points.BUCKETS, quantiles)
    traits = points.HAS_SUM | quantiles << points.BUCKETS_SHIFT
    names, size = data + first, last - first
    series = entry_of(table, SERIES, metric, traits, names, size, scratch, 8 * quantiles)
    put_total(row, points.SERIES, series)
    return 0


@inner
def quantile_of(data: int, at: int, end: int) -> tuple[int, int, int]:
    """The bits of a ValueAtQuantile's quantile and value, and -1 where it is malformed."""
    quantile, reached = 0, 0
    while at < end:
        number, kind, value, at = field(data, at, end)
        if at < 0:
            return 0, 0, -1
        if number == 1 and kind == FIXED64:
            quantile = value
        elif number == 2 and kind == FIXED64:
            reached = value
    return quantile, reached, end
