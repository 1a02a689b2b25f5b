"""What each entity usually does: robust location and spread over its own recent past.

One matrix holds the last values of every row (entity) and feature, in order, so that median and
spread are read from it. While an entity is young its baseline leans on the population.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from sensorium.detect.arrays import F64, I64
from sensorium.detect.kernels.histories import describe_rows, insert_values, lean_on_others
from sensorium.detect.kernels.selecting import describe_together

_YOUNG = 3.0
_SETTLED = 5
_POPULATION_ROWS = 500


@dataclass(frozen=True, slots=True)
class Expectation:
    """Per row and feature, (n, f), on the scale of comparison.

    ``rise`` and ``fall`` are the spreads above and below ``location``; NaN where nothing is
    known. ``seen`` counts the values of the entity's own past; ``span`` is max - min of them.
    """

    location: F64
    rise: F64
    fall: F64
    seen: F64
    span: F64

    def sigmas(self, values: F64) -> F64:
        """Signed robust scores of values (n, f), limited to a million."""
        away = values - self.location
        spread = np.where(away >= 0, self.rise, self.fall)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.clip(away / spread, -1e6, 1e6)


class Baseline:
    """The last ``length`` values of each row and feature, and what they lead one to expect.

    Values are kept in order, with the time of each: 5 bytes a value, 9 where they are ``exact``,
    one more for histories of over 256.
    """

    def __init__(
        self, floors: F64, length: int, capacity: int, *, population: bool, exact: bool = False
    ) -> None:
        """``capacity`` bounds the rows; ``population`` leans young rows on all rows; ``exact``
        keeps 64-bit values."""
        self._floors = floors
        self._length = length
        self._population = population
        # All rows at once: the system gives memory to those that are written, and none is copied.
        self._values = np.zeros(
            (capacity, len(floors), length), np.float64 if exact else np.float32
        )
        self._slots = np.zeros(self._values.shape, np.uint8 if length <= 256 else np.uint16)
        self._counts = np.zeros((capacity, len(floors)), np.int32)
        self._next = np.zeros(capacity, np.int64)
        self._rows = 0
        self._extremes = _expected_extremes(length)

    def reset(self, rows: I64) -> None:
        """Forget the past of ``rows``."""
        self._rows = max(self._rows, int(rows.max(initial=-1)) + 1)
        self._counts[rows] = 0
        self._next[rows] = 0

    def insert(self, rows: I64, values: F64) -> None:
        """Append one value per feature to each of the distinct ``rows``; NaN is a gap."""
        kept = self._values, self._slots, self._counts, self._next
        insert_values(rows, np.ascontiguousarray(values, np.float64), *kept)

    def expect(self, rows: I64) -> Expectation:
        """What is expected of ``rows`` next, from values inserted so far; -1 is a stranger."""
        own = self._own(rows)
        if not self._population:
            widen = np.sqrt(1.0 + 1.0 / np.maximum(own[4], 1.0))
            rise, fall = (np.maximum(own[side], self._floors) * widen for side in (1, 2))
            return Expectation(own[0], rise, fall, own[4], own[3])
        location, rise, fall = (np.empty(own.shape[1:]) for _ in range(3))
        lean_on_others(own, self._like_entities(), self._floors, location, rise, fall, _YOUNG)
        return Expectation(location, rise, fall, own[4], own[3])

    def _own(self, rows: I64) -> F64:
        """Location, rise, fall, span and number of values, (5, n, f), of each row's own past."""
        own = np.empty((5, len(rows), len(self._floors)))
        describe_rows(np.asarray(rows, np.int64), self._values, self._counts, self._extremes, own)
        return own

    def _like_entities(self) -> F64:
        """Location, spread within entities and spread between all values, (3, f)."""
        alive = np.flatnonzero(self._next[: self._rows] > 0)
        alive = alive[:: max(1, len(alive) // _POPULATION_ROWS)]
        own = self._own(alive)
        settled = np.where(own[4] >= _SETTLED, np.maximum(own[1], own[2]), np.nan)
        together = np.empty((2, len(self._floors)))
        describe_together(alive, self._values, self._counts, together)
        within = np.nan_to_num(_column_median(settled))
        between = np.maximum(np.nan_to_num(together[1]), self._floors)
        return np.stack([together[0], within, between])


def _column_median(values: F64) -> F64:
    """The median of each column's finite values, NaN where there are none."""
    ordered = np.sort(values, axis=0)
    last = np.maximum(np.isfinite(values).sum(axis=0) - 1, 0)
    if not len(ordered):
        return np.full(values.shape[1], np.nan)
    columns = np.arange(values.shape[1])
    lower = last // 2
    low, high = ordered[lower, columns], ordered[np.minimum(lower + 1, last), columns]
    return np.asarray(low + (0.5 * last - lower) * (high - low), np.float64)


def _expected_extremes(length: int) -> F64:
    """Expected maximum of n standard normals (Blom 1958), for n of 0 to ``length``."""
    normal = NormalDist()
    table = [1.0, 1.0] + [normal.inv_cdf((n - 0.375) / (n + 0.25)) for n in range(2, length + 1)]
    return np.array(table)
