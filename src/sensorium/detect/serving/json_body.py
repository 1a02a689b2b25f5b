"""A request in JSON: columns by name, ``null`` where a value is missing."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from sensorium.detect.arrays import F64, I64
from sensorium.detect.serving.asked import (
    SERIES,
    Asked,
    check_fields,
    check_names,
    check_size,
    check_values,
    times_of,
)
from sensorium.detect.serving.config import ServingConfig
from sensorium.detect.serving.refusal import Reason, RefusedError, shown, wrong

FIELDS: Final = ("model", "times", "columns", "warmup", "contributions")
_FORM: Final = 'a request is like {"columns": {"cpu": [1.5, 2, null]}}'


def read_json(body: bytes, config: ServingConfig) -> Asked:
    """Read and check a request; RefusedError says what is wrong with it."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        hint = (
            "NaN and Infinity are no JSON: a missing value is null" if _not_a_number(body) else ""
        )
        raise RefusedError(
            400, Reason.MALFORMED, f"the body is not JSON: {error}", next_step=hint or _FORM
        ) from error
    if not isinstance(given, dict):
        raise wrong(Reason.FIELDS, "the body is JSON and no object", _FORM)
    check_fields(given, FIELDS, "field")
    columns = given.get("columns")
    if not isinstance(columns, dict):
        raise wrong(Reason.FIELDS, "columns is an object of lists by name", _FORM)
    check_names(columns, config)
    rows = _rows(columns)
    check_size(rows, len(columns), config)
    model = given.get("model", SERIES)
    if not isinstance(model, str):
        raise wrong(Reason.FIELDS, "model is a text: name, or name@version")
    asked = Asked(
        columns={name: _numbers(name, column) for name, column in columns.items()},
        model=model,
        times=_times(given.get("times"), rows),
        warmup=_whole(given, "warmup"),
        contributions=_whole(given, "contributions"),
    )
    _check_members(body, len(given) + len(columns))
    return asked


def _not_a_number(body: bytes) -> bool:
    return any(word in body for word in (b"NaN", b"nan", b"Infinity", b"inf"))


def _rows(columns: dict[str, Any]) -> int:
    """How long all columns are."""
    first, rows = "", -1
    for name, column in columns.items():
        if not isinstance(column, list):
            raise wrong(Reason.VALUES, f"column {shown(name)} is no list", _FORM)
        if rows < 0:
            first, rows = name, len(column)
        if len(column) != rows:
            raise wrong(
                Reason.ROWS,
                f"column {shown(name)} has {len(column):,} rows, {shown(first)} has {rows:,}",
                "all columns have the same length: null is a missing value",
            )
    return rows


def _numbers(name: str, column: list[Any]) -> F64:
    try:
        values = np.array(pa.array(column, pa.float64()), np.float64)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        # Arrow takes no whole number that 64 bits of floating point do not hold exactly.
        for row, value in enumerate(column):
            if value is not None and not isinstance(value, int | float):
                raise wrong(
                    Reason.VALUES,
                    f"column {shown(name)} has {shown(value)} in row {row:,}, which is no number",
                    "values are numbers, or null where one is missing",
                ) from None
        values = np.array(column, np.float64)
    check_values(name, values)
    return values


def _times(given: Any, rows: int) -> I64 | None:
    if given is None:
        return None
    if not isinstance(given, list):
        raise wrong(Reason.TIMES, "times is a list with a time for each row")
    try:
        column = pa.chunked_array([pa.array(given)])
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise wrong(
            Reason.TIMES, "times are texts or numbers, all of one kind", "one for each row"
        ) from error
    return times_of(column, rows)


def _whole(given: dict[str, Any], name: str) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise wrong(Reason.FIELDS, f"{name} is a whole number, 0 or more, not {shown(value)}")
    return value


def _check_members(body: bytes, known: int) -> None:
    """Refuse a name that stands twice: of such a pair a parser keeps one and says nothing.

    Outside texts a colon stands after each name and nowhere else. ``body`` is valid JSON whose only
    objects are those with ``known`` names.
    """
    plain = body
    if b"\\" in body:
        plain = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    if sum(part.count(b":") for part in plain.split(b'"')[::2]) != known:
        raise wrong(
            Reason.COLUMNS,
            "two columns, or two fields, have the same name",
            "rename one of them",
        )
