"""Arrow's string columns, written by kernels at raw addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from sensorium.ingest.compiled import inner
from sensorium.ingest.memory import copy, position, put_position, put_word, total, word
from sensorium.model.signals import LABELS

_SPARE: Final = 8
_SHORT: Final = 32


@inner
def append(outputs: int, column: int, n: int, source: int, length: int) -> None:
    """Write string number ``n`` of a column: ``length`` bytes at the address ``source``.

    Columns are pairs of addresses in ``outputs``: Arrow's offsets (int32) and the bytes. Up to
    seven bytes are read and written beyond a text's end: every buffer has them to spare.
    """
    offsets = total(outputs, 2 * column)
    at = position(offsets, n)
    target = total(outputs, 2 * column + 1) + at
    if length <= _SHORT:
        # A call of memcpy costs more than four words.
        for i in range(0, length, 8):
            put_word(target, i, word(source, i))
    else:
        copy(target, source, length)
    put_position(offsets, n + 1, at + length)


@inner
def append_pairs(outputs: int, column: int, n: int, texts: int, row: int, parts: int) -> int:
    """Write a row's pairs into two columns from string ``n`` on; the number after the last.

    ``row`` is an address of Texts' row from its keys on; ``column`` that of the keys, the
    values' is the next.
    """
    count = total(row, 5)
    lengths = parts + 8 * total(row, 4)
    for side in range(2):
        source, size = texts + total(row, 2 * side), total(row, 2 * side + 1)
        offsets = total(outputs, 2 * (column + side))
        at = position(offsets, n)
        copy(total(outputs, 2 * (column + side) + 1) + at, source, size)
        for i in range(count):
            at += position(lengths, 2 * i + side)
            put_position(offsets, n + i + 1, at)
    return n + count


@dataclass(frozen=True, slots=True)
class Strings:
    """Space for the strings of one column, in memory that Arrow takes over."""

    offsets: pa.Buffer
    data: pa.Buffer

    @staticmethod
    def room(strings: int, size: int) -> Strings:
        """For so many strings of at most ``size`` bytes in all."""
        offsets = pa.allocate_buffer(4 * (strings + 1))
        np.frombuffer(offsets, np.int32)[0] = 0
        return Strings(offsets, pa.allocate_buffer(size + _SPARE))

    def array(self, strings: int) -> pa.Array:
        """The first ``strings`` of them."""
        return pa.Array.from_buffers(pa.string(), strings, [None, self.offsets, self.data])


def places(columns: list[Strings]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The columns' addresses, as :func:`append` takes them."""
    found = [address for c in columns for address in (c.offsets.address, c.data.address)]
    return np.array(found, np.int64)


def label_column(keys: Strings, values: Strings, ends: pa.Buffer, rows: int) -> pa.MapArray:
    """A map column of ``rows`` rows from its strings and Arrow offsets."""
    pairs = int(np.frombuffer(ends, np.int32)[rows])
    entries = pa.StructArray.from_arrays(
        [keys.array(pairs), values.array(pairs)], fields=[LABELS.key_field, LABELS.item_field]
    )
    return pa.Array.from_buffers(LABELS, rows, [None, ends], children=[entries])
