"""What each entity usually does: robust location and spread over its own recent past.

The last values of every row (entity) and feature are kept in order, so that median and spread are
read and not sorted for. While an entity is young its baseline leans on the population.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.histories import Histories
from sensorium.detect.kernels.comparing import sigmas_of
from sensorium.state.arrays import State

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
    """The last ``length`` values of each row and feature, and what they lead one to expect."""

    def __init__(self, floors: F64, length: int, *, population: bool, exact: bool = False) -> None:
        """``population`` leans young rows on all rows; ``exact`` keeps 64-bit values, others are
        kept to a two-thousandth of their size, on the scale of comparison."""
        self._floors = floors
        self._population = population
        self._histories = Histories(len(floors), length, exact=exact)
        self._extremes = _expected_extremes(length)

    @property
    def nbytes(self) -> int:
        """Memory of all histories."""
        return self._histories.nbytes

    def reset(self, rows: I64) -> None:
        """Forget the past of ``rows``; done once for each row before anything else."""
        self._histories.forget(rows)

    def insert(self, rows: I64, values: F64) -> None:
        """Append one value per feature to each of the distinct ``rows``; NaN is a gap."""
        self._histories.insert(rows, values)

    def expect(self, rows: I64) -> Expectation:
        """What is expected of ``rows`` next, from values inserted so far; -1 is a stranger."""
        own = self._histories.describe(rows, self._extremes)
        if not self._population:
            widen = np.sqrt(1.0 + 1.0 / np.maximum(own[4], 1.0))
            rise, fall = (np.maximum(own[side], self._floors) * widen for side in (1, 2))
            return Expectation(own[0], rise, fall, own[4], own[3])
        leaning = self._leaning(rows)
        return Expectation(*leaning, own[4], own[3])

    def state(self) -> State:
        """All histories."""
        return self._histories.state()

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave, for rows that are given to the same entities."""
        self._histories.restore(state)

    def compare(
        self, rows: I64, values: F64, compared: F64, falls: Bool, direct: Bool
    ) -> tuple[F64, F64, F64, F64]:
        """Location, rise and fall expected of rows, and the signed scores of what they are
        ``compared`` by, all (n, f); see :func:`~sensorium.detect.kernels.comparing.sigmas_of`."""
        location, rise, fall = self._leaning(rows)
        odd = np.empty(compared.shape)
        sigmas_of(values, compared, location, rise, fall, falls, direct, odd)
        return location, rise, fall, odd

    def _leaning(self, rows: I64) -> tuple[F64, F64, F64]:
        others = self._like_entities()
        return self._histories.expect(rows, self._extremes, others, self._floors, _YOUNG)

    def _like_entities(self) -> F64:
        """Location, spread within entities and spread between all values, (3, f)."""
        alive = np.flatnonzero(self._histories.steps)
        alive = alive[:: max(1, len(alive) // _POPULATION_ROWS)].copy()
        settled = self._histories.spreads(alive, self._extremes, _SETTLED)
        together = self._histories.together(alive)
        within = _zero_for_nan(_row_median(settled))
        between = np.maximum(_zero_for_nan(together[1]), self._floors)
        return np.stack([together[0], within, between])


def _zero_for_nan(values: F64) -> F64:
    return np.where(np.isnan(values), 0.0, values)


def _row_median(values: F64) -> F64:
    """The median of each row's values, NaN where there are none; NaN are left out."""
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    ordered = np.sort(values, axis=1)
    last = np.maximum(values.shape[1] - np.isnan(values).sum(axis=1) - 1, 0)
    rows = np.arange(len(values))
    lower = last // 2
    low, high = ordered[rows, lower], ordered[rows, np.minimum(lower + 1, last)]
    return np.asarray(low + (0.5 * last - lower) * (high - low), np.float64)


def _expected_extremes(length: int) -> F64:
    """Expected maximum of n standard normals (Blom 1958), for n of 0 to ``length``."""
    normal = NormalDist()
    table = [1.0, 1.0] + [normal.inv_cdf((n - 0.375) / (n + 0.25)) for n in range(2, length + 1)]
    return np.array(table)
