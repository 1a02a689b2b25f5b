"""From positions to Arrow columns: kernels that copy each field once, to where it stays."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.codes import FACILITIES, SEVERITIES
from sensorium.ingest.syslog.layout import Bytes, Ints, Offsets, Positions, compiled
from sensorium.ingest.syslog.memory import copy_bytes
from sensorium.ingest.syslog.structured import copy_out
from sensorium.model.signals import LABELS


def packed(names: tuple[str, ...]) -> tuple[Bytes, Ints]:
    """Strings end to end, and the ``len + 1`` offsets between them."""
    pieces = [name.encode() for name in names]
    offsets = np.zeros(len(pieces) + 1, np.int64)
    np.cumsum([len(piece) for piece in pieces], out=offsets[1:])
    return np.frombuffer(b"".join(pieces), np.uint8), offsets


_KEYS: Final = packed(("facility", "version", "msgid", "timestamp"))
_FACILITY_NAMES: Final = packed(FACILITIES)
_SEVERITY_NAMES: Final = packed(SEVERITIES)
FACILITY_LENGTHS: Final = np.diff(_FACILITY_NAMES[1])
SEVERITY_LENGTHS: Final = np.diff(_SEVERITY_NAMES[1])


@compiled
def _fill_field(data: Bytes, rows: Positions, column: int, offsets: Offsets, out: Bytes) -> None:
    at = 0
    for m in range(len(rows)):
        start = rows[m, column]
        length = rows[m, column + 1] - start
        copy_bytes(out, at, data, start, length)
        at += length
        offsets[m + 1] = at


@compiled
def _fill_host(
    data: Bytes,
    rows: Positions,
    origins: Ints,
    names: Bytes,
    name_offsets: Ints,
    offsets: Offsets,
    out: Bytes,
) -> None:
    """Hosts as stated, or else the name ``origins[m]`` of the table."""
    at = 0
    for m in range(len(rows)):
        start = rows[m, layout.HOST]
        length = rows[m, layout.HOST + 1] - start
        if length:
            copy_bytes(out, at, data, start, length)
        else:
            start = name_offsets[origins[m]]
            length = name_offsets[origins[m] + 1] - start
            copy_bytes(out, at, names, start, length)
        at += length
        offsets[m + 1] = at


@compiled
def _fill_severity(
    rows: Positions, names: Bytes, name_offsets: Ints, offsets: Offsets, out: Bytes
) -> None:
    at = 0
    for m in range(len(rows)):
        if rows[m, layout.PRIORITY] >= 0:
            severity = rows[m, layout.PRIORITY] & 7
            start = name_offsets[severity]
            length = name_offsets[severity + 1] - start
            copy_bytes(out, at, names, start, length)
            at += length
        offsets[m + 1] = at


@compiled
def _fill_entry(
    source: Bytes, start: int, end: int, key: int, key_names: Any, entry: int, outputs: Any
) -> int:
    """Append one attribute whose key is number ``key`` of the table."""
    keys, key_ends, values, value_ends = outputs
    names, name_offsets = key_names
    length = name_offsets[key + 1] - name_offsets[key]
    copy_bytes(keys, key_ends[entry], names, name_offsets[key], length)
    key_ends[entry + 1] = key_ends[entry] + length
    copy_bytes(values, value_ends[entry], source, start, end - start)
    value_ends[entry + 1] = value_ends[entry] + end - start
    return entry + 1


@compiled
def _fill_attributes(
    data: Bytes, rows: Positions, key_names: Any, facilities: Any, ends: Offsets, outputs: Any
) -> None:
    facility_names, facility_offsets = facilities
    keys, key_ends, values, value_ends = outputs
    entry = 0
    for m in range(len(rows)):
        row = rows[m]
        if row[layout.PRIORITY] >= 0:
            f = row[layout.PRIORITY] >> 3
            start, end = facility_offsets[f], facility_offsets[f + 1]
            entry = _fill_entry(facility_names, start, end, 0, key_names, entry, outputs)
        for key, column in ((1, layout.VERSION), (2, layout.MSGID), (3, layout.STAMP)):
            start, end = int(row[column]), int(row[column + 1])
            if end > start:
                entry = _fill_entry(data, start, end, key, key_names, entry, outputs)
        start, end = int(row[layout.DATA]), int(row[layout.DATA + 1])
        if end > start:
            entry = copy_out(data, start, end, entry, keys, key_ends, values, value_ends)
        ends[m + 1] = entry


def _string_array(offsets: Offsets, data: Bytes) -> pa.Array:
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)


def _room(messages: int, size: int) -> tuple[Offsets, Bytes]:
    offsets = np.empty(messages + 1, np.int32)
    offsets[0] = 0
    return offsets, np.empty(size, np.uint8)


def text_column(data: Bytes, rows: Positions, column: int, size: int) -> pa.Array:
    """One field of all messages as an Arrow string array; ``size`` is its bytes in all."""
    offsets, out = _room(len(rows), size)
    _fill_field(data, rows, column, offsets, out)
    return _string_array(offsets, out)


def host_column(
    data: Bytes, rows: Positions, origins: Ints, names: tuple[str, ...], size: int
) -> pa.Array:
    """Host names, with ``names[origins[m]]`` for a message that states none."""
    name_bytes, name_offsets = packed(names)
    offsets, out = _room(len(rows), size)
    _fill_host(data, rows, origins, name_bytes, name_offsets, offsets, out)
    return _string_array(offsets, out)


def severity_column(rows: Positions, size: int) -> pa.Array:
    """Severity keywords; empty where the message has no priority."""
    offsets, out = _room(len(rows), size)
    _fill_severity(rows, *_SEVERITY_NAMES, offsets, out)
    return _string_array(offsets, out)


def attribute_column(data: Bytes, rows: Positions, totals: Ints) -> pa.Array:
    """Facility, version, message id, unread timestamp and structured data, as a map."""
    entries = int(totals[layout.ENTRIES])
    key_ends, keys = _room(entries, int(totals[layout.KEY_BYTES]))
    value_ends, values = _room(entries, int(totals[layout.VALUE_BYTES]))
    ends = np.zeros(len(rows) + 1, np.int32)
    outputs = (keys, key_ends, values, value_ends)
    _fill_attributes(data, rows, _KEYS, _FACILITY_NAMES, ends, outputs)
    children = [_string_array(key_ends, keys), _string_array(value_ends, values)]
    pairs = pa.StructArray.from_arrays(children, fields=[LABELS.key_field, LABELS.item_field])
    buffers = [None, pa.py_buffer(ends)]
    return pa.Array.from_buffers(LABELS, len(rows), buffers, children=[pairs])
