"""Rows that the kernel wrote, as a batch of FLOWS."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.compiled import kernel
from sensorium.ingest.memory import put_byte, put_position, put_total, total
from sensorium.ingest.packet import columns
from sensorium.model.signals import ADDRESS, FLOWS, FlowType

Int64s = npt.NDArray[np.int64]

_TYPE_NAMES = pa.array([kind.value for kind in FlowType], pa.string())
_TYPE = list(FlowType).index(FlowType.SFLOW_5)
_ALIGNMENT = 64
_ROWS_AT_A_TIME = 64

EMPTY = pa.RecordBatch.from_pylist([], schema=FLOWS)


def _place(name: str) -> int:
    return columns.TIME if name in columns.TIMES else int(getattr(columns, name.upper()))


_SPREAD = tuple(
    (field.name, _place(field.name), field.type.byte_width if field.type == ADDRESS else width)
    for field in FLOWS
    if field.name not in ("type", "attributes")
    for width in (0 if field.type == ADDRESS else field.type.bit_width // 8,)
)
"""Columns: their name, where their value sits in a row, and how many bytes it has."""
_FROM: Int64s = np.array([place for _, place, _ in _SPREAD], np.int64)
_WIDTHS: Int64s = np.array([width for _, _, width in _SPREAD], np.int64)


@kernel
def _spread(rows: Any, targets: Any) -> None:
    """Write rows into columns; ``targets`` int64 (columns,) are the addresses of their values."""
    for first in range(0, rows.shape[0], _ROWS_AT_A_TIME):
        last = min(first + _ROWS_AT_A_TIME, rows.shape[0])
        for column in range(targets.shape[0]):
            row = rows.ctypes.data + 8 * (columns.WIDTH * first + _FROM[column])
            target = targets[column]
            width = _WIDTHS[column]
            for i in range(first, last):
                value = total(row, 0)
                if width == 8:
                    put_total(target, i, value)
                elif width == 4:
                    put_position(target, i, value)
                elif width == 2:
                    put_byte(target, 2 * i, value)
                    put_byte(target, 2 * i + 1, value >> 8)
                elif width == 1:
                    put_byte(target, i, value)
                else:
                    put_total(target, 2 * i, value)
                    put_total(target, 2 * i + 1, total(row, 1))
                row += 8 * columns.WIDTH


def batch(rows: Int64s, attributes: pa.MapArray) -> pa.RecordBatch:
    """The record batch of ``rows`` int64 (n, columns.WIDTH)."""
    count = len(rows)
    sizes = (count * _WIDTHS + _ALIGNMENT - 1) // _ALIGNMENT * _ALIGNMENT
    starts = np.concatenate([[0], np.cumsum(sizes)])
    buffer = pa.allocate_buffer(int(starts[-1]))
    _spread(rows, starts[:-1] + buffer.address)
    kinds = pa.array(np.full(count, _TYPE, np.int8))
    arrays = {
        "type": pa.DictionaryArray.from_arrays(kinds, _TYPE_NAMES, safe=False),
        "attributes": attributes,
    }
    for (name, _, width), start in zip(_SPREAD, starts.tolist(), strict=False):
        values = buffer.slice(start, count * width)
        arrays[name] = pa.Array.from_buffers(FLOWS.field(name).type, count, [None, values])
    return pa.RecordBatch.from_arrays([arrays[name] for name in FLOWS.names], schema=FLOWS)
