"""A request as an Arrow IPC stream: a column of the table is a column of values.

The column of timestamps or dates, where there is one, is the time. Null and NaN are missing values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.detect.arrays import F64
from sensorium.detect.serving.arrow_messages import MalformedError, claims
from sensorium.detect.serving.asked import (
    SERIES,
    Asked,
    check_fields,
    check_names,
    check_size,
    check_values,
    nearest,
    times_of,
)
from sensorium.detect.serving.config import ServingConfig
from sensorium.detect.serving.refusal import Reason, RefusedError, shown, wrong

FIELDS: Final = ("model", "time", "warmup", "contributions")
"""What is said beside an Arrow body, in the URL's query."""

_KINDS: Final = "columns are integers, floating point or booleans, and one of times"


def read_arrow(body: bytes, said: Mapping[str, str], config: ServingConfig) -> Asked:
    """Read and check a request; RefusedError says what is wrong with it."""
    check_fields(said, FIELDS, "parameter")
    table = _table(body, config)
    columns = dict(zip(table.column_names, table.columns, strict=True))
    time = _time_column(table.schema, said.get("time", ""))
    times = times_of(columns.pop(time), table.num_rows) if time else None
    check_names(columns, config)
    check_size(table.num_rows, len(columns), config)
    return Asked(
        columns={name: _numbers(name, column) for name, column in columns.items()},
        model=said.get("model", SERIES),
        times=times,
        warmup=_whole(said, "warmup"),
        contributions=_whole(said, "contributions"),
    )


def _table(body: bytes, config: ServingConfig) -> pa.Table:
    """The stream's table, its bytes checked; its claims are looked at first."""
    try:
        reader = pa.ipc.open_stream(body)
        names = list(reader.schema.names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _malformed(error) from error
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise wrong(
            Reason.COLUMNS, f"two columns are called {shown(twice[0])}", "rename one of them"
        )
    # One more may be of times.
    if len(names) > config.max_columns + 1:
        check_names(names, config)
    for field in reader.schema:
        _check_kind(field)
    _check_claims(body, len(names), config)
    try:
        table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise _malformed(error) from error
    return table


def _check_claims(body: bytes, columns: int, config: ServingConfig) -> None:
    rows = size = 0
    try:
        for claim in claims(body):
            if claim.kind not in {"schema", "record batch"}:
                raise RefusedError(400, Reason.MALFORMED, f"a {claim.kind} message is not taken")
            rows, size = rows + claim.rows, size + claim.size
            if size > config.max_body_bytes:
                raise RefusedError(
                    413,
                    Reason.DECOMPRESSED,
                    f"buffers may have {config.max_body_bytes:,} bytes at most when decompressed",
                    next_step="send fewer rows at a time",
                )
            if claim.rows < 0 or rows > config.max_rows:
                check_size(rows, columns, config)
    except MalformedError as error:
        raise _malformed(error) from error


def _malformed(error: Exception) -> RefusedError:
    return RefusedError(
        400,
        Reason.MALFORMED,
        f"the body is no Arrow IPC stream: {error}",
        next_step="write one with pyarrow.ipc.new_stream; files (new_file) are not taken",
    )


def _check_kind(field: pa.Field) -> None:
    kind = field.type
    if not (_is_number(kind) or _is_time(kind) or _is_text(kind)):
        raise wrong(Reason.COLUMNS, f"column {shown(field.name)} is of type {kind}", _KINDS)


def _is_number(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _time_column(schema: pa.Schema, chosen: str) -> str:
    """The name of the column of times; empty where there is none."""
    if chosen:
        if chosen not in schema.names:
            raise wrong(
                Reason.TIMES,
                f"there is no column {shown(chosen)}",
                nearest(chosen, schema.names, "columns"),
            )
        return chosen
    found = [field.name for field in schema if _is_time(field.type)]
    if len(found) > 1:
        raise wrong(
            Reason.TIMES,
            f"{shown(found[0])} and {shown(found[1])} are both columns of times",
            "say which with ?time=NAME",
        )
    return found[0] if found else ""


def _numbers(name: str, column: pa.ChunkedArray) -> F64:
    if not _is_number(column.type):
        raise wrong(
            Reason.VALUES,
            f"column {shown(name)} is of type {column.type}, which is no number",
            "say which column is of times with ?time=NAME",
        )
    plain = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
    values = np.array(pc.cast(plain, pa.float64(), safe=False).to_numpy(), np.float64)
    check_values(name, values)
    return values


def _whole(said: Mapping[str, str], name: str) -> int | None:
    text = said.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise wrong(Reason.FIELDS, f"{name} is a whole number, 0 or more, not {shown(text)}")
    return int(text)
