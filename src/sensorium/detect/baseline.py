"""What each entity usually does: robust location and spread over its own recent past.

One matrix holds the last values of every row (entity) and feature. Median and spread come from
sorting it, for all rows at once. While an entity is young its baseline leans on the population.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from sensorium.detect.arrays import F64, I64

_MAD_TO_SIGMA = 1.4826
_Q90_TO_SIGMA = 1.2816
_YOUNG = 3.0
_SETTLED = 5
_POPULATION_ROWS = 500
_SHARES = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
_HALF = np.array([0.5])


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
    """The last ``length`` values of each row and feature, and what they lead one to expect."""

    def __init__(self, floors: F64, length: int, *, population: bool, exact: bool = False) -> None:
        """``population`` leans young rows on all rows; ``exact`` keeps 64-bit values."""
        self._floors = floors
        self._length = length
        self._population = population
        dtype = np.float64 if exact else np.float32
        self._values = np.full((0, len(floors), length), np.nan, dtype)
        self._next = np.zeros(0, np.int64)
        self._extremes = _expected_extremes(length)

    def reset(self, rows: I64) -> None:
        """Forget the past of ``rows``, growing the matrix to hold them."""
        if len(rows) and rows.max() >= len(self._values):
            size = max(int(rows.max()) + 1, 2 * len(self._values), 64)
            grown = np.full((size, *self._values.shape[1:]), np.nan, self._values.dtype)
            grown[: len(self._values)] = self._values
            self._values = grown
            self._next = np.resize(np.concatenate([self._next, np.zeros(size, np.int64)]), size)
        self._values[rows] = np.nan
        self._next[rows] = 0

    def insert(self, rows: I64, values: F64) -> None:
        """Append one value per feature to each of the distinct ``rows``; NaN is a gap."""
        self._values[rows, :, self._next[rows] % self._length] = values
        self._next[rows] += 1

    def expect(self, rows: I64) -> Expectation:
        """What is expected of ``rows`` next, from values inserted so far; -1 is a stranger."""
        known = rows >= 0
        filled = min(int(self._next[rows[known]].max(initial=0)), self._length)
        past = np.full((len(rows), len(self._floors), filled), np.nan)
        past[known] = self._values[rows[known], :, :filled]
        own = self._own(past, self._extremes)
        if not self._population:
            widen = np.sqrt(1.0 + 1.0 / np.maximum(own.seen, 1.0))
            return Expectation(
                own.location,
                np.maximum(own.rise, self._floors) * widen,
                np.maximum(own.fall, self._floors) * widen,
                own.seen,
                own.span,
            )
        return self._lean(own)

    def _own(self, values: F64, extremes: F64) -> Expectation:
        values.sort(axis=2)
        seen = np.isfinite(values).sum(axis=2)
        lowest, low, middle, high, highest = _quantiles(values, seen, _SHARES)
        deviations = np.abs(values - middle[:, :, None])
        deviations.sort(axis=2)
        mad = _MAD_TO_SIGMA * _quantiles(deviations, seen, _HALF)[0]
        # Three estimates of one sigma at three depths of the tail; the largest is believed, so
        # that a burst seen before is no news and half the values being equal proves nothing.
        extreme = extremes[np.minimum(seen, len(extremes) - 1)]
        rise = np.maximum(mad, (high - middle) / _Q90_TO_SIGMA)
        fall = np.maximum(mad, (middle - low) / _Q90_TO_SIGMA)
        return Expectation(
            middle,
            np.maximum(rise, (highest - middle) / extreme),
            np.maximum(fall, (middle - lowest) / extreme),
            seen.astype(np.float64),
            highest - lowest,
        )

    def _lean(self, own: Expectation) -> Expectation:
        location, within, between = self._like_entities()
        weight = own.seen**2 / (own.seen**2 + _YOUNG**2)
        rest = 1.0 - weight
        widen = np.sqrt(1.0 + 1.0 / np.maximum(own.seen, 1.0))

        def lean(spread: F64) -> F64:
            mixed = weight * np.nan_to_num(spread) ** 2 + rest * (within**2 + between**2)
            return np.maximum(np.sqrt(mixed), np.maximum(self._floors, within / 4)) * widen

        return Expectation(
            weight * np.nan_to_num(own.location) + rest * location,
            lean(own.rise),
            lean(own.fall),
            own.seen,
            own.span,
        )

    def _like_entities(self) -> tuple[F64, F64, F64]:
        """Location, spread within entities and spread between all values, per feature."""
        alive = np.flatnonzero(self._next > 0)
        alive = alive[:: max(1, len(alive) // _POPULATION_ROWS)]
        filled = min(int(self._next[alive].max(initial=0)), self._length)
        values = self._values[alive, :, :filled].astype(np.float64)
        own = self._own(values.copy(), self._extremes)
        settled = np.where(own.seen >= _SETTLED, np.maximum(own.rise, own.fall), np.nan)
        # The single largest of all values says nothing about the many: no extremes here.
        together = values.transpose(1, 0, 2).reshape(1, len(self._floors), -1)
        pooled = self._own(together, np.full(1, np.inf))
        within = _column_median(settled)
        between = np.nan_to_num(np.maximum(pooled.rise, pooled.fall)[0])
        return pooled.location[0], np.nan_to_num(within), np.maximum(between, self._floors)


def _column_median(values: F64) -> F64:
    ordered = np.sort(values.T[None, :, :], axis=2)
    median = _quantiles(ordered, np.isfinite(ordered).sum(axis=2), _HALF)
    return np.asarray(median[0, 0], np.float64)


def _quantiles(ordered: F64, seen: I64, shares: F64) -> F64:
    """Quantiles (k, n, f) along the last axis of sorted values (n, f, l), ``seen`` finite."""
    if ordered.shape[2] == 0:
        return np.full((len(shares), *ordered.shape[:2]), np.nan)
    last = np.maximum(seen - 1, 0)[:, :, None]
    place = shares * last
    lower = place.astype(np.int64)
    at_lower = np.take_along_axis(ordered, lower, axis=2)
    at_upper = np.take_along_axis(ordered, np.minimum(lower + 1, last), axis=2)
    found = at_lower + (place - lower) * (at_upper - at_lower)
    return np.asarray(np.moveaxis(found, 2, 0), np.float64)


def _expected_extremes(length: int) -> F64:
    """Expected maximum of n standard normals (Blom 1958), for n of 0 to ``length``."""
    normal = NormalDist()
    table = [1.0, 1.0] + [normal.inv_cdf((n - 0.375) / (n + 0.25)) for n in range(2, length + 1)]
    return np.array(table)
