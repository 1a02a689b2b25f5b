"""The score of each row of one series, from the rows before it alone: the kernel.

A row's *oddness* is the largest of four, each in units of what is just odd enough:

- how far its value is from every value known (:mod:`.known`);
- how unusual the mean of the last rows is for the time of day, and
- for the time of the week (:mod:`.season`), as improbabilities (:mod:`.rarity`);
- how far the shape of the latest rows is from every shape before, where a series repeats itself
  (:mod:`.shape`).

Its *score* is that oddness after a budget: each alarm makes the next ones dearer for a while, and
for some rows after an alarm only what is odder than it counts.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from sensorium.detect.arrays import F64, I64
from sensorium.detect.series import known as values
from sensorium.detect.series.known import KnownValues
from sensorium.detect.series.rarity import Rarity, decades, learn
from sensorium.detect.series.season import Season, expected, visit
from sensorium.detect.series.shape import Shapes, shape_oddness
from sensorium.ingest.compiled import kernel

DAY_NS: Final = 86_400 * 10**9
WEEK_NS: Final = 7 * DAY_NS

NOTHING, VALUE, DAY, WEEK, SHAPE = 0, 1, 2, 3, 4
"""What made a row odd."""
ALARM: Final = 1.0
"""The score from which a row is an alarm."""
_NEARLY: Final = 0.5
"""The score from which a row costs budget: what is nearly an alarm counts in part."""
CLAIMED: Final = 12.0
"""Decades of improbability at most: fewer scores are remembered than it would take to know."""
_LEAST_ODDNESS: Final = 0.1
"""The tail of oddness is at least so wide."""
_FIRST: Final = 100
"""Rows in which nearly every value is new: how odd they are says nothing of later ones."""
_LARGEST: Final = 1e300
"""Values are taken for no larger than this, so that differences are finite."""


class Constants(NamedTuple):
    """What is odd enough. One set for all series."""

    new_share: float = 0.012
    """A value is new where no known one is within this share of the known range."""
    day_decades: float = 4.5
    """A mean is odd for the time of day where chance brings it once in 10 to the power of this."""
    week_decades: float = 3.5
    """The same for the time of the week."""
    day_after: int = 5
    """Days of history before times of day are compared."""
    week_after: int = 2
    """Weeks of history before times of the week are compared."""
    day_scores: float = 200.0
    """Comparisons before they are judged, of days and of weeks."""
    week_scores: float = 400.0
    least_excess: float = 0.001
    """The tail of those comparisons is at least so wide, as a share of the range."""
    shape_farther: float = 1.5
    """A shape is odd that is so many times farther from all others than shapes usually are,"""
    shape_least: float = 0.5
    """and by at least so many standard deviations of the series, in the mean of squares."""
    shape_half_life: float = 8000.0
    """Rows after which the largest usual distance of shapes is halved."""
    dearer: float = 0.5
    """Each recent alarm raises what the next one takes by this share."""
    half_life: float = 1500.0
    """Rows after which an alarm weighs half as much in that."""
    covered: float = 1 / 3
    """For so long after an alarm, as a share of the history, only what is odder counts."""


class Memory(NamedTuple):
    """All that is kept of a series between rows.

    ``recent`` (12,) the latest values in a ring. ``clock`` int64: rows scored, first time, latest
    time, values in the ring since the latest gap, rows since which the latest alarm was, rows that
    an alarm covers. ``level`` float64: weight of recent alarms, score of the latest alarm.
    """

    known: KnownValues
    day: Season
    week: Season
    day_rarity: Rarity
    week_rarity: Rarity
    rarity: Rarity
    shapes: Shapes
    recent: F64
    clock: I64
    level: F64


ROWS, FIRST, LATEST, FILLED, LAST_ALARM, COVERED = range(6)
ALARMS, ALARM_SCORE = range(2)


class Rows(NamedTuple):
    """What is said of each row; NaN where the value was missing or nothing can be said.

    ``score`` after the budget, ``oddness`` before it, ``decades`` -log10 of the tail probability
    of the oddness, ``reason`` which of the four it was, ``seen`` what was judged (the value or
    the mean), ``reference`` the nearest known to it, ``low`` and ``high`` the known range. Of
    an odd shape ``seen`` is the value that differs most and ``reference`` what it would have been,
    ``length`` how many rows the shape has, and ``ago`` how many rows before it the most alike
    ended.
    """

    score: F64
    oddness: F64
    decades: F64
    reason: I64
    seen: F64
    reference: F64
    low: F64
    high: F64
    length: I64
    ago: I64

    @staticmethod
    def blank(n: int) -> Rows:
        """Nothing said of ``n`` rows."""
        score, oddness, improbable, seen, reference, low, high = np.full((7, n), np.nan)
        reason, length, ago = np.zeros((3, n), np.int64)
        return Rows(score, oddness, improbable, reason, seen, reference, low, high, length, ago)


@kernel
def _recent_mean(memory: Memory, time_ns: int, x: float) -> float:
    """The mean of the last 12 rows, or of those since the latest gap as long as 12 rows."""
    clock, size = memory.clock, len(memory.recent)
    row = clock[ROWS]
    if row > 1 and (time_ns - clock[LATEST]) * (row - 1) > size * (clock[LATEST] - clock[FIRST]):
        clock[FILLED] = 0
    memory.recent[row % size] = x
    clock[FILLED] = min(clock[FILLED] + 1, size)
    total = 0.0
    for i in range(clock[FILLED]):
        total += memory.recent[(row - i) % size]
    return float(total / clock[FILLED])


@kernel
def _seasonal(
    season: Season,
    rarity: Rarity,
    time_ns: int,
    mean: float,
    spread: float,
    since: float,
    scores: float,
    least: float,
) -> tuple[float, float]:
    """Decades of improbability of the mean at its time, and the nearest mean known at that time.

    ``since`` is negative as long as there is too little history.
    """
    reference = expected(season, time_ns, mean)
    visit(season, time_ns, mean)
    if since < 0.0 or spread <= 0.0 or math.isnan(reference):
        return 0.0, math.nan
    away = min(abs(mean - reference) / spread, values.FARTHEST)
    improbable = decades(rarity, away, least) if rarity.total[0] >= scores else 0.0
    learn(rarity, away)
    return improbable, reference


@kernel
def _within_budget(memory: Memory, oddness: float, constants: Constants) -> float:
    clock, level = memory.clock, memory.level
    level[ALARMS] *= 0.5 ** (1.0 / constants.half_life)
    score = oddness / (1.0 + constants.dearer * level[ALARMS])
    apart = clock[ROWS] - clock[LAST_ALARM] >= clock[COVERED]
    if not apart and score <= level[ALARM_SCORE]:
        return 0.0
    if apart and score > _NEARLY:
        level[ALARMS] += min(score, 1.0)
    if score >= _NEARLY or (apart and score > 0.0):
        clock[LAST_ALARM] = clock[ROWS]
        level[ALARM_SCORE] = score
    return float(score)


@kernel
def score_rows(times: I64, xs: F64, timed: bool, memory: Memory, c: Constants, rows: Rows) -> None:
    """Score rows in order, each before it is taken in. Values that are not finite are skipped."""
    clock = memory.clock
    for i in range(len(xs)):
        x = xs[i]
        if not math.isfinite(x):
            continue
        x = max(-_LARGEST, min(_LARGEST, x))
        time_ns = times[i] if timed else 0
        if clock[ROWS] == 0:
            clock[FIRST] = time_ns
        n = memory.known.size[0]
        low = memory.known.values[0] if n else x
        high = memory.known.values[n - 1] if n else x
        oddness, reason = values.novelty(memory.known, x) / c.new_share, VALUE
        seen, reference = x, values.nearest(memory.known, x)
        values.remember(memory.known, x, clock[ROWS])
        if timed:
            mean = _recent_mean(memory, time_ns, x)
            age = time_ns - clock[FIRST]
            found, usual = _seasonal(
                memory.day, memory.day_rarity, time_ns, mean, high - low,
                age - c.day_after * DAY_NS, c.day_scores, c.least_excess,
            )  # fmt: skip
            if found / c.day_decades > oddness:
                oddness, reason = found / c.day_decades, DAY
                seen, reference = mean, usual
            found, usual = _seasonal(
                memory.week, memory.week_rarity, time_ns, mean, high - low,
                age - c.week_after * WEEK_NS, c.week_scores, c.least_excess,
            )  # fmt: skip
            if found / c.week_decades > oddness:
                oddness, reason = found / c.week_decades, WEEK
                seen, reference = mean, usual
        gap = clock[ROWS] > 0 and clock[FILLED] == 1
        found, length, ago, differs, other = shape_oddness(
            memory.shapes, x, gap, c.shape_farther, c.shape_least, c.shape_half_life
        )
        if found > oddness:
            oddness, reason = found, SHAPE
            seen, reference = differs, other
            rows.length[i], rows.ago[i] = length, ago
        rows.oddness[i], rows.reason[i] = oddness, reason if oddness > 0.0 else NOTHING
        rows.seen[i], rows.reference[i], rows.low[i], rows.high[i] = seen, reference, low, high
        rows.decades[i] = min(decades(memory.rarity, oddness, _LEAST_ODDNESS), CLAIMED)
        if clock[ROWS] >= _FIRST:
            learn(memory.rarity, oddness)
        rows.score[i] = _within_budget(memory, oddness, c)
        clock[LATEST] = time_ns
        clock[ROWS] += 1
