"""Metric series in a CSV or Parquet file: a time column and columns of numbers.

The time column is found by its name or its content (:mod:`.table_times`).

CSV is read as spreadsheets write it: fields parted by comma, semicolon or tab, numbers with a comma
where semicolons part the fields, in UTF-8, UTF-16 or Latin-1.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.errors import UsageError
from sensorium.ingest.table_times import file_times, is_time_name

_PARQUET_MAGIC: Final = b"PAR1"
_HEAD: Final = 65_536
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WITH_COMMA: Final = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE)
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
    time_name, times = _times(path, table, time, wanted, notes)
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
    encoding = _encoding(head, notes)
    first, *lines = head.decode(encoding, "replace").lstrip("\ufeff").splitlines()
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
            column_names=[f"column_{n + 1}" for n in range(len(names))] if bare else None,
            encoding=encoding,
        ),
        convert_options=arrow_csv.ConvertOptions(
            decimal_point="," if separator == ";" and _has_commas(lines) else "."
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


def _encoding(head: bytes, notes: list[str]) -> str:
    if head.startswith(_UTF_16):
        return "utf-16"
    try:
        # Of the last character the head may have a part only.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        notes.append("the file is not in UTF-8, and read as Latin-1")
        return "latin-1"
    return "utf-8"


def _has_commas(lines: list[str]) -> bool:
    """Whether a field between semicolons is a number with a comma, looking at some lines."""
    fields = (field.strip(' "') for line in lines[:100] for field in line.split(";"))
    return any(_WITH_COMMA.fullmatch(field) for field in fields)


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
    path: Path, table: pa.Table, chosen: str, wanted: tuple[str, ...], notes: list[str]
) -> tuple[str, npt.NDArray[np.int64] | None]:
    """The time column's name and its times, NaT as the least int64; none where there is none."""
    if chosen:
        times = file_times(chosen, table[chosen], notes, named=True)
        if times is None:
            raise UsageError(
                f"the column {chosen!r} of {path} does not hold times",
                next_step="times are ISO 8601, or s, ms, us or ns since 1970",
            )
        return chosen, times
    names = [name for name in table.column_names if name not in wanted]
    ranked = sorted(names, key=lambda name: not is_time_name(name))
    for name in ranked:
        times = file_times(name, table[name], notes, named=is_time_name(name))
        if times is not None:
            return name, times
    return "", None


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
