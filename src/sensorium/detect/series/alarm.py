"""The alarms among scored rows, each with a plain sentence that says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import numpy as np

from sensorium.detect.arrays import I64
from sensorium.detect.series import scoring
from sensorium.detect.series.scoring import ALARM, Rows
from sensorium.detect.series.together import RowsTogether


class Reason(StrEnum):
    """What makes a row odd."""

    NEW_VALUE = "new_value"
    TIME_OF_DAY = "time_of_day"
    TIME_OF_WEEK = "time_of_week"
    SHAPE = "shape"
    COMBINATION = "combination"


_TOGETHER: Final = 12
_WORTH_NAMING: Final = 0.1
_REASONS: Final = {
    scoring.VALUE: Reason.NEW_VALUE,
    scoring.DAY: Reason.TIME_OF_DAY,
    scoring.WEEK: Reason.TIME_OF_WEEK,
    scoring.SHAPE: Reason.SHAPE,
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm.

    ``seen`` is the value, or for a time's reason the mean of the last rows; ``nearest`` is what is
    known that comes nearest to it. For a shape they are the value in it that differs most from the
    most alike shape before, and what it would have been. For a combination they are the row's score
    and the score of an alarm.
    """

    row: int
    time_ns: int | None
    score: float
    tail_probability: float
    reason: Reason
    seen: float
    nearest: float
    sentence: str


def alarms(
    name: str, times: I64 | None, rows: Rows, *, counter: bool = False, first_row: int = 0
) -> Iterator[Alarm]:
    """The alarms of the series ``name``, in order of rows, which count from ``first_row``.

    The lesser ones that follow an alarm closely are not among them.
    """
    with np.errstate(invalid="ignore"):
        found = np.flatnonzero(rows.score >= ALARM).tolist()
    subject = f"the increase of {name}" if counter else name
    for row in found:
        time_ns = None if times is None else int(times[row])
        reason = _REASONS[int(rows.reason[row])]
        yield Alarm(
            row=first_row + row,
            time_ns=time_ns,
            score=float(rows.score[row]),
            tail_probability=float(10.0 ** -rows.decades[row]),
            reason=reason,
            seen=float(rows.seen[row]),
            nearest=float(rows.reference[row]),
            sentence=_sentence(subject, reason, time_ns, rows, row),
        )


def alarms_together(
    names: list[str], times: I64 | None, rows: RowsTogether, *, first_row: int = 0
) -> Iterator[Alarm]:
    """The rows in which the columns ``names`` are odd together, in order, from ``first_row`` on."""
    with np.errstate(invalid="ignore"):
        found = np.flatnonzero(rows.score >= ALARM).tolist()
    for row in found:
        blamed = [
            f"{names[column]} ({share:.0%})"
            for column, share in zip(
                rows.blamed[row].tolist(), rows.share[row].tolist(), strict=True
            )
            if column >= 0 and share >= _WORTH_NAMING
        ]
        of = f", most of all of {', '.join(blamed)}" if blamed else ""
        yield Alarm(
            row=first_row + row,
            time_ns=None if times is None else int(times[row]),
            score=float(rows.score[row]),
            tail_probability=float(10.0 ** -rows.decades[row]),
            reason=Reason.COMBINATION,
            seen=float(rows.score[row]),
            nearest=ALARM,
            sentence=f"the combination of values is unlike those before{of}",
        )


def episodes(found: Iterable[Alarm]) -> list[list[Alarm]]:
    """Alarms in order of rows, those together that follow one another within a few rows."""
    runs: list[list[Alarm]] = []
    for alarm in found:
        if runs and alarm.row - runs[-1][-1].row <= _TOGETHER:
            runs[-1].append(alarm)
        else:
            runs.append([alarm])
    return runs


def figure(value: float) -> str:
    """A number with five digits at most: ``1,234.5``, ``0.00123``, ``1.2e+12``."""
    if value == 0 or 1e-4 <= abs(value) < 1e7:
        digits = 0 if value == round(value) or abs(value) >= 1e4 else 5
        return f"{value:,.0f}" if not digits else f"{value:,.{digits}g}"
    return f"{value:.5g}"


def _sentence(name: str, reason: Reason, time_ns: int | None, rows: Rows, row: int) -> str:
    seen, nearest = figure(rows.seen[row]), figure(rows.reference[row])
    low, high = rows.low[row], rows.high[row]
    if reason is Reason.NEW_VALUE:
        if low == high:
            return f"{name} is {seen}, always {nearest} before"
        if rows.seen[row] > high:
            return f"{name} is {seen}, higher than ever: at most {figure(high)} before"
        if rows.seen[row] < low:
            return f"{name} is {seen}, lower than ever: at least {figure(low)} before"
        return f"{name} is {seen}, a value it never had: the nearest known is {nearest}"
    if reason is Reason.SHAPE:
        length, ago = int(rows.length[row]), int(rows.ago[row])
        return (
            f"the last {length:,} rows of {name} have a shape unlike any before: most of all, "
            f"{seen} is where it would be {nearest} as in the most alike, {ago:,} rows earlier"
        )
    at = datetime.fromtimestamp((time_ns or 0) / 1e9, UTC)
    when = (
        f"around {at:%H:%M}" if reason is Reason.TIME_OF_DAY else f"on {at:%A}s around {at:%H:%M}"
    )
    side = "high" if rows.seen[row] > rows.reference[row] else "low"
    return (
        f"{name} is unusually {side} for the time: the mean of the last rows is {seen}, "
        f"{when} the nearest before was {nearest}"
    )
