"""From positions to Arrow columns: one pass that copies each field once, to where it stays."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.codes import FACILITIES, SEVERITIES, SEVERITY_NUMBERS
from sensorium.ingest.syslog.layout import Bytes, Ints, Positions
from sensorium.ingest.syslog.memory import (
    copy,
    position,
    put_byte,
    put_position,
    put_word,
    total,
    word,
)
from sensorium.ingest.syslog.structured import copy_out
from sensorium.model.signals import LABELS


def packed(names: tuple[str, ...]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Strings end to end, and the ``len + 1`` offsets between them."""
    pieces = [name.encode() for name in names]
    offsets = np.zeros(len(pieces) + 1, np.int64)
    np.cumsum([len(piece) for piece in pieces], out=offsets[1:])
    return np.frombuffer(b"".join(pieces), np.uint8), offsets


_SLOT: Final = 16


def _slots(names: tuple[str, ...]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Short strings, each in a slot of 16 bytes, and their lengths: copied without a call."""
    table = b"".join(name.encode().ljust(_SLOT) for name in names)
    return np.frombuffer(table, np.uint8), np.array([len(name) for name in names], np.int64)


_KEYS: Final = _slots(("facility", "version", "msgid", "timestamp", *layout.EXTRAS))
_FACILITY_NAMES: Final = _slots(FACILITIES)
_SEVERITY_NAMES: Final = _slots(SEVERITIES)
_KEY_BYTES: Final = int(_KEYS[1][:4].sum())
_FIRST_EXTRA: Final = 4
_TABLES: Final = np.array(
    [array.ctypes.data for t in (_KEYS, _FACILITY_NAMES, _SEVERITY_NAMES) for array in t], np.int64
)
_NUMBERS: Final = np.array(SEVERITY_NUMBERS, np.int64)
# Each table is an address of slots and one of lengths, in this order.
_KEY_TABLE: Final = 0
_FACILITY_TABLE: Final = 2
_SEVERITY_TABLE: Final = 4

# Each output is an address of Arrow offsets (int32) and one of bytes, in this order.
_HOST: Final = 0
_APP: Final = 2
_PROC: Final = 4
_BODY: Final = 6
_SEVERITY: Final = 8
_KEY: Final = 10
_VALUE: Final = 12
# And one of severity numbers.
_SEVERITY_NUMBER: Final = 14


@inner
def _append(outputs: int, column: int, n: int, source: int, length: int, last: int) -> None:
    """Write string number ``n`` of an output: ``length`` bytes at the address ``source``.

    ``last`` is the last address from which a slot's bytes may be read; after the target is room.
    """
    offsets = total(outputs, column)
    at = position(offsets, n)
    target = total(outputs, column + 1) + at
    if length <= _SLOT and source <= last:
        first, second = word(source, 0), word(source, 8)
        put_word(target, 0, first)
        put_word(target, 8, second)
    else:
        copy(target, source, length)
    put_position(offsets, n + 1, at + length)


@inner
def _append_short(outputs: int, column: int, n: int, tables: int, table: int, name: int) -> None:
    """Write string number ``n`` of an output, which has a slot to spare: ``name`` of a table."""
    offsets = total(outputs, column)
    at = position(offsets, n)
    target, slot = total(outputs, column + 1) + at, total(tables, table) + name * _SLOT
    put_word(target, 0, word(slot, 0))
    put_word(target, 8, word(slot, 8))
    put_position(offsets, n + 1, at + total(total(tables, table + 1), name))


@inner
def _append_attributes(
    data: int, row: int, extras: int, outputs: int, entry: int, tables: int, last: int
) -> int:
    """Write a message's attributes from number ``entry`` on; the number after the last."""
    priority = position(row, layout.PRIORITY)
    if priority >= 0:
        _append_short(outputs, _KEY, entry, tables, _KEY_TABLE, 0)
        _append_short(outputs, _VALUE, entry, tables, _FACILITY_TABLE, priority >> 3)
        entry += 1
    for key, column in ((1, layout.VERSION), (2, layout.MSGID), (3, layout.STAMP)):
        start = position(row, column)
        length = position(row, column + 1) - start
        if length > 0:
            _append_short(outputs, _KEY, entry, tables, _KEY_TABLE, key)
            _append(outputs, _VALUE, entry, data + start, length, last)
            entry += 1
    if position(row, layout.ODD) != 0:
        for e in range(layout.EXTRA_WIDTH // 2):
            start = position(extras, 2 * e)
            length = position(extras, 2 * e + 1) - start
            if length > 0:
                _append_short(outputs, _KEY, entry, tables, _KEY_TABLE, _FIRST_EXTRA + e)
                _append(outputs, _VALUE, entry, data + start, length, last)
                entry += 1
    start, end = position(row, layout.DATA), position(row, layout.DATA + 1)
    if end > start:
        key_ends, key_data = total(outputs, _KEY), total(outputs, _KEY + 1)
        value_ends, value_data = total(outputs, _VALUE), total(outputs, _VALUE + 1)
        entry = copy_out(data, start, end, entry, key_data, key_ends, value_data, value_ends)
    return entry


@kernel
def _fill(
    bytes_: Bytes,
    rows: Positions,
    extra_rows: Positions,
    senders: Ints,
    sender_names: Any,
    table_addresses: Ints,
    output_addresses: Ints,
    ends_: Positions,
) -> int:
    """Fill every output; the number of attributes written.

    A message that states no host gets ``sender_names[senders[m]]``, one without priority no
    severity.
    """
    data, outputs = bytes_.ctypes.data, output_addresses.ctypes.data
    tables, ends = table_addresses.ctypes.data, ends_.ctypes.data
    first_row, first_extra = rows.ctypes.data, extra_rows.ctypes.data
    names, name_offsets = sender_names
    numbers = total(outputs, _SEVERITY_NUMBER)
    # Where a message's parts lie says nothing of where it ends: each is looked at by itself.
    last = data + len(bytes_) - _SLOT
    entry = 0
    for m in range(len(ends_) - 1):
        row, extras = first_row + m * layout.WIDTH * 4, first_extra + m * layout.EXTRA_WIDTH * 4
        source = data + position(row, layout.HOST)
        length = position(row, layout.HOST + 1) - position(row, layout.HOST)
        if length == 0:
            name = name_offsets[senders[m]]
            source, length = names.ctypes.data + name, name_offsets[senders[m] + 1] - name
            _append(outputs, _HOST, m, source, length, 0)
        else:
            _append(outputs, _HOST, m, source, length, last)
        for output, column in ((_APP, layout.APP), (_PROC, layout.PROC), (_BODY, layout.BODY)):
            start = position(row, column)
            length = position(row, column + 1) - start
            _append(outputs, output, m, data + start, length, last)
        priority = position(row, layout.PRIORITY)
        if priority == -1:
            _append(outputs, _SEVERITY, m, data, 0, 0)
            put_byte(numbers, m, 0)
        else:
            severity = priority & 7 if priority >= 0 else -2 - priority
            _append_short(outputs, _SEVERITY, m, tables, _SEVERITY_TABLE, severity)
            put_byte(numbers, m, _NUMBERS[severity])
        entry = _append_attributes(data, row, extras, outputs, entry, tables, last)
        put_position(ends, m + 1, entry)
    return entry


@dataclass(frozen=True, slots=True)
class _Strings:
    """Space for the strings of one column, in memory that Arrow takes over."""

    offsets: pa.Buffer
    data: pa.Buffer

    @staticmethod
    def room(strings: int, size: int) -> _Strings:
        """For so many strings of at most ``size`` bytes in all."""
        # Arrow's allocator keeps pages it has had; fresh ones from the system cost as much as
        # filling them.
        offsets = pa.allocate_buffer(4 * (strings + 1))
        np.frombuffer(offsets, np.int32)[0] = 0
        return _Strings(offsets, pa.allocate_buffer(size + _SLOT))

    def array(self, strings: int) -> pa.Array:
        """The first ``strings`` of them."""
        return pa.Array.from_buffers(pa.string(), strings, [None, self.offsets, self.data])


def message_columns(
    data: npt.NDArray[np.uint8],
    rows: npt.NDArray[np.int32],
    extras: npt.NDArray[np.int32],
    totals: npt.NDArray[np.int64],
    senders: npt.NDArray[np.int64],
    sender_names: tuple[str, ...],
) -> dict[str, pa.Array]:
    """The columns ``host``, ``app``, ``proc_id``, ``body``, ``severity_text``, ``severity_number``
    and ``attributes``.

    ``rows`` (n, WIDTH), ``extras`` (n, EXTRA_WIDTH) and ``totals`` are the parser's; ``senders``
    (n,) says which of ``sender_names`` stands for the host of a message that states none; it may
    be empty where each states one.
    """
    messages, stated = len(rows), totals.tolist()
    entries = 4 * messages + stated[layout.ENTRIES]
    unnamed = stated[layout.NAMELESS] * max(map(len, sender_names))
    numbers = pa.allocate_buffer(messages)
    outputs = {
        "host": _Strings.room(messages, stated[layout.HOST_BYTES] + unnamed),
        "app": _Strings.room(messages, stated[layout.APP_BYTES]),
        "proc_id": _Strings.room(messages, stated[layout.PROC_BYTES]),
        "body": _Strings.room(messages, stated[layout.BODY_BYTES]),
        "severity_text": _Strings.room(messages, messages * _SLOT),
    }
    keys = _Strings.room(entries, messages * _KEY_BYTES + stated[layout.KEY_BYTES])
    values = _Strings.room(entries, messages * _SLOT + stated[layout.VALUE_BYTES])
    places = [(s.offsets.address, s.data.address) for s in (*outputs.values(), keys, values)]
    ends = np.zeros(messages + 1, np.int32)
    written = _fill(
        data,
        rows.reshape(-1),
        extras.reshape(-1),
        senders,
        packed(sender_names),
        _TABLES,
        np.array([*chain.from_iterable(places), numbers.address], np.int64),
        ends,
    )
    pairs = pa.StructArray.from_arrays(
        [keys.array(written), values.array(written)], fields=[LABELS.key_field, LABELS.item_field]
    )
    attributes = pa.Array.from_buffers(
        LABELS, messages, [None, pa.py_buffer(ends)], children=[pairs]
    )
    columns = {name: strings.array(messages) for name, strings in outputs.items()}
    severity = pa.Array.from_buffers(pa.uint8(), messages, [None, numbers])
    return {**columns, "severity_number": severity, "attributes": attributes}
