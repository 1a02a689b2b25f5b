"""Rows of FLOWS in Arrow memory that the kernel can write and that is used again.

Touching fresh memory costs more than decoding into it (the kernel hands out zeroed pages one
fault at a time), so memory whose batches have all been released is kept for the next ones.
Columns that no template of a batch fills are slices of one zeroed buffer and cost nothing.
"""

from __future__ import annotations

import weakref
from collections import deque
from dataclasses import dataclass
from functools import lru_cache

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
    """Memory for batches. At most ``keep_bytes`` of unused memory is held back for later.

    Batches of less than ``whole`` bytes get memory of just their size, which the C library has at
    hand: they come where little is received, and wait for a window to end by the thousand.
    """

    def __init__(self, keep_bytes: int = 64 << 20, whole: int = 1 << 20) -> None:
        self._keep_bytes, self._whole = keep_bytes, whole
        self._free: deque[Bytes] = deque()

    def take(self, size: int) -> tuple[pa.Buffer, Bytes]:
        """A buffer of at least ``size`` bytes with any content, and the same to write to."""
        if size < self._whole:
            arena = np.empty(size, np.uint8)
            return pa.py_buffer(arena), arena
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
        return np.empty(-(-size // self._whole) * self._whole + _ALIGNMENT, np.uint8)

    def _give_back(self, arena: Bytes) -> None:
        # In whichever thread lets go last: a copy is made at once, and nothing is added meanwhile.
        if sum(map(len, tuple(self._free))) + len(arena) <= self._keep_bytes:
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
        self._blank: dict[pa.DataType, pa.Array] = {}
        self._empty = pa.array([], LABELS)

    def allocate(self, count: int, used: int, partial: int) -> Rows:
        """Room for the columns in the bit set ``used``; those in ``partial`` are zeroed."""
        sizes = _sizes(used)
        total = sum(_aligned(count * size) for _, size in sizes)
        buffer, arena = self._arenas.take(total + _ALIGNMENT)
        start = int(arena.ctypes.data)
        place = _aligned(start)
        columns = [0] * len(at.NAMES)
        for column, size in sizes:
            columns[column] = place
            if partial >> column & 1:
                arena[place - start : place - start + count * size] = 0
            place += _aligned(count * size)
        return Rows(count, np.array(columns, np.int64), buffer, start)

    def build(self, rows: Rows, attributes: pa.Array | None = None) -> pa.RecordBatch:
        """The batch of rows that have been written; columns that are unused are zero."""
        count, cut, make = rows.count, rows.buffer.slice, pa.Array.from_buffers
        columns = zip(_KINDS, at.SIZES, rows.columns.tolist(), strict=False)
        arrays = [
            make(kind, count, [None, cut(address - rows.start, count * size)])
            if address
            else self._unused(kind, size, count)
            for kind, size, address in columns
        ]
        arrays[at.TYPE] = pa.DictionaryArray.from_arrays(arrays[at.TYPE], _TYPE_NAMES, safe=False)
        arrays.append(self._no_attributes(rows.count) if attributes is None else attributes)
        return pa.RecordBatch.from_arrays(arrays, schema=FLOWS)

    def _no_attributes(self, count: int) -> pa.Array:
        """As many empty maps: all of them end where they begin, at zero."""
        if count > len(self._empty):
            longer = _above(count)
            offsets = self._zeroed(4 * (longer + 1))
            self._empty = pa.Array.from_buffers(
                LABELS, longer, [None, offsets], children=[_NO_PAIRS]
            )
        return self._empty.slice(0, count)

    def _unused(self, kind: pa.DataType, size: int, count: int) -> pa.Array:
        """A column of zeros."""
        longer = self._blank.get(kind)
        if longer is None or count > len(longer):
            most = _above(count)
            longer = pa.Array.from_buffers(kind, most, [None, self._zeroed(most * size)])
            self._blank[kind] = longer
        return longer.slice(0, count)

    def _zeroed(self, length: int) -> pa.Buffer:
        if length > self._zeros.size:
            self._zeros = pa.py_buffer(bytes(_above(length)))
        return self._zeros.slice(0, length)


def _above(count: int) -> int:
    """A power of two that is large enough."""
    return 1 << (count - 1).bit_length()


@lru_cache(maxsize=1024)
def _sizes(used: int) -> tuple[tuple[int, int], ...]:
    """The columns of a bit set, and bytes of one value of each."""
    return tuple((column, size) for column, size in enumerate(at.SIZES) if used >> column & 1)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


EMPTY = pa.RecordBatch.from_pylist([], schema=FLOWS)
