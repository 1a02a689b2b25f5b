"""Batches as JSON lines: one object a row, keyed by the columns' names.

A flow's attributes stand in the object itself, by their own names, as numbers and objects where
their element is one.

Addresses are text (IPv4 where mapped), MAC addresses ``aa:bb:cc:dd:ee:ff``. JSON has no NaN and
no infinities: such values are the strings ``"NaN"``, ``"+Inf"`` and ``"-Inf"``, as Prometheus
writes them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sensorium.ingest.netflow.registry import Type, is_number, type_of_name
from sensorium.model.address import unpack_address
from sensorium.model.signals import ADDRESS, FLOWS

LINES = pa.schema([("line", pa.string())])
"""Records that no signal has columns for, as lines of JSON already."""

NUMBERS = b"numbers"
"""In a schema's metadata, the names of attributes that are numbers, parted by spaces: those that no
registry knows."""

_MAC_COLUMNS = frozenset({"src_mac", "dst_mac"})
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NESTED = frozenset({Type.BASIC_LIST, Type.TEMPLATE_LIST, Type.MULTI_LIST})


def to_json_lines(batch: pa.RecordBatch) -> Iterator[str]:
    """Each row of a batch as one line of JSON, without the line's end."""
    if batch.num_rows == 0:
        return iter(())
    if batch.schema == LINES:
        return iter(batch.column("line").to_pylist())
    pieces: list[Any] = []
    merged: list[Any] = []
    for index, field in enumerate(batch.schema):
        if field.name == "attributes" and batch.schema == FLOWS:
            numbers = (batch.schema.metadata or {}).get(NUMBERS, b"").decode().split()
            merged = [_merged(batch.column(index), frozenset(numbers))]
            continue
        lead = "{" if index == 0 else ","
        pieces += [f"{lead}{json.dumps(field.name)}:", _column(field.name, batch.column(index))]
    lines = pc.binary_join_element_wise(*pieces, *merged, "}", "")
    return iter(lines.to_pylist())


def _merged(column: pa.MapArray, numbers: frozenset[str]) -> pa.Array:
    """Each row's pairs as the rest of an object, with a comma before each."""
    if len(column.keys) == 0:
        return pa.array([""] * len(column), pa.string())
    leads: dict[str, str] = {}
    texts = []
    for pairs in column.to_pylist():
        text = ""
        for name, value in pairs or ():
            lead = leads.get(name)
            if lead is None:
                lead = leads[name] = f",{_text(name)}:"
            text += lead + _attribute(name, value, numbers)
        texts.append(text)
    return pa.array(texts, pa.string())


def _attribute(name: str, value: str, numbers: frozenset[str]) -> str:
    """An attribute's text as JSON; what is not what its element should be is a string."""
    kind = type_of_name(name)
    if is_number(kind) or name in numbers:
        plain = _NUMBER.fullmatch(value) is not None
    elif kind is Type.BOOLEAN:
        plain = value in ("true", "false") or value.isdecimal()
    else:
        plain = kind in _NESTED and value.startswith("{")
    return value if plain else _text(value)


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
