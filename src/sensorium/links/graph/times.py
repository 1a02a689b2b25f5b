"""When edges were made: the column that says so, and its values."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.errors import UsageError

TIMES: Final = ("time", "timestamp", "ts", "time_ns", "date", "datetime", "when", "since")

_EPOCHS: Final = ((92 * 10**8, 10**9), (92 * 10**11, 10**6), (92 * 10**14, 10**3))
"""Below each bound, what one unit of a time in numbers is in nanoseconds: s, ms, us; else ns. Each
bound is a time in 2261, beyond which nanoseconds have no room in 64 bits."""
_SINCE: Final = 10**8 * 10**9
"""Spring of 1973 in nanoseconds: whole numbers beside ids that are all later may be times."""


def times_first(table: pa.Table) -> bool:
    """Whether a file without names has the time before two ids, as lists of contacts do.

    Dates do. Whole numbers may be long ids too: they are times where they are in order, and the
    next two columns are of the same nodes, which the first is not of.
    """
    if table.column_names[0] != "f0" or table.num_columns < 3:
        return False
    first = _parsed(table["f0"]) if pa.types.is_string(table["f0"].type) else table["f0"]
    if first.null_count or not len(first):
        return False
    if pa.types.is_timestamp(first.type) or pa.types.is_date(first.type):
        return True
    if not _all_dates(first) or (np.diff(first.to_numpy()) < 0).any():
        return False
    times, one, other = (
        set(table[name].cast(pa.string()).unique().to_pylist()) for name in ("f0", "f1", "f2")
    )
    return not times & (one | other) and 2 * len(one & other) >= len(one | other)


def time_column(table: pa.Table, but: set[str], notes: list[str]) -> str | None:
    """The column of times: by its name, or without names one whose numbers are dates."""
    for name in table.column_names:
        if name.lower() in TIMES and name not in but:
            return str(name)
    if table.column_names[0] != "f0":
        return None
    for name in table.column_names:
        if name in but:
            continue
        column = table[name]
        if pa.types.is_string(column.type):
            column = _parsed(column)
        if _all_dates(column):
            notes.append(f"column {int(name[1:]) + 1} ({name}) is read as times")
            return str(name)
    return None


def _unit(largest: float) -> int:
    return next((unit for bound, unit in _EPOCHS if largest < bound), 1)


def times_of(column: pa.ChunkedArray, path: Path) -> np.ndarray[Any, Any]:
    """Nanoseconds since 1970, int64. Raises UsageError for what is no time."""
    if pa.types.is_string(column.type):
        column = _parsed(column)
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("ns")).cast(pa.int64())
        units = 1
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        whole = pa.types.is_integer(kind) and kind != pa.uint64()
        column = column.cast(pa.int64() if whole else pa.float64(), safe=False)
        if not whole:
            there = pc.less(pc.abs(column), 9.2e18)
            column = pc.if_else(there, column, pa.scalar(None, pa.float64()))
        units = _unit(pc.max(pc.abs(column)).as_py() or 0)
    else:
        column = pa.chunked_array([pa.nulls(len(column), pa.int64())])
    if column.null_count:
        raise UsageError(
            f"{path} has {column.null_count:,} edges without a time that can be read",
            next_step="ISO 8601, or seconds to nanoseconds since 1970; or take the column out",
        )
    values = column.to_numpy()
    scaled = values * units  # whole numbers stay whole: a float has no room for nanoseconds
    out: np.ndarray[Any, Any] = scaled if scaled.dtype.kind == "i" else np.rint(scaled)
    return out.astype(np.int64)


def _parsed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    for kind in (pa.int64(), pa.float64(), pa.timestamp("ns"), pa.timestamp("ns", "UTC")):
        try:
            return column.cast(kind)
        except pa.ArrowInvalid:
            continue
    return pa.chunked_array([pa.nulls(len(column), pa.timestamp("ns"))])


def _all_dates(column: pa.ChunkedArray) -> bool:
    """Whether these are whole numbers that are all dates after 1973."""
    if column.null_count or not pa.types.is_integer(column.type):
        return False
    ends = pc.min_max(column)
    low, high = ends["min"].as_py(), ends["max"].as_py()
    return bool(low is not None and low * _unit(high) >= _SINCE)
