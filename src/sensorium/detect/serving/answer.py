"""What a scorer answers, as JSON and as an Arrow IPC stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from sensorium.detect.arrays import F64, Bool
from sensorium.detect.series.alarm import Alarm

METADATA: Final = b"sensorium"
"""Under this the Arrow schema's metadata has all of the answer but its rows, as JSON."""


@dataclass(frozen=True, slots=True)
class ColumnAnswer:
    """One column by itself: ``score`` and ``tail_probability`` (n,), NaN where there is no value.

    ``about`` is what is said of the column as a whole.
    """

    score: F64
    tail_probability: F64
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Strongest:
    """The features that made each of n rows odd, strongest first; none of rows not explained.

    ``contributions`` are in the score's unit or near it.
    """

    names: list[list[str]]
    contributions: list[list[float]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows scored. ``judged`` (n,): those that something is claimed of, so not the history.

    ``about`` leads the answer: which model, how many rows. ``score`` and ``tail_probability`` (n,)
    are of each row as a whole, ``columns`` of single ones where the scorer judges them.
    """

    about: Mapping[str, Any]
    score: F64
    tail_probability: F64
    judged: Bool
    columns: Mapping[str, ColumnAnswer] = field(default_factory=dict)
    strongest: Strongest | None = None

    def passed(self, pass_rate: float) -> int:
        """How many rows are as improbable as what passes the gate."""
        with np.errstate(invalid="ignore"):
            return int(((self.tail_probability <= pass_rate) & self.judged).sum())


def to_json(answer: Answer, pass_rate: float) -> bytes:
    """The answer as one object; NaN is ``null``."""
    body = _head(answer, pass_rate)
    body["score"] = np.ascontiguousarray(answer.score)
    body["tail_probability"] = np.ascontiguousarray(answer.tail_probability)
    for name, column in answer.columns.items():
        body["columns"][name] |= {
            "score": np.ascontiguousarray(column.score),
            "tail_probability": np.ascontiguousarray(column.tail_probability),
        }
    if answer.strongest is not None:
        rows = zip(answer.strongest.names, answer.strongest.contributions, strict=True)
        body["strongest"] = [
            [
                {"feature": name, "contribution": share}
                for name, share in zip(names, shares, strict=True)
            ]
            for names, shares in rows
        ]
    if answer.columns:
        # Last, so that a person who reads the answer meets what matters first.
        body["columns"] = body.pop("columns")
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def to_arrow(answer: Answer, pass_rate: float) -> bytes:
    """The rows as a table of the columns that ``sensorium detect --scores`` writes."""
    columns: dict[str, pa.Array] = {
        "score": _column(answer.score),
        "tail_probability": _column(answer.tail_probability),
    }
    for name, column in answer.columns.items():
        columns[f"score.{name}"] = _column(column.score)
        columns[f"tail_probability.{name}"] = _column(column.tail_probability)
    if answer.strongest is not None:
        columns["strongest"] = _pairs(answer.strongest)
    about = orjson.dumps(_head(answer, pass_rate))
    table = pa.table(columns).replace_schema_metadata({METADATA: about})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def _head(answer: Answer, pass_rate: float) -> dict[str, Any]:
    head = {
        **answer.about,
        "pass_rate": pass_rate,
        "passed": answer.passed(pass_rate),
    }
    if answer.columns:
        head["columns"] = {name: dict(one.about) for name, one in answer.columns.items()}
    return head


def _column(values: F64) -> pa.Array:
    return pa.array(values, from_pandas=True)


def _pairs(strongest: Strongest) -> pa.Array:
    """A list of (feature, contribution) for each row."""
    ends = np.cumsum([0, *(len(row) for row in strongest.names)])
    names = pa.array([name for row in strongest.names for name in row], pa.string())
    shares = pa.array([x for row in strongest.contributions for x in row], pa.float64())
    pairs = pa.StructArray.from_arrays([names, shares], ["feature", "contribution"])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pairs)


def alarm_as_json(alarm: Alarm) -> dict[str, Any]:
    """One alarm, its time as ISO 8601 in UTC."""
    return {
        "row": alarm.row,
        "time": None if alarm.time_ns is None else iso(alarm.time_ns),
        "score": alarm.score,
        "tail_probability": alarm.tail_probability,
        "reason": alarm.reason,
        "seen": alarm.seen,
        "nearest": alarm.nearest,
        "sentence": alarm.sentence,
    }


def iso(time_ns: int) -> str:
    """A time as ``2026-01-31T12:30:00Z``, with a fraction where there is one."""
    seconds, rest = divmod(time_ns, 10**9)
    text = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
    return (f"{text}.{rest:09d}".rstrip("0") if rest else text) + "Z"
