"""Several series of one table, each scored on its own, and a score of each row over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import F64, I64
from sensorium.detect.series.alarm import Alarm, alarms
from sensorium.detect.series.detector import SeriesDetector


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


def over_columns(columns: list[ScoredColumn]) -> tuple[F64, F64]:
    """Score and tail probability of each row: the largest score of a column, and the smallest

    probability, times the number of columns that could have had it (Bonferroni).
    """
    scores = np.fmax.reduce([column.scores for column in columns])
    tails = np.fmin.reduce([column.tails for column in columns])
    given = np.sum([np.isfinite(column.tails) for column in columns], axis=0)
    return scores, np.minimum(tails * np.maximum(given, 1), 1.0)
