"""What series were at each half hour of the last week.

The mean of every half hour is kept, by its place in the week, so that a time of day can be compared
with the same on the seven days before, of which one is the same day of the week. A half hour takes
4 bytes a series from when it was first seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import F32, F64, I64, Bool
from sensorium.state.arrays import State, StateError, taken

BIN_NS = 1800 * 1_000_000_000
"""Half an hour."""

_A_DAY, _A_WEEK = 48, 336
_DAYS = 7


@dataclass(frozen=True, slots=True)
class Expected:
    """Of ``n`` series: how far each is ``away`` from the ``nearest`` that it was at this time of
    day, signed, and how far from that day's half hour itself (``spread``); on how many ``days``
    anything is known."""

    away: F64
    spread: F64
    nearest: F64
    days: I64


class Weeks:
    """The means of ``rows`` of series, numbers given by others, in the last week's half hours."""

    def __init__(self) -> None:
        self._means: dict[int, F32] = {}
        self._rows = 0
        self._reference: tuple[int, F32] | None = None

    def forget(self, rows: I64, held: int) -> None:
        """Make ``rows`` as those that were never seen, and make room for ``held`` in all."""
        if held > self._rows:
            self._rows = max(held, self._rows + self._rows // 2)
            for place, means in self._means.items():
                self._means[place] = self._sized(means)
        if len(rows):
            for means in self._means.values():
                means[rows] = np.nan
            self._reference = None

    def put(self, at: int, rows: I64, means: F64) -> None:
        """Keep the means of distinct rows in half hour ``at``, counted since the Unix epoch."""
        place = at % _A_WEEK
        if place not in self._means:
            self._means[place] = self._sized(np.empty(0, np.float32))
        self._means[place][rows] = means
        self._reference = None

    def expect(self, at: int, rows: I64, values: F64) -> Expected:
        """What rows with values (n,) were at this time of day; see :class:`Expected`.

        Once the same time a week ago is known, it and yesterday are what counts; before that, all
        days that are known. A day's half hour has room for what was there half an hour before and
        after.
        """
        low, middle, high = self._days(at)
        n = len(rows)
        away, spread, nearest = np.full(n, np.inf), np.full(n, np.nan), np.full(n, np.nan)
        days, week = np.zeros(n, np.int64), np.isfinite(middle[-1, rows])
        for day in range(_DAYS):
            least, most = low[day, rows].astype(np.float64), high[day, rows].astype(np.float64)
            days += np.isfinite(least)
            close = np.clip(values, least, most)
            counts: Bool = ~week | (day in (0, _DAYS - 1))
            with np.errstate(invalid="ignore"):
                nearer = counts & (np.abs(values - close) < np.abs(away))
            away = np.where(nearer, values - close, away)
            nearest = np.where(nearer, close, nearest)
            spread = np.where(nearer, np.abs(values - middle[day, rows]), spread)
        return Expected(away, spread, nearest, days)

    def state(self, rows: int) -> State:
        """The half hours that are known, and what the first ``rows`` were in each."""
        places = sorted(self._means)
        means = [self._means[place][:rows] for place in places]
        return {
            "places": np.array(places, np.int64),
            "means": np.array(means, np.float32).reshape(len(places), rows),
        }

    def restore(self, state: State, rows: int) -> None:
        """Take over what :meth:`state` gave."""
        places = taken(state, "places", np.int64, None)
        means = taken(state, "means", np.float32, len(places), rows)
        if len(set(places.tolist())) != len(places) or not set(places.tolist()) <= set(
            range(_A_WEEK)
        ):
            raise StateError("a kept state has half hours that no week has")
        self._rows = rows
        self._means = dict(zip(places.tolist(), means, strict=True))
        self._reference = None

    def _days(self, at: int) -> tuple[F32, F32, F32]:
        """The least around this half hour, what was in it, and the most around, of each of the
        seven days before, (7, rows)."""
        if self._reference is None or self._reference[0] != at:
            unknown = np.full(self._rows, np.nan, np.float32)
            days = np.empty((3, _DAYS, self._rows), np.float32)
            for day in range(_DAYS):
                middle = at - (day + 1) * _A_DAY
                near = [self._means.get((middle + by) % _A_WEEK, unknown) for by in (-1, 0, 1)]
                known = np.isfinite(near[1])
                days[0, day] = np.where(known, np.fmin(np.fmin(*near[:2]), near[2]), np.nan)
                days[1, day] = near[1]
                days[2, day] = np.where(known, np.fmax(np.fmax(*near[:2]), near[2]), np.nan)
            self._reference = (at, days)
        return self._reference[1][0], self._reference[1][1], self._reference[1][2]

    def _sized(self, means: F32) -> F32:
        unknown = np.full(self._rows - len(means), np.nan, np.float32)
        return np.concatenate([means, unknown])
