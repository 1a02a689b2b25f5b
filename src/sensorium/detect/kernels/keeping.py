"""Histories (:mod:`.histories`) as one run of values, row by row and feature by feature, and back.

The run has no holes and says nothing of blocks and slabs, so that what is kept of a history depends
on its values alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.detect.arrays import I32, I64
from sensorium.detect.kernels.slabs import WINDOWS, begin_of, take_block
from sensorium.ingest.compiled import kernel


@kernel
def pack_rows(store: Any, values: Any, slots: Any) -> None:
    """Write all values and their places in time into runs that hold as many as there are."""
    from_values, from_slots, counts, _, kinds, blocks, sizes, slabs, _, _, _, shape = store
    at = 0
    for row in range(len(blocks)):
        if blocks[row] < 0:
            continue
        begin = begin_of(kinds[row], blocks[row], shape[1], sizes, slabs)
        features = counts.shape[1]
        for f in range(features):
            for k in range(counts[row, f]):
                values[at] = from_values[begin + k * features + f]
                slots[at] = from_slots[begin + k * features + f]
                at += 1


@kernel
def unpack_rows(
    start: int, starts: I64, many: Any, lived: I32, values: Any, slots: Any, store: Any
) -> int:
    """Fill empty rows from the one at ``start`` on, until all are or there is no empty slab.

    ``many`` (r, f) are the counts, ``lived`` (r,) the steps, ``starts`` (r,) where each row's part
    of the runs begins. Returns the first row that was not filled.
    """
    to_values, to_slots, counts, steps, kinds, blocks, sizes, slabs, owners, free, used, shape = (
        store
    )
    for row in range(start, len(lived)):
        if lived[row] == 0:
            continue
        if used[len(sizes)] == 0 and used[len(sizes) + 1] == len(free):
            return row
        kind = np.int64(0)
        while sizes[kind, WINDOWS] < min(np.int64(lived[row]), shape[0]):
            kind += 1
        block = take_block(row, kind, sizes, slabs, owners, free, used)
        kinds[row], blocks[row], steps[row] = kind, block, lived[row]
        begin = begin_of(kind, block, shape[1], sizes, slabs)
        at, features = starts[row], counts.shape[1]
        for f in range(features):
            counts[row, f] = many[row, f]
            for k in range(many[row, f]):
                to_values[begin + k * features + f] = values[at]
                to_slots[begin + k * features + f] = slots[at]
                at += 1
    return len(lived)
