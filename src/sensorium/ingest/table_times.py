"""Times in the column of a table.

ISO 8601 text, days as ``31.12.2026``, ``12/31/2026`` or ``31/12/2026`` where all rows can be read
in one way alone, or seconds, milliseconds, microseconds or nanoseconds since 1970, told by their
size. Times without a zone are taken as UTC.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_TIME_NAMES: Final = ("timestamp", "time", "datetime", "date", "ts", "ds", "@timestamp", "_time")
_TIME_ENDINGS: Final = ("_time", "_timestamp", "_ts", "_at", "_ns", "_ms", "timestamp")
_EPOCHS: Final = ((1e11, 10**9), (1e14, 10**6), (1e17, 10**3), (1e20, 1))
"""Below each bound, what one unit is in nanoseconds: s, ms, us, ns."""
_EARLIEST: Final = 9.46e8
_LATEST: Final = 4.1e9
"""Where no name says so, a column of numbers is of times only within 2000 to 2100."""
_DAYS: Final = (("%d.%m.%Y",), ("%m/%d/%Y", "%d/%m/%Y"))
"""Ways to write a day that cannot be told apart where all rows can be read in either."""
_CLOCKS: Final = (" %H:%M:%S", " %H:%M", "")


def file_times(
    name: str, column: pa.ChunkedArray, notes: list[str], *, named: bool
) -> npt.NDArray[np.int64] | None:
    """As :func:`as_times`, and days as people write them."""
    times = as_times(column, named=named)
    if times is None and (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        read = _as_written(column)
        if len(read) == 1:
            return as_times(read[0], named=named)
        if read:
            notes.append(
                f"{name!r} may be month/day or day/month, and is not taken for the time: "
                "write it as 2026-12-31"
            )
    return times


def _as_written(column: pa.ChunkedArray) -> list[pa.ChunkedArray]:
    """Timestamps of text, in each of the ways in which all rows can be read."""
    for ways in _DAYS:
        for clock in _CLOCKS:
            read = [pc.strptime(column, day + clock, "s", error_is_null=True) for day in ways]
            whole = [times for times in read if times.null_count == column.null_count]
            if whole:
                return whole
    return []


def is_time_name(name: str) -> bool:
    plain = name.strip().lower()
    return plain in _TIME_NAMES or plain.endswith(_TIME_ENDINGS)


def as_times(column: pa.ChunkedArray, *, named: bool) -> npt.NDArray[np.int64] | None:
    """Nanoseconds since 1970, the least int64 where there is none; None where it holds no times.

    ``named``: that they are times is known, so numbers need not ascend.
    """
    kind = column.type
    if pa.types.is_date(kind):
        column, kind = column.cast(pa.timestamp("s")), pa.timestamp("s")
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        read = _from_text(column)
        if read is None:
            return None
        column, kind = read, read.type
    if pa.types.is_timestamp(kind):
        try:
            whole = column.cast(pa.timestamp("ns", kind.tz))
        except pa.ArrowInvalid:
            return None
        lowest = int(np.iinfo(np.int64).min)
        return np.asarray(pc.fill_null(whole.cast(pa.int64()), lowest).to_numpy(), np.int64)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return None
    return _epochs(column, named=named)


def _from_text(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """ISO 8601 as timestamps: all of them without a zone, or all with one."""
    for zone in (None, "UTC"):
        try:
            return column.cast(pa.timestamp("ns", zone))
        except pa.ArrowInvalid:
            continue
    return None


def _epochs(column: pa.ChunkedArray, *, named: bool) -> npt.NDArray[np.int64] | None:
    values = np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(), np.float64)
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    size = float(np.median(np.abs(known)))
    unit = next((unit for bound, unit in _EPOCHS if size < bound), 0)
    seconds = known * (unit / 1e9)
    plausible = unit and seconds.min() >= _EARLIEST and seconds.max() <= _LATEST
    if not plausible or not (named or (np.diff(known) >= 0).all()):
        return None
    lowest = np.iinfo(np.int64).min
    if pa.types.is_integer(column.type):
        whole = np.asarray(pc.fill_null(column.cast(pa.int64()), 0).to_numpy(), np.int64) * unit
    else:
        whole = np.round(np.nan_to_num(values) * unit).astype(np.int64)
    return np.where(np.isfinite(values), whole, lowest)
