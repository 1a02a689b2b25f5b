"""The shapes (:mod:`.shape`) of many series side by side: tables with a row for each.

A service gives a series less room than ``sensorium detect`` does: of each the last
:data:`LOOK_BACK` rows are kept, in :data:`BYTES`, and a period has at most :data:`LONGEST` rows.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.series.period import level, period
from sensorium.detect.series.shape import (
    BELIEVED,
    FILLED,
    HERE,
    HIGH,
    LOOK_AT,
    LOW,
    PERIOD,
    ROWS,
    TIMES_SEEN,
    WHOLE,
    Shapes,
    rescale,
    scaled_value,
    shape_oddness,
)
from sensorium.ingest.compiled import inner, kernel
from sensorium.state.arrays import State, StateError, taken

LOOK_BACK: Final = 1024
"""Rows kept of each series."""
LONGEST: Final = LOOK_BACK // TIMES_SEEN
"""Rows of the longest period."""
BYTES: Final = sum(part.nbytes for part in Shapes.empty(LOOK_BACK))
"""What a series takes."""

FARTHER: Final = 1.5
LEAST: Final = 0.5
HALF_LIFE: Final = 8000.0
"""What is odd, as in :class:`sensorium.detect.series.scoring.Constants`."""

ODDNESS, LENGTH, AGO, SEEN, EXPECTED, KNOWN = range(6)
"""What is told of a row: how odd the window that it ends is, 1 being just odd enough; its length,
how many rows before it the most alike ended, the value that differs most and what it would have
been; and how many rows the usual distances rest on."""
TOLD: Final = 6
_BESIDE: Final = 0.25
"""Shares of the range beyond which a value is out of it."""
_NEARLY: Final = 2
"""Rows by which the period of few values is wrong."""
_TWICE: Final = ("scaled", "mean", "variance")


class ShapeTables:
    """The shapes of series, by row, numbers given by others."""

    def __init__(self) -> None:
        self.many = _tables(0)
        self._blank = Shapes.empty(LOOK_BACK)
        self._scratch = Shapes.empty(LOOK_BACK)

    def make_room(self, rows: int) -> None:
        """For so many rows."""
        more = rows - len(self.many.clock)
        if more > 0:
            more = max(more, len(self.many.clock) // 2)
            both = zip(self.many, _tables(more), strict=True)
            self.many = Shapes._make(np.concatenate(pair) for pair in both)

    def begin(self, row: int, values: F64, after: int) -> None:
        """Forget what a row knows, and take values in order in.

        They seem to repeat themselves ``after`` so many rows; it is looked whether they do as soon
        as they can have often enough.
        """
        begin(row, values, self.many, self._blank)
        clock = self.many.clock[row]
        if clock[PERIOD] == 0:
            clock[LOOK_AT] = max(TIMES_SEEN * (after + _NEARLY), clock[ROWS])

    def judge(self, rows: I64, values: F64, gaps: Bool) -> F64:
        """What each value (n,) makes of its series, (n, TOLD); nothing is changed.

        NaN where nothing can be said: of what does not repeat itself, or has not for long enough,
        and of windows across a gap.
        """
        out = np.empty((len(rows), TOLD))
        judge(rows, values, gaps, self.many, self._scratch, out)
        return out

    def take(self, rows: I64, values: F64, gaps: Bool) -> None:
        """Take one value each of distinct rows in; after a gap windows begin anew."""
        take(rows, values, gaps, self.many)

    def clock(self, rows: I64, which: int) -> I64:
        """A number of the clocks of some rows."""
        return np.asarray(self.many.clock[rows, which], np.int64)

    def usual(self, rows: I64, values: F64) -> Bool:
        """Whether values (n,) are within the range of their rows', outliers and a little aside."""
        low, high = self.many.scale[rows, LOW], self.many.scale[rows, HIGH]
        beyond = (1.0 - _BESIDE) * (high - low) / (1.0 + 2.0 * BELIEVED)
        return np.asarray((values >= low + beyond) & (values <= high - beyond), np.bool_)

    def state(self, rows: int) -> State:
        """What the first ``rows`` know; what is written twice is kept once."""
        return {
            name: part[:rows, : LOOK_BACK if name in _TWICE else None].copy()
            for name, part in zip(Shapes._fields, self.many, strict=True)
        }

    def restore(self, state: State, rows: int) -> None:
        """Take over what :meth:`state` gave."""
        parts = []
        for name, part in zip(Shapes._fields, _tables(0), strict=True):
            width = LOOK_BACK if name in _TWICE else part.shape[1]
            once = taken(state, name, part.dtype, rows, width)
            parts.append(np.tile(once, 2) if name in _TWICE else once)
        many = Shapes(*parts)
        here, period_ = many.clock[:, HERE], many.clock[:, PERIOD]
        fits = (here >= 0) & (here < LOOK_BACK) & (period_ >= 0) & (period_ <= LONGEST)
        if not fits.all() or (many.clock[:, : FILLED + 1] < 0).any():
            raise StateError("a kept state has shapes of rows that are not kept")
        self.many = many


def _tables(rows: int) -> Shapes:
    """So many rows of nothing known: each array of :class:`Shapes` with one dimension more."""
    return Shapes._make(np.repeat(part[None], rows, axis=0) for part in Shapes.empty(LOOK_BACK))


@kernel
def judge(rows: I64, values: F64, gaps: Bool, many: Shapes, scratch: Shapes, out: F64) -> None:
    """See :meth:`ShapeTables.judge`; nothing is changed but ``scratch``."""
    for i in range(len(rows)):
        out[i, :] = math.nan
        clock = many.clock[rows[i]]
        m = clock[PERIOD]
        if m == 0 or clock[FILLED] < TIMES_SEEN * m or gaps[i] or clock[WHOLE] < m - 1:
            continue
        odd, length, ago, seen, expected = _tried(_row(many, rows[i]), values[i], scratch)
        out[i, ODDNESS], out[i, LENGTH], out[i, AGO] = odd, length, ago
        out[i, SEEN], out[i, EXPECTED] = seen, expected
        out[i, KNOWN] = clock[FILLED]


@kernel
def take(rows: I64, values: F64, gaps: Bool, many: Shapes) -> None:
    """See :meth:`ShapeTables.take`."""
    for i in range(len(rows)):
        one = _row(many, rows[i])
        shape_oddness(one, values[i], gaps[i], FARTHER, LEAST, HALF_LIFE)


@kernel
def begin(row: int, values: F64, many: Shapes, blank: Shapes) -> None:
    """See :meth:`ShapeTables.begin`; a ``blank`` one knows nothing."""
    one = _row(many, row)
    _copy(blank, one)
    for x in values:
        shape_oddness(one, x, False, FARTHER, LEAST, HALF_LIFE)


@kernel
def repeats_after(values: F64, times: int) -> int:
    """After how many rows values repeat themselves, if they did ``times`` times; 0: they do not.

    As :mod:`.shape` sees it: without outliers, and a straight line taken off.
    """
    scale = np.zeros(6)
    if not rescale(scale, values):
        return 0
    levelled = np.empty(len(values))
    for i in range(len(values)):
        levelled[i] = scaled_value(scale, values[i])
    level(levelled)
    return int(period(levelled, min(len(values) // times, LONGEST)))


@inner
def _tried(one: Shapes, x: float, scratch: Shapes) -> tuple[float, int, int, float, float]:
    """What a row would be told of a value.

    But for a look at the period it changes one place of each of the longer arrays, which is put
    back: to copy them takes longer than all the rest.
    """
    clock = one.clock
    if clock[ROWS] >= clock[LOOK_AT]:
        _copy(one, scratch)
        return shape_oddness(scratch, x, False, FARTHER, LEAST, HALF_LIFE)
    scratch.products[:] = one.products
    scratch.clock[:] = clock
    scratch.scale[:] = one.scale
    row, here = clock[ROWS] % LOOK_BACK, (clock[HERE] - 1) % LOOK_BACK
    last = (clock[FILLED] + 1) % clock[PERIOD]
    value, distance = one.values[row], one.distances[last]
    scaled, mean, variance = one.scaled[here], one.mean[here], one.variance[here]
    tried = Shapes(
        one.values,
        one.scaled,
        one.mean,
        one.variance,
        scratch.products,
        one.distances,
        scratch.clock,
        scratch.scale,
    )
    told = shape_oddness(tried, x, False, FARTHER, LEAST, HALF_LIFE)
    one.values[row], one.distances[last] = value, distance
    for at in (here, here + LOOK_BACK):
        one.scaled[at], one.mean[at], one.variance[at] = scaled, mean, variance
    return told


@inner
def _row(many: Shapes, row: int) -> Shapes:
    return Shapes(
        many.values[row],
        many.scaled[row],
        many.mean[row],
        many.variance[row],
        many.products[row],
        many.distances[row],
        many.clock[row],
        many.scale[row],
    )


@inner
def _copy(one: Shapes, other: Shapes) -> None:
    other.values[:] = one.values
    other.scaled[:] = one.scaled
    other.mean[:] = one.mean
    other.variance[:] = one.variance
    other.products[:] = one.products
    other.distances[:] = one.distances
    other.clock[:] = one.clock
    other.scale[:] = one.scale
