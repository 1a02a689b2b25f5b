"""What is asked: columns of numbers, perhaps times, and which model is to score them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from sensorium.detect.arrays import F64, I64
from sensorium.detect.serving.config import ServingConfig
from sensorium.detect.serving.refusal import Reason, shown, wrong
from sensorium.ingest.table_times import as_times

SERIES: Final = "series"
"""The scorer that is always there: each row from the rows before it, nothing trained."""
LONGEST_NAME: Final = 256
LARGEST: Final = 1e100
"""Beyond it squares and sums of values are no numbers any more."""
STRONGEST: Final = 3
STRONGEST_AT_MOST: Final = 20

_NEXT_TIME: Final = (
    "times are ISO 8601, all or none with a zone, or s, ms, us or ns since 1970, all of one kind"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: ``columns`` float64 (n,) by name, NaN where a value is missing.

    ``model`` is ``name`` or ``name@version``. ``times`` int64 (n,), nanoseconds since 1970, in
    order. ``warmup`` rows are history, by default as many as ``sensorium detect`` takes.
    ``contributions``: how many of a row's strongest features are told.
    """

    columns: Mapping[str, F64]
    model: str = SERIES
    times: I64 | None = None
    warmup: int | None = None
    contributions: int | None = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values())))


def check_names(names: Iterable[str], config: ServingConfig) -> None:
    """Refuse no column, too many, one without a name, and one with a name beyond all bounds."""
    given = list(names)
    if not given:
        raise wrong(Reason.COLUMNS, "there is no column", "send at least one column of numbers")
    if len(given) > config.max_columns:
        raise wrong(
            Reason.COLUMNS,
            f"{len(given):,} columns: {config.max_columns:,} are allowed at most",
            "send the columns that belong together in requests of their own",
        )
    for name in given:
        if not 0 < len(name) <= LONGEST_NAME:
            raise wrong(
                Reason.COLUMNS,
                f"a column is called {shown(name)}",
                f"a name has 1 to {LONGEST_NAME} characters",
            )


def check_size(rows: int, columns: int, config: ServingConfig) -> None:
    """Refuse no row, and more rows or values than one request may have."""
    if rows < 1:
        raise wrong(Reason.ROWS, "there is no row", "send at least one row")
    most = min(config.max_rows, config.max_values // max(columns, 1))
    if rows > most:
        raise wrong(
            Reason.ROWS,
            f"{rows:,} rows of {columns:,} columns: {most:,} rows are allowed at most",
            "send fewer rows at a time",
        )


def check_values(name: str, values: F64) -> None:
    """Refuse what is infinite or too large to be reckoned with. NaN is a missing value."""
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero(np.abs(values) > LARGEST)
    if len(bad):
        row = int(bad[0])
        value = float(values[row])
        said = f"{value:g}, beyond {LARGEST:g}" if np.isfinite(value) else f"{value:g}"
        raise wrong(
            Reason.VALUES,
            f"column {shown(name)} is {said} in row {row:,}",
            "leave out what is no number: null is a missing value",
        )


def times_of(column: pa.ChunkedArray, rows: int) -> I64:
    """The time of each row; refused where one is missing or earlier than the one before."""
    if len(column) != rows:
        raise wrong(Reason.TIMES, f"{len(column):,} times for {rows:,} rows", "each row has one")
    missing = np.flatnonzero(np.asarray(column.is_null()))
    if len(missing):
        raise wrong(
            Reason.TIMES,
            f"row {missing[0]:,} has no time",
            "give every row a time, or none: rows then count",
        )
    times = as_times(column, named=True)
    if times is None:
        raise wrong(Reason.TIMES, "these are no times", _NEXT_TIME)
    unknown = np.flatnonzero(times == np.iinfo(np.int64).min)
    if len(unknown):
        raise wrong(Reason.TIMES, f"row {unknown[0]:,} has no time", _NEXT_TIME)
    back = np.flatnonzero(np.diff(times) < 0)
    if len(back):
        raise wrong(
            Reason.TIMES,
            f"time goes back in row {back[0] + 1:,}",
            "send rows in order of time: each is judged by those before it",
        )
    return times


def check_fields(given: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse a field that nothing is known of, with the one that was probably meant."""
    names = sorted(known)
    for name in given:
        if name not in names:
            raise wrong(
                Reason.FIELDS, f"there is no {what} {shown(name)}", nearest(name, names, "known")
            )


def nearest(name: str, names: Iterable[str], what: str) -> str:
    """What was probably meant, else what there is."""
    known = sorted(names)
    close = difflib.get_close_matches(name[:LONGEST_NAME], known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    listed = ", ".join(known[:12]) + (f" and {len(known) - 12} more" if len(known) > 12 else "")
    return f"{what} are: {listed or 'none'}"
