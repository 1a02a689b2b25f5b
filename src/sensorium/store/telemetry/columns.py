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
    return table.unify_dictionaries().combine_chunks()
