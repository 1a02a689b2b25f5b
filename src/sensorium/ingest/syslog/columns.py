"""From positions to Arrow columns: kernels that copy each field once, to where it stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.codes import FACILITIES, SEVERITIES
from sensorium.ingest.syslog.layout import Bytes, Ints, Offsets, Positions
from sensorium.ingest.syslog.memory import copy, position, put_position
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
_KEY_BYTES: Final = len(_KEYS[0])
_LONGEST_FACILITY: Final = max(map(len, FACILITIES))
_LONGEST_SEVERITY: Final = max(map(len, SEVERITIES))


@kernel
def _fill_field(bytes_: Bytes, rows: Positions, column: int, offsets: Offsets, out: Bytes) -> int:
    data, target = bytes_.ctypes.data, out.ctypes.data
    row, width = rows.ctypes.data, layout.WIDTH * 4
    at = 0
    for m in range(len(rows) // layout.WIDTH):
        start = position(row, column)
        length = position(row, column + 1) - start
        copy(target + at, data + start, length)
        at += length
        offsets[m + 1] = at
        row += width
    return at


@kernel
def _fill_host(
    bytes_: Bytes,
    rows: Positions,
    origins: Ints,
    names: Bytes,
    name_offsets: Ints,
    offsets: Offsets,
    out: Bytes,
) -> int:
    """Hosts as stated, or else the name ``origins[m]`` of the table."""
    data, table, target = bytes_.ctypes.data, names.ctypes.data, out.ctypes.data
    row, width = rows.ctypes.data, layout.WIDTH * 4
    at = 0
    for m in range(len(rows) // layout.WIDTH):
        source = data + position(row, layout.HOST)
        length = position(row, layout.HOST + 1) - position(row, layout.HOST)
        if length == 0:
            start = name_offsets[origins[m]]
            source, length = table + start, name_offsets[origins[m] + 1] - start
        copy(target + at, source, length)
        at += length
        offsets[m + 1] = at
        row += width
    return at


@kernel
def _fill_severity(
    rows: Positions, names: Bytes, name_offsets: Ints, offsets: Offsets, out: Bytes
) -> int:
    table, target = names.ctypes.data, out.ctypes.data
    at = 0
    for m in range(len(rows) // layout.WIDTH):
        priority = rows[m * layout.WIDTH + layout.PRIORITY]
        if priority >= 0:
            start = name_offsets[priority & 7]
            length = name_offsets[(priority & 7) + 1] - start
            copy(target + at, table + start, length)
            at += length
        offsets[m + 1] = at
    return at


@inner
def _fill_entry(
    source: int, length: int, key: int, key_length: int, entry: int, outputs: Any
) -> int:
    """Append one attribute; all but lengths and number are addresses."""
    keys, key_ends, values, value_ends = outputs
    key_at, value_at = position(key_ends, entry), position(value_ends, entry)
    copy(keys + key_at, key, key_length)
    copy(values + value_at, source, length)
    put_position(key_ends, entry + 1, key_at + key_length)
    put_position(value_ends, entry + 1, value_at + length)
    return entry + 1


@kernel
def _fill_attributes(
    bytes_: Bytes, rows: Positions, key_names: Any, facilities: Any, ends: Offsets, outputs: Any
) -> int:
    data, row = bytes_.ctypes.data, rows.ctypes.data
    names, offsets = facilities
    name_data, key_data, key_offsets = names.ctypes.data, key_names[0].ctypes.data, key_names[1]
    keys, key_ends, values, value_ends = outputs
    addresses = keys.ctypes.data, key_ends.ctypes.data, values.ctypes.data, value_ends.ctypes.data
    entry = 0
    for m in range(len(rows) // layout.WIDTH):
        priority = position(row, layout.PRIORITY)
        if priority >= 0:
            start = offsets[priority >> 3]
            length = offsets[(priority >> 3) + 1] - start
            entry = _fill_entry(
                name_data + start, length, key_data, key_offsets[1], entry, addresses
            )
        for key, column in ((1, layout.VERSION), (2, layout.MSGID), (3, layout.STAMP)):
            start = position(row, column)
            length = position(row, column + 1) - start
            if length > 0:
                name = key_data + key_offsets[key]
                name_length = key_offsets[key + 1] - key_offsets[key]
                entry = _fill_entry(data + start, length, name, name_length, entry, addresses)
        start, end = position(row, layout.DATA), position(row, layout.DATA + 1)
        if end > start:
            entry = copy_out(
                data, start, end, entry, addresses[0], addresses[1], addresses[2], addresses[3]
            )
        ends[m + 1] = entry
        row += layout.WIDTH * 4
    return entry


@dataclass(frozen=True, slots=True)
class _Strings:
    """Space for the strings of one column, in memory that Arrow takes over."""

    offset_buffer: pa.Buffer
    buffer: pa.Buffer
    offsets: Offsets
    data: Bytes

    @staticmethod
    def room(strings: int, size: int) -> _Strings:
        """For so many strings of at most ``size`` bytes in all."""
        # Arrow's allocator keeps pages it has had; fresh ones from the system cost as much as
        # filling them.
        offset_buffer = pa.allocate_buffer(4 * (strings + 1))
        buffer = pa.allocate_buffer(size)
        offsets = np.frombuffer(offset_buffer, np.int32)
        offsets[0] = 0
        return _Strings(offset_buffer, buffer, offsets, np.frombuffer(buffer, np.uint8))

    def array(self, strings: int) -> pa.Array:
        """The first ``strings`` of them."""
        return pa.Array.from_buffers(pa.string(), strings, [None, self.offset_buffer, self.buffer])


def text_column(data: Bytes, rows: Positions, column: int, size: int) -> pa.Array:
    """One field of all messages as an Arrow string array; ``size`` is its bytes in all."""
    out = _Strings.room(len(rows), size)
    _fill_field(data, rows.reshape(-1), column, out.offsets, out.data)
    return out.array(len(rows))


def host_column(
    data: Bytes, rows: Positions, origins: Ints, names: tuple[str, ...], size: int
) -> pa.Array:
    """Host names, with ``names[origins[m]]`` for a message that states none."""
    out = _Strings.room(len(rows), size)
    _fill_host(data, rows.reshape(-1), origins, *packed(names), out.offsets, out.data)
    return out.array(len(rows))


def severity_column(rows: Positions) -> pa.Array:
    """Severity keywords; empty where the message has no priority."""
    out = _Strings.room(len(rows), len(rows) * _LONGEST_SEVERITY)
    _fill_severity(rows.reshape(-1), *_SEVERITY_NAMES, out.offsets, out.data)
    return out.array(len(rows))


def attribute_column(data: Bytes, rows: Positions, totals: Ints) -> pa.Array:
    """Facility, version, message id, unread timestamp and structured data, as a map."""
    messages, stated = len(rows), totals.tolist()
    room = 4 * messages + stated[layout.ENTRIES]
    keys = _Strings.room(room, _KEY_BYTES * messages + stated[layout.KEY_BYTES])
    values = _Strings.room(room, _LONGEST_FACILITY * messages + stated[layout.VALUE_BYTES])
    ends = np.zeros(messages + 1, np.int32)
    outputs = (keys.data, keys.offsets, values.data, values.offsets)
    entries = _fill_attributes(data, rows.reshape(-1), _KEYS, _FACILITY_NAMES, ends, outputs)
    pairs = pa.StructArray.from_arrays(
        [keys.array(entries), values.array(entries)], fields=[LABELS.key_field, LABELS.item_field]
    )
    buffers = [None, pa.py_buffer(ends)]
    return pa.Array.from_buffers(LABELS, messages, buffers, children=[pairs])
