"""Batches as JSON lines: one object a row, keyed by the columns' names.

Addresses are text (IPv4 where mapped), MAC addresses ``aa:bb:cc:dd:ee:ff``. JSON has no NaN and
no infinities: such values are the strings ``"NaN"``, ``"+Inf"`` and ``"-Inf"``, as Prometheus
writes them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sensorium.model.address import unpack_address
from sensorium.model.signals import ADDRESS

_MAC_COLUMNS = frozenset({"src_mac", "dst_mac"})


def to_json_lines(batch: pa.RecordBatch) -> Iterator[str]:
    """Each row of a batch as one line of JSON, without the line's end."""
    if batch.num_rows == 0:
        return iter(())
    pieces: list[Any] = []
    for index, field in enumerate(batch.schema):
        lead = "{" if index == 0 else ","
        pieces += [f"{lead}{json.dumps(field.name)}:", _column(field.name, batch.column(index))]
    lines = pc.binary_join_element_wise(*pieces, "}", "")
    return iter(lines.to_pylist())


def _column(name: str, column: pa.Array) -> pa.Array:
    """A column's values as JSON."""
    kind = column.type
    if pa.types.is_integer(kind) and name not in _MAC_COLUMNS:
        return pc.cast(column, pa.string())
    if pa.types.is_floating(kind):
        return pa.array([_number(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_map(kind):
        return pa.array([_text(dict(pairs or ())) for pairs in column.to_pylist()], pa.string())
    if kind == ADDRESS:
        return _mapped(column, lambda packed: _text(unpack_address(packed)))
    return _mapped(column, _mac if name in _MAC_COLUMNS else _text)


def _mapped(column: pa.Array, render: Callable[[Any], str]) -> pa.Array:
    """Render each distinct value once."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    rendered = pa.array([render(v) for v in column.dictionary.to_pylist()], pa.string())
    return rendered.take(column.indices)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _mac(value: int) -> str:
    return (
        '"' + ":".join(f"{byte:02x}" for byte in (value & (1 << 48) - 1).to_bytes(6, "big")) + '"'
    )


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return '"NaN"' if math.isnan(value) else '"+Inf"' if value > 0 else '"-Inf"'
