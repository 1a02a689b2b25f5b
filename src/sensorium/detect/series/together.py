"""Several series of one host scored together, row by row: is this combination of values usual?

Each column is centred and scaled by its history. A row's *oddness* is the squared Mahalanobis
distance of what is left (Mahalanobis 1936), with the covariance shrunk towards a multiple of the
identity (Ledoit & Wolf 2004), divided by the number of columns and averaged over the last four
rows. After each row the centre moves a little and the covariance takes the row in; the odder a row
the less it teaches, so that an incident does not become usual by lasting.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from sensorium.detect.arrays import F64, I64
from sensorium.detect.series.counter import increases, is_counter
from sensorium.detect.series.rarity import Rarity, decades, learn
from sensorium.errors import SensoriumError
from sensorium.ingest.compiled import kernel, read_only

COLUMNS_AT_MOST: Final = 512
"""Time and memory grow with the square of the number of columns."""
BLAMED: Final = 3
"""For so many columns it is said how much of a row's oddness is theirs."""

_FLOOR: Final = 0.1
"""A column's scale is its deviation, and this share of its range: of what is nearly constant, small
changes say little."""
_SHRINKAGE: Final = 0.1
_FARTHEST: Final = 20.0
_FARTHEST_OF_CONSTANTS: Final = 6.0
_STEP: Final = 3.0
_CENTRE_HALF_LIFE: Final = 4_000.0
_ROWS_REMEMBERED: Final = 30_000.0
_AVERAGED: Final = 4
_INVERTED_EVERY: Final = 64
_SCORES_REMEMBERED: Final = 20_000.0
_ALARM_DECADES: Final = 4.0
_LEAST_LIMIT: Final = 3.0
"""An alarm takes at least this many times the oddness of a usual row, which is 1."""
_LIMIT_AT_MOST: Final = 100.0
_MANY: Final = 1_000.0
_LIMIT_OF_FEW: Final = 15.0
"""Of fewer than a thousand rows nobody can say what is as rare as that."""
_LEAST_EXCESS: Final = 0.05

State = dict[str, npt.NDArray[np.generic]]


class Memory(NamedTuple):
    """All that is kept between rows, of ``d`` columns.

    ``mean``, ``scale``, ``farthest``, ``centre`` (d,): what a value is compared with. ``spread``
    and ``inverse`` (d, d): the covariance and its inverse when shrunk. ``ring`` (4, d): each
    column's part of the latest rows' oddness. ``tally`` (3,): rows in the covariance, rows scored,
    the limit of an alarm.
    """

    mean: F64
    scale: F64
    farthest: F64
    centre: F64
    spread: F64
    inverse: F64
    ring: F64
    tally: F64
    rarity: Rarity


class RowsTogether(NamedTuple):
    """What is said of ``n`` rows, NaN where all values are missing.

    ``score`` (n,): from 1 up it is an alarm. ``decades`` (n,): -log10 of the probability of a row
    as odd. ``blamed`` int64 (n, 3): the columns that make it odd, strongest first, -1 where there
    are fewer. ``share`` (n, 3): their shares of its oddness.
    """

    score: F64
    decades: F64
    blamed: I64
    share: F64


class TogetherDetector:
    """Scores rows of several series online: what is said of a row depends on rows before it alone.

    Rows come in batches of any size, in order; missing values are NaN. Without a history of at
    least ten rows nothing is claimed. Memory is 16 bytes for each pair of columns.
    """

    def __init__(self, columns: int) -> None:
        if not 1 <= columns <= COLUMNS_AT_MOST:
            raise SensoriumError(
                f"{columns:,} columns cannot be scored together: 1 to {COLUMNS_AT_MOST} can",
                unaffected="each column can be scored on its own",
                next_step="name the columns that belong together",
            )
        self._memory = _blank(columns)
        self._counter = np.zeros(columns, np.bool_)
        self._before = np.full((columns, 1), np.nan)
        self._last = np.zeros((columns, 1), np.int64)

    def learn(self, times: I64 | None, values: F64) -> None:
        """Take in the history (n, d), whole and before anything else.

        Its second half is judged by the first, to learn how odd rows usually are; then all of it is
        learned.
        """
        if self._memory.tally[0]:
            raise ValueError("the history comes before anything that is scored")
        for column in range(values.shape[1]):
            self._counter[column] = is_counter(np.asarray(values[:, column], np.float64))
        rows = self._increases(times, values)
        half = len(rows) // 2
        if half < 5:
            return
        _begin(self._memory, rows[:half])
        _score_rows(rows[half:], self._memory, _blank_rows(len(rows) - half))
        _begin(self._memory, rows)
        self._memory.tally[2] = _limit(self._memory.rarity)

    def score(self, times: I64 | None, values: F64) -> RowsTogether:
        """Score rows (n, d) in the order given, and take each in."""
        if values.ndim != 2 or values.shape[1] != len(self._counter):
            raise ValueError(f"rows of {len(self._counter)} columns are wanted")
        out = _blank_rows(len(values))
        if self._memory.tally[0]:
            _score_rows(self._increases(times, values), self._memory, out)
        return out

    def state(self) -> State:
        """All that is known, as plain NumPy arrays: for ``numpy.savez``."""
        kept = self._memory
        arrays: State = {n: a.copy() for n, a in kept._asdict().items() if n != "rarity"}
        arrays |= {f"rarity.{n}": a.copy() for n, a in kept.rarity._asdict().items()}
        own = {"counter": self._counter, "before": self._before, "last": self._last}
        return arrays | {name: array.copy() for name, array in own.items()}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """A detector that goes on where another's :meth:`state` was taken.

        Raises :class:`~sensorium.errors.SensoriumError` where it is not such a state.
        """
        counter = state.get("counter")
        detector = cls(len(counter) if counter is not None and counter.ndim == 1 else 1)
        for name, array in detector._arrays().items():
            given = state.get(name)
            if given is None or given.shape != array.shape or given.dtype != array.dtype:
                raise SensoriumError(
                    f"this is not the state of a detector of several series: {name} should be "
                    f"{array.dtype} of shape {array.shape}",
                    next_step="learn the series anew from their history",
                )
            array[...] = given
        return detector

    def _arrays(self) -> State:
        kept = self._memory
        arrays: State = {n: a for n, a in kept._asdict().items() if n != "rarity"}
        arrays |= {f"rarity.{n}": a for n, a in kept.rarity._asdict().items()}
        return arrays | {"counter": self._counter, "before": self._before, "last": self._last}

    def _increases(self, times: I64 | None, values: F64) -> F64:
        """The rows, with the increase in place of each counter's value."""
        rows = np.array(values, np.float64, order="C")
        rows[~np.isfinite(rows)] = np.nan
        at = read_only(np.asarray(() if times is None else times, np.int64))
        for column in np.flatnonzero(self._counter):
            kept = self._before[column], self._last[column]
            given = read_only(rows[:, column])
            rows[:, column] = increases(at, given, times is not None, *kept)
        return rows


def _blank(d: int) -> Memory:
    one, square = np.zeros(d), np.zeros((d, d))
    return Memory(
        mean=one,
        scale=one + 1.0,
        farthest=one + _FARTHEST,
        centre=one.copy(),
        spread=square,
        inverse=square.copy(),
        ring=np.zeros((_AVERAGED, d)),
        tally=np.zeros(3),
        rarity=Rarity.empty(_SCORES_REMEMBERED),
    )


def _blank_rows(n: int) -> RowsTogether:
    blamed = np.full((n, BLAMED), -1, np.int64)
    return RowsTogether(np.zeros(n), np.zeros(n), blamed, np.zeros((n, BLAMED)))


def _begin(memory: Memory, rows: F64) -> None:
    """Learn centre, scale and covariance from all of ``rows``."""
    known = np.isfinite(rows)
    seen = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, rows, 0.0)
    mean = filled.sum(axis=0) / seen
    away = np.where(known, rows - mean, 0.0)
    some = known.any(axis=0)
    low = np.where(some, np.min(np.where(known, rows, np.inf), axis=0), 0.0)
    high = np.where(some, np.max(np.where(known, rows, -np.inf), axis=0), 0.0)
    largest = np.maximum(np.abs(low), np.abs(high))
    constant = high - low <= 1e-9 * largest
    floor = _FLOOR * np.maximum(high - low, 0.1 * largest)
    scale = np.sqrt((away**2).sum(axis=0) / seen) + np.where(floor > 0.0, floor, 1.0)
    memory.mean[:], memory.scale[:] = mean, scale
    memory.farthest[:] = np.where(constant, _FARTHEST_OF_CONSTANTS, _FARTHEST)
    memory.centre[:] = 0.0
    held = np.clip(away / scale, -_FARTHEST, _FARTHEST)
    memory.spread[:] = held.T @ held / len(rows)
    memory.inverse[:] = np.linalg.inv(memory.spread + _SHRINKAGE * np.eye(len(mean)))
    memory.tally[0] = min(len(rows), _ROWS_REMEMBERED)


def _limit(rarity: Rarity) -> float:
    """The oddness that a usual row has once in 10**4, by what the history has taught."""
    low, high = _LEAST_LIMIT, 1e9
    if decades(rarity, low, _LEAST_EXCESS) >= _ALARM_DECADES:
        return low
    for _ in range(60):
        middle = (low * high) ** 0.5
        far = decades(rarity, middle, _LEAST_EXCESS) >= _ALARM_DECADES
        low, high = (low, middle) if far else (middle, high)
    few = rarity.total[0] < _MANY
    return min(high, _LIMIT_OF_FEW if few else _LIMIT_AT_MOST)


@kernel
def _score_rows(rows: F64, memory: Memory, out: RowsTogether) -> None:
    n, d = rows.shape
    follow = 1.0 - 0.5 ** (1.0 / _CENTRE_HALF_LIFE)
    away, pull = np.zeros(d), np.zeros(d)
    for i in range(n):
        known = 0
        for j in range(d):
            z = (rows[i, j] - memory.mean[j]) / memory.scale[j]
            if np.isnan(z):
                away[j] = 0.0
                continue
            known += 1
            most = memory.farthest[j]
            away[j] = min(max(z, -most), most) - memory.centre[j]
        if known == 0:
            out.score[i] = np.nan
            out.decades[i] = np.nan
            continue
        slot = int(memory.tally[1]) % _AVERAGED
        now = 0.0
        for j in range(d):
            total = 0.0
            for k in range(d):
                total += memory.inverse[j, k] * away[k]
            memory.ring[slot, j] = away[j] * total / known
            now += memory.ring[slot, j]
        memory.tally[1] += 1.0
        rows_kept = min(memory.tally[1], float(_AVERAGED))
        oddness = 0.0
        for j in range(d):
            pull[j] = memory.ring[:, j].sum() / rows_kept
            oddness += pull[j]
        _blame(pull, oddness, out.blamed[i], out.share[i])
        out.decades[i] = decades(memory.rarity, oddness, _LEAST_EXCESS)
        out.score[i] = oddness / max(memory.tally[2], _LEAST_LIMIT)
        learn(memory.rarity, oddness)
        _take_in(memory, away, now, follow)


@kernel
def _blame(pull: F64, total: float, blamed: I64, share: F64) -> None:
    for place in range(len(blamed)):
        best = -1
        for j in range(len(pull)):
            taken = False
            for earlier in range(place):
                taken |= blamed[earlier] == j
            if not taken and pull[j] > 0.0 and (best < 0 or pull[j] > pull[best]):
                best = j
        blamed[place] = best
        share[place] = pull[best] / total if best >= 0 and total > 0.0 else 0.0


@kernel
def _take_in(memory: Memory, away: F64, oddness: float, follow: float) -> None:
    """Let the centre follow, and the covariance learn; the odder a row, the less it teaches."""
    d = len(away)
    memory.tally[0] = min(memory.tally[0] + 1.0, _ROWS_REMEMBERED)
    fade = 1.0 / memory.tally[0]
    weight = fade * min(1.0, 1.0 / max(oddness, 1e-12))
    for j in range(d):
        for k in range(d):
            memory.spread[j, k] = (1.0 - fade) * memory.spread[j, k] + weight * away[j] * away[k]
    for j in range(d):
        memory.centre[j] += follow * min(max(away[j], -_STEP), _STEP)
    if int(memory.tally[1]) % _INVERTED_EVERY == 0:
        shrunk = memory.spread.copy()
        for j in range(d):
            shrunk[j, j] += _SHRINKAGE
        memory.inverse[:] = np.linalg.inv(shrunk)
