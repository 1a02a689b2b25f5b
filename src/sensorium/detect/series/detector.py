"""The detector of one metric series: learn a history, then score rows as they come.

It is for single series in rows, one after the other, on any time scale, with or without times. What
watches all series of a network at once, window by window, is
:mod:`sensorium.detect.detectors.series`.
"""

from __future__ import annotations

from typing import Final, Self

import numpy as np
import numpy.typing as npt

from sensorium.detect.arrays import F64, I64
from sensorium.detect.series import scoring
from sensorium.detect.series.counter import increases, is_counter
from sensorium.detect.series.known import KnownValues
from sensorium.detect.series.rarity import Rarity
from sensorium.detect.series.scoring import Constants, Memory, Rows
from sensorium.detect.series.season import Season
from sensorium.detect.series.shape import Shapes
from sensorium.errors import SensoriumError
from sensorium.ingest.compiled import read_only

_RECENT: Final = 12
_DAYS: Final = 14
_WEEKS: Final = 8
_COMPARISONS: Final = 200_000.0
_SCORES: Final = 4_000.0
_HISTORY_SHARE: Final = 0.15
_HISTORY_AT_MOST: Final = 750
_COVERED_AT_LEAST: Final = 12
_LONG_AGO: Final = -(2**40)
_PLACES: Final = ("known", "day", "week", "day_rarity", "week_rarity", "rarity", "shapes")

State = dict[str, npt.NDArray[np.generic]]


def history_rows(rows: int) -> int:
    """How many rows of a file are its history unless said otherwise: 15 %, at most 750."""
    return min(int(_HISTORY_SHARE * rows), _HISTORY_AT_MOST)


class SeriesDetector:
    """Scores one series online: what it says of a row depends on the rows before it alone.

    Rows may come in batches of any size. ``times`` are int64 nanoseconds since 1970, or None for a
    series without times, always the one or always the other. Missing values are NaN; they, and
    infinite ones, are skipped. Memory is about 350 kB whatever the length of the series.
    """

    def __init__(self, constants: Constants | None = None) -> None:
        self._constants = constants or Constants()
        clock = np.zeros(6, np.int64)
        clock[scoring.LAST_ALARM] = _LONG_AGO
        clock[scoring.COVERED] = _COVERED_AT_LEAST
        self._memory = Memory(
            known=KnownValues.empty(),
            day=Season.empty(scoring.DAY_NS, _DAYS),
            week=Season.empty(scoring.WEEK_NS, _WEEKS),
            day_rarity=Rarity.empty(_COMPARISONS),
            week_rarity=Rarity.empty(_COMPARISONS),
            rarity=Rarity.empty(_SCORES),
            shapes=Shapes.empty(),
            recent=np.zeros(_RECENT),
            clock=clock,
            level=np.zeros(2),
        )
        self._counter = np.zeros(1, np.bool_)
        self._before = np.full(1, np.nan)
        self._last = np.zeros(1, np.int64)

    @property
    def counter(self) -> bool:
        """Whether the history was a counter's: then its increases are scored."""
        return bool(self._counter[0])

    def learn(self, times: I64 | None, values: F64) -> None:
        """Take in the history, whole and before anything else.

        It also says on which scale things happen: an alarm covers a third as many rows, in which
        only what is odder counts.
        """
        if self._memory.clock[scoring.ROWS]:
            raise ValueError("the history comes before anything that is scored")
        self._counter[0] = is_counter(np.asarray(values, np.float64))
        covered = max(int(self._constants.covered * len(values)), _COVERED_AT_LEAST)
        self._memory.clock[scoring.COVERED] = covered
        self.score(times, values)

    def score(self, times: I64 | None, values: F64) -> Rows:
        """Score rows in the order given, and take each in."""
        xs = read_only(np.asarray(values, np.float64))
        timed = times is not None
        at = read_only(np.asarray(times if timed else (), np.int64))
        if timed and len(at) != len(xs):
            raise ValueError(f"{len(at)} times for {len(xs)} values")
        if self.counter:
            xs = read_only(increases(at, xs, timed, self._before, self._last))
        rows = Rows.blank(len(xs))
        scoring.score_rows(at, xs, timed, self._memory, self._constants, rows)
        return rows

    def state(self) -> State:
        """All that is known, as plain NumPy arrays: for ``numpy.savez``."""
        memory = self._memory
        arrays: State = {
            f"{place}.{name}": array.copy()
            for place in _PLACES
            for name, array in getattr(memory, place)._asdict().items()
        }
        return arrays | {
            "recent": memory.recent.copy(),
            "clock": memory.clock.copy(),
            "level": memory.level.copy(),
            "counter": self._counter.copy(),
            "before": self._before.copy(),
            "last": self._last.copy(),
            "constants": np.array(self._constants, np.float64),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """A detector that goes on where another's :meth:`state` was taken.

        Raises :class:`~sensorium.errors.SensoriumError` where it is not such a state.
        """
        detector = cls()
        wanted = detector.state()
        for name, array in wanted.items():
            given = state.get(name)
            if given is None or given.shape != array.shape or given.dtype != array.dtype:
                raise SensoriumError(
                    f"this is not the state of a series' detector: {name} should be "
                    f"{array.dtype} of shape {array.shape}",
                    next_step="learn the series anew from its history",
                )
        numbers = zip(Constants(), state["constants"].tolist(), strict=True)
        detector._constants = Constants._make(type(old)(new) for old, new in numbers)
        memory = detector._memory
        for place in _PLACES:
            for name, array in getattr(memory, place)._asdict().items():
                array[...] = state[f"{place}.{name}"]
        for name, array in (
            ("recent", memory.recent),
            ("clock", memory.clock),
            ("level", memory.level),
            ("counter", detector._counter),
            ("before", detector._before),
            ("last", detector._last),
        ):
            array[...] = state[name]
        return detector
