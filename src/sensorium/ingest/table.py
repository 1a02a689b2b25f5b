"""Metric series in a CSV or Parquet file: a time column and columns of numbers.

The time column is found by its name or its content: ISO 8601 text, or seconds, milliseconds,
microseconds or nanoseconds since 1970, told by their size. Times without a zone are taken as UTC.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.errors import UsageError

_TIME_NAMES: Final = ("timestamp", "time", "datetime", "date", "ts", "ds", "@timestamp", "_time")
_TIME_ENDINGS: Final = ("_time", "_timestamp", "_ts", "_at", "_ns", "_ms", "timestamp")
_PARQUET_MAGIC: Final = b"PAR1"
_HEAD: Final = 65_536
_EPOCHS: Final = ((1e11, 10**9), (1e14, 10**6), (1e17, 10**3), (1e20, 1))
"""Below each bound, what one unit is in nanoseconds: s, ms, us, ns."""
_EARLIEST: Final = 9.46e8
_LATEST: Final = 4.1e9
"""Where no name says so, a column of numbers is of times only within 2000 to 2100."""
_NEXT: Final = "a file has a header line, a time column (ISO 8601 or since 1970) and numbers"


@dataclass(frozen=True, slots=True)
class SeriesTable:
    """Columns of numbers in order of time.

    ``times`` int64 (n,) nanoseconds since 1970, None without a time column (``time_name`` is
    empty); ``columns`` float64 (n,) by name, NaN where a value is missing. ``notes`` says in
    sentences what was skipped or moved.
    """

    times: npt.NDArray[np.int64] | None
    time_name: str
    columns: dict[str, npt.NDArray[np.float64]]
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def read_series(path: Path, *, time: str = "", wanted: tuple[str, ...] = ()) -> SeriesTable:
    """Read a CSV (also compressed) or Parquet file.

    ``time`` names the time column, ``wanted`` the columns of values; by default they are found.
    Raises :class:`~sensorium.errors.UsageError` for what cannot be used.
    """
    notes: list[str] = []
    table = _read(path, notes)
    if table.num_rows == 0:
        raise UsageError(f"{path} has no rows", next_step=_NEXT)
    for name in (*((time,) if time else ()), *wanted):
        if name not in table.column_names:
            raise UsageError(
                f"{path} has no column {name!r}", next_step=f"it has {_listed(table.column_names)}"
            )
    time_name, times = _times(path, table, time, wanted)
    if time_name and time_name not in wanted:
        table = table.drop_columns([time_name])
    columns = _numbers(path, table, wanted, notes)
    if times is not None:
        times, columns = _in_order(path, times, columns, notes)
    return SeriesTable(times, time_name, columns, notes)


def _read(path: Path, notes: list[str]) -> pa.Table:
    try:
        if path.is_dir():
            raise UsageError(
                f"{path} is a folder",
                next_step="name one CSV or Parquet file",
            )
        with path.open("rb") as file:
            head = file.read(4)
        if not head:
            raise UsageError(f"{path} is empty", next_step=_NEXT)
        if head == _PARQUET_MAGIC:
            import pyarrow.parquet as pq

            return pq.read_table(path)
        return _read_csv(path, notes)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"cannot read {path}: {reason}", next_step="check the path") from error
    except (pa.ArrowInvalid, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{path} is neither Parquet nor CSV that can be read: {error}", next_step=_NEXT
        ) from error


def _read_csv(path: Path, notes: list[str]) -> pa.Table:
    from pyarrow import csv as arrow_csv

    with pa.input_stream(str(path), compression="detect") as stream:
        head = stream.read(_HEAD)
    first = head.decode("utf-8-sig", "replace").split("\n", 1)[0].rstrip("\r")
    separator = max(",;\t", key=first.count)
    names = next(csv.reader(io.StringIO(first), delimiter=separator), [])
    bare = bool(names) and all(_is_value(name) for name in names)
    skipped = [0]

    def skip(_: Any) -> str:
        skipped[0] += 1
        return "skip"

    table = arrow_csv.read_csv(
        str(path),
        read_options=arrow_csv.ReadOptions(
            column_names=[f"column_{n + 1}" for n in range(len(names))] if bare else None
        ),
        parse_options=arrow_csv.ParseOptions(delimiter=separator, invalid_row_handler=skip),
    )
    if bare:
        notes.append("the file has no header line: columns are called column_1, column_2, ...")
    if skipped[0]:
        notes.append(f"lines with another number of columns, and skipped: {skipped[0]:,}")
    if len(set(table.column_names)) < len(table.column_names):
        raise UsageError(f"{path} has two columns of one name", next_step="rename one of them")
    return table


def _is_value(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return len(text) >= 8 and text[:4].isdigit() and text[4] in "-/"
    return True


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:12])
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _times(
    path: Path, table: pa.Table, chosen: str, wanted: tuple[str, ...]
) -> tuple[str, npt.NDArray[np.int64] | None]:
    """The time column's name and its times, NaT as the least int64; none where there is none."""
    if chosen:
        times = as_times(table[chosen], named=True)
        if times is None:
            raise UsageError(
                f"the column {chosen!r} of {path} does not hold times",
                next_step="times are ISO 8601, or s, ms, us or ns since 1970",
            )
        return chosen, times
    names = [name for name in table.column_names if name not in wanted]
    ranked = sorted(names, key=lambda name: not _is_time_name(name))
    for name in ranked:
        times = as_times(table[name], named=_is_time_name(name))
        if times is not None:
            return name, times
    return "", None


def _is_time_name(name: str) -> bool:
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


def _numbers(
    path: Path, table: pa.Table, wanted: tuple[str, ...], notes: list[str]
) -> dict[str, npt.NDArray[np.float64]]:
    columns, others = {}, []
    for name in wanted or table.column_names:
        kind = table[name].type
        numeric = (
            pa.types.is_integer(kind)
            or pa.types.is_floating(kind)
            or pa.types.is_decimal(kind)
            or pa.types.is_boolean(kind)
        )
        if numeric:
            plain = table[name].cast(pa.int8()) if pa.types.is_boolean(kind) else table[name]
            floats = pc.cast(plain, pa.float64(), safe=False)
            columns[name] = np.array(floats.to_numpy(), np.float64)
        else:
            others.append(name)
    if wanted and others:
        raise UsageError(
            f"the column {others[0]!r} of {path} does not hold numbers", next_step=_NEXT
        )
    if not columns:
        raise UsageError(f"{path} has no column of numbers", next_step=_NEXT)
    if others:
        notes.append(f"not numbers, and left out: {_listed(others)}")
    return columns


def _in_order(
    path: Path,
    times: npt.NDArray[np.int64],
    columns: dict[str, npt.NDArray[np.float64]],
    notes: list[str],
) -> tuple[npt.NDArray[np.int64], dict[str, npt.NDArray[np.float64]]]:
    known = times != np.iinfo(np.int64).min
    if not known.all():
        notes.append(f"rows without a time, and left out: {int((~known).sum()):,}")
        times, columns = times[known], {name: x[known] for name, x in columns.items()}
    if not len(times):
        raise UsageError(f"no row of {path} has a time", next_step=_NEXT)
    back = int((np.diff(times) < 0).sum())
    if back:
        notes.append(f"rows put in order of time: time went back {back:,}×")
        order = np.argsort(times, kind="stable")
        times, columns = times[order], {name: x[order] for name, x in columns.items()}
    return times, columns
