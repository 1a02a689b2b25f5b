"""A slab's attributes as an Arrow map of strings: the kernel's text, and what Python adds to it."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.attributes import kernel
from sensorium.ingest.netflow.attributes.objects import Context, MalformedListError, value_of
from sensorium.ingest.netflow.lanes import Lanes
from sensorium.ingest.netflow.programs import ProgramTable
from sensorium.ingest.netflow.registry.lookup import Type
from sensorium.model.signals import LABELS

Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
ContextOf = Callable[[int, int], tuple[int, Context]]
"""The source and the context of the values in a row of a piece of work."""

_USUAL_VALUE: Final = 12
_SLACK: Final = 4096
_ENTRIES: Final = pa.struct([LABELS.key_field, LABELS.item_field])


@dataclass(slots=True)
class _Room:
    """Buffers of an Arrow map of strings, and how much they hold."""

    row_ends: Bytes
    key_ends: Bytes
    keys: Bytes
    value_ends: Bytes
    values: Bytes
    slow: Int64s

    @classmethod
    def of(cls, rows: int, most: Int64s) -> _Room:
        pairs, keys, values, slow = most.tolist()
        ends = [np.empty(4 * (count + 1), np.uint8) for count in (rows, pairs, pairs)]
        for array in ends:
            array[:4] = 0
        texts = [np.empty(size, np.uint8) for size in (keys, values)]
        blank = np.empty((slow, kernel.SLOW_WIDTH), np.int64)
        return cls(ends[0], ends[1], texts[0], ends[2], texts[1], blank)

    def addresses(self) -> tuple[int, ...]:
        arrays = (self.row_ends, self.key_ends, self.keys, self.value_ends, self.values)
        return tuple(int(array.ctypes.data) for array in arrays)

    def take(self, other: _Room) -> None:
        """Take over what a smaller one holds."""
        for mine, theirs in (
            (self.row_ends, other.row_ends),
            (self.key_ends, other.key_ends),
            (self.keys, other.keys),
            (self.value_ends, other.value_ends),
            (self.values, other.values),
            (self.slow, other.slow),
        ):
            mine[: len(theirs)] = theirs


def _most(work: Int64s, programs: Int64s) -> Int64s:
    """Room for all pairs, and for values of a usual length."""
    used = programs[work[:, at.W_PROGRAM]]
    rows = work[:, at.W_ROWS]
    pairs = int((rows * (used[:, at.P_ATTRIBUTES_END] - used[:, at.P_ATTRIBUTES])).sum())
    keys = int((rows * used[:, at.P_NAMES_LENGTH]).sum())
    return np.array([pairs, keys, pairs * _USUAL_VALUE, pairs // 8], np.int64) + _SLACK


def attribute_map(
    work: Int64s, rows: int, table: ProgramTable, lanes: Lanes, context_of: ContextOf
) -> tuple[pa.Array, dict[int, int]]:
    """The attributes of a slab's rows, and how many lists could not be read, by source.

    ``work`` MUST lie in the order of its rows and stand for all of them.
    """
    programs, _, segments, _ = table.arrays()
    attributes, names = table.attributes()
    text = np.frombuffer(names, np.uint8)
    most = _most(work, programs)
    room = _Room.of(rows, most)
    state = np.zeros(kernel.STATE, np.int64)
    while not kernel.write_attributes(
        *(work, programs, attributes, segments, int(text.ctypes.data)),
        *(*lanes.places, *room.addresses(), room.slow, most, state),
    ):
        most *= 2
        larger = _Room.of(rows, most)
        larger.take(room)
        room = larger
    pairs = int(state[kernel.PAIRS])
    keys = _strings(room.key_ends, room.keys, pairs)
    values = _strings(room.value_ends, room.values, pairs)
    slow = room.slow[: state[kernel.SLOW]]
    malformed: dict[int, int] = {}
    if len(slow):
        values, malformed = _with_slow(values, slow, table, context_of)
    entries = pa.StructArray.from_arrays([keys, values], fields=list(_ENTRIES))
    offsets = pa.py_buffer(room.row_ends)
    return pa.Array.from_buffers(LABELS, rows, [None, offsets], children=[entries]), malformed


def _strings(ends: Bytes, text: Bytes, count: int) -> pa.Array:
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.string(), count, buffers)


def _with_slow(
    values: pa.Array, slow: Int64s, table: ProgramTable, context_of: ContextOf
) -> tuple[pa.Array, dict[int, int]]:
    """Put the texts that the kernel left out into their places."""
    kinds = table.attributes()[0][slow[:, kernel.V_ATTRIBUTE], at.A_TYPE]
    real = kinds == Type.FLOAT
    texts = np.empty(len(slow), object)
    texts[real] = _reals(slow[real])
    malformed: dict[int, int] = {}
    for index in np.flatnonzero(~real).tolist():
        turn, row = int(slow[index, kernel.V_TURN]), int(slow[index, kernel.V_ROW])
        source, context = context_of(turn, row)
        try:
            texts[index] = _text(slow[index], table, context)
        except MalformedListError:
            texts[index] = _octets(slow[index]).hex()
            malformed[source] = malformed.get(source, 0) + 1
    mask = np.zeros(len(values), np.bool_)
    mask[slow[:, kernel.V_PAIR]] = True
    return pc.replace_with_mask(values, pa.array(mask), pa.array(texts, pa.string())), malformed


def _reals(slow: Int64s) -> npt.NDArray[np.object_]:
    """Real numbers as the shortest text that gives the same double again."""
    bits = slow[:, kernel.V_BITS]
    narrow = bits.astype(np.uint32).view(np.float32).astype(np.float64)
    numbers = np.where(slow[:, kernel.V_WIDTH] == 4, narrow, bits.view(np.float64))
    distinct, inverse = np.unique(numbers.view(np.int64), return_inverse=True)
    texts = [_real(number) for number in distinct.view(np.float64).tolist()]
    return np.array(texts, object)[inverse]


def _real(number: float) -> str:
    if np.isfinite(number):
        return repr(number)
    return "NaN" if np.isnan(number) else "+Inf" if number > 0 else "-Inf"


def _octets(entry: Int64s) -> bytes:
    return ctypes.string_at(int(entry[kernel.V_START]), int(entry[kernel.V_WIDTH]))


def _text(entry: Int64s, table: ProgramTable, context: Context) -> str:
    """One list, or integer of more than 64 bits."""
    known = table.information(int(entry[kernel.V_ATTRIBUTE]))
    value = value_of(known, _octets(entry), context)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)
