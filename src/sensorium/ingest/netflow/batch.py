"""Rows of FLOWS in Arrow memory that the kernel can write and that is used again.

Touching fresh memory costs more than decoding into it (the kernel hands out zeroed pages one
fault at a time), so memory whose batches have all been released is kept for the next ones.
Columns that no template of a batch fills are slices of one zeroed buffer and cost nothing.
"""

from __future__ import annotations

import weakref
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.netflow import layout as at
from sensorium.model.signals import FLOWS, LABELS, FlowType

Bytes = npt.NDArray[np.uint8]

_ALIGNMENT = 64
_KINDS = [
    pa.int8() if pa.types.is_dictionary(f.type) else f.type for f in FLOWS if f.name in at.COLUMN
]
_NO_PAIRS = pa.array([], pa.struct([LABELS.key_field, LABELS.item_field]))
_TYPE_NAMES = pa.array([kind.value for kind in FlowType], pa.string())


class _Lease:
    """Lives as long as any column of a batch does."""

    __slots__ = ("__weakref__",)


class Arenas:
    """Memory for batches. At most ``keep_bytes`` of unused memory is held back for later."""

    def __init__(self, keep_bytes: int = 64 << 20) -> None:
        self._keep_bytes = keep_bytes
        self._free: deque[Bytes] = deque()

    def take(self, size: int) -> tuple[pa.Buffer, Bytes]:
        """A buffer of at least ``size`` bytes with any content, and the same to write to."""
        arena = self._fitting(size)
        lease = _Lease()
        weakref.finalize(lease, self._give_back, arena).atexit = False
        return pa.foreign_buffer(arena.ctypes.data, len(arena), base=lease), arena

    def _fitting(self, size: int) -> Bytes:
        for _ in range(len(self._free)):
            arena = self._free.popleft()
            if len(arena) >= size:
                return arena
            # Too small for what is asked for now: let it go rather than hoard sizes.
        return np.empty(-(-size // (1 << 20)) * (1 << 20) + _ALIGNMENT, np.uint8)

    def _give_back(self, arena: Bytes) -> None:
        if sum(len(a) for a in self._free) + len(arena) <= self._keep_bytes:
            self._free.append(arena)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be written: the address of each column's first value, 0 where it is unused."""

    count: int
    columns: npt.NDArray[np.int64]
    buffer: pa.Buffer
    start: int


class BatchBuilder:
    """Hands out rows to write and makes record batches of them."""

    def __init__(self) -> None:
        self._arenas = Arenas()
        self._zeros = pa.py_buffer(bytes(1 << 16))

    def allocate(self, count: int, used: int, partial: int) -> Rows:
        """Room for the columns in the bit set ``used``; those in ``partial`` are zeroed."""
        offsets = np.full(len(at.NAMES), -1, np.int64)
        total = 0
        for column, size in enumerate(at.SIZES):
            if used >> column & 1:
                offsets[column] = total
                total += _aligned(count * size)
        buffer, arena = self._arenas.take(total + _ALIGNMENT)
        start = int(arena.ctypes.data)
        lead = _aligned(start) - start
        for column, size in enumerate(at.SIZES):
            if partial >> column & 1:
                first = lead + int(offsets[column])
                arena[first : first + count * size] = 0
        columns = np.where(offsets >= 0, start + lead + offsets, 0)
        return Rows(count, columns, buffer, start)

    def build(self, rows: Rows, attributes: pa.Array | None = None) -> pa.RecordBatch:
        """The batch of rows that have been written; columns that are unused are zero."""
        columns = rows.columns.tolist()
        arrays = [
            pa.Array.from_buffers(kind, rows.count, [None, self._column(rows, column, address)])
            for column, (kind, address) in enumerate(zip(_KINDS, columns, strict=False))
        ]
        arrays[at.TYPE] = pa.DictionaryArray.from_arrays(arrays[at.TYPE], _TYPE_NAMES, safe=False)
        arrays.append(self._no_attributes(rows.count) if attributes is None else attributes)
        return pa.RecordBatch.from_arrays(arrays, schema=FLOWS)

    def _no_attributes(self, count: int) -> pa.Array:
        """As many empty maps: all of them end where they begin, at zero."""
        offsets = self._zeroed(4 * (count + 1))
        return pa.Array.from_buffers(LABELS, count, [None, offsets], children=[_NO_PAIRS])

    def _column(self, rows: Rows, column: int, address: int) -> pa.Buffer:
        length = rows.count * at.SIZES[column]
        if address:
            return rows.buffer.slice(address - rows.start, length)
        return self._zeroed(length)

    def _zeroed(self, length: int) -> pa.Buffer:
        if length > self._zeros.size:
            self._zeros = pa.py_buffer(bytes(1 << (length - 1).bit_length()))
        return self._zeros.slice(0, length)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


EMPTY = pa.RecordBatch.from_pylist([], schema=FLOWS)
