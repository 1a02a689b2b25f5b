"""The series of one table: each scored on its own, and each row over all of them together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64, I64
from sensorium.detect.series.alarm import Alarm, alarms, alarms_together
from sensorium.detect.series.detector import SeriesDetector
from sensorium.detect.series.together import TogetherDetector

TOGETHER: Final = "all columns together"


@dataclass(frozen=True, slots=True)
class ScoredColumn:
    """One column. ``scores`` and ``tails`` (n,): score and tail probability of each row.

    Of the history's rows nothing is claimed: they have score 0 and probability 1. Where a value is
    missing both are NaN. ``alarms`` have rows of the whole table.
    """

    name: str
    values: F64
    scores: F64
    tails: F64
    counter: bool
    alarms: tuple[Alarm, ...]

    @property
    def missing(self) -> int:
        """How many rows have no finite value."""
        return int((~np.isfinite(self.values)).sum())

    @property
    def drawn(self) -> tuple[str, F64]:
        """What a picture shows, and under which title: of a counter the increase from row to row,
        which is what is judged; NaN where it starts again."""
        if not self.counter:
            return self.name, self.values
        steps = np.diff(self.values, prepend=np.nan)
        return f"{self.name}, its increase from row to row", np.where(steps >= 0, steps, np.nan)


def score_columns(
    times: I64 | None, columns: dict[str, F64], history: int
) -> Iterator[ScoredColumn]:
    """Learn the first ``history`` rows of each column, score the others."""
    for name, values in columns.items():
        detector = SeriesDetector()
        early = None if times is None else times[:history]
        late = None if times is None else times[history:]
        detector.learn(early, values[:history])
        rows = detector.score(late, values[history:])
        start = np.where(np.isfinite(values[:history]), 0.0, np.nan)
        yield ScoredColumn(
            name=name,
            values=values,
            scores=np.concatenate([start, rows.score]),
            tails=np.concatenate([start + 1.0, 10.0**-rows.decades]),
            counter=detector.counter,
            alarms=tuple(alarms(name, late, rows, counter=detector.counter, first_row=history)),
        )


def score_together(times: I64 | None, columns: dict[str, F64], history: int) -> ScoredColumn:
    """All columns of a table as one: whether the combination of their values is usual.

    Its ``values`` are the scores, NaN in the history.
    """
    rows = np.column_stack(list(columns.values()))
    early = None if times is None else times[:history]
    late = None if times is None else times[history:]
    detector = TogetherDetector(len(columns))
    detector.learn(early, rows[:history])
    found = detector.score(late, rows[history:])
    start = np.where(np.isfinite(rows[:history]).any(axis=1), 0.0, np.nan)
    return ScoredColumn(
        name=TOGETHER,
        values=np.concatenate([start + np.nan, found.score]),
        scores=np.concatenate([start, found.score]),
        tails=np.concatenate([start + 1.0, 10.0**-found.decades]),
        counter=False,
        alarms=tuple(alarms_together(list(columns), late, found, first_row=history)),
    )
