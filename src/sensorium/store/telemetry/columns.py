"""Arrow batches as ClickHouse reads them: integer nanoseconds become timestamps, without a copy."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

TIMESTAMP = pa.timestamp("ns", "UTC")
_SECOND = 1_000_000_000


def to_table(batches: list[pa.RecordBatch], *, accepted_ns: int = 0) -> pa.Table:
    """Join batches of one signal and retype each ``*_ns`` int64 column as a UTC timestamp.

    An ``int64`` and a ``timestamp[ns]`` array have the same buffers, so only the type changes.
    Dictionary columns of different batches may have different dictionaries; they are unified,
    because an Arrow file allows one dictionary per column. ``accepted_ns`` (Unix ns) adds the
    column that says when the rows were accepted.
    """
    table = pa.Table.from_batches(batches)
    for index, field in enumerate(table.schema):
        if field.name.endswith("_ns") and field.type == pa.int64():
            column = table.column(index)
            stamped = pa.chunked_array(
                [chunk.view(TIMESTAMP) for chunk in column.chunks], type=TIMESTAMP
            )
            table = table.set_column(index, field.name, stamped)
    if accepted_ns:
        when = pa.array([accepted_ns // _SECOND], pa.timestamp("s", "UTC"))
        table = table.append_column("accepted_at", when.take(pa.array(np.zeros(len(table), "i8"))))
    return _saying_something(table.unify_dictionaries().combine_chunks())


def _saying_something(table: pa.Table) -> pa.Table:
    """Without the columns that hold nothing but what the table has by default.

    Most exporters fill half of the columns of flows; reading the others as Arrow costs ClickHouse
    as much as reading those that are filled. One column always stays, to count the rows by.
    """
    wanted = [
        name
        for index, name in enumerate(table.column_names)
        if index == 0 or not all(map(_is_default, table.column(name).chunks))
    ]
    return table.select(wanted)


def _is_default(column: pa.Array) -> bool:
    """Whether every value is zero, unspecified, or empty."""
    kind, count = column.type, len(column)
    if column.null_count or not count:
        return False
    if pa.types.is_map(kind):
        offsets = column.offsets
        return bool(offsets[0].as_py() == offsets[count].as_py())
    if pa.types.is_string(kind):
        ends = np.frombuffer(column.buffers()[1], np.int32)[[column.offset, column.offset + count]]
        return bool(ends[0] == ends[1])
    if pa.types.is_fixed_size_binary(kind):
        width = kind.byte_width
        values = np.frombuffer(column.buffers()[1], np.uint8)
        return not values[column.offset * width : (column.offset + count) * width].any()
    if pa.types.is_integer(kind):
        return not np.asarray(column).any()
    return False
