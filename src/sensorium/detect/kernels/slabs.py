"""Room for histories, as much as each has grown to need, without holes.

A history that may hold ``c`` windows is a block of ``c`` places for each feature. Blocks of one
size lie in slabs, numbered without gaps from 0: when one leaves, the last of its size moves into
its place. A slab that is empty serves any size.

``sizes`` int64 (k, 3): windows that fit, places in a block, blocks in a slab, by size; ``slabs``
int32 (k, s): where the slabs of each size lie; ``owners`` int32 (s, b): the row of each block;
``free`` int32 (s,): empty slabs; ``used`` int64 (k + 2,): blocks of each size, empty slabs, slabs
made. ``kinds`` uint8 (r,) and ``blocks`` int32 (r,) say of each row the size and number of its
block, -1 where there is none.
"""

from __future__ import annotations

from sensorium.detect.arrays import I32, I64, U8, Number
from sensorium.ingest.compiled import inlined

WINDOWS, PLACES, BLOCKS = 0, 1, 2


@inlined
def begin_of(kind: Number, block: Number, slab_places: Number, sizes: I64, slabs: I32) -> Number:
    """The first place of a block."""
    in_slab = sizes[kind, BLOCKS]
    slab = slabs[kind, block // in_slab]
    return slab * slab_places + (block % in_slab) * sizes[kind, PLACES]


@inlined
def take_block(
    row: Number, kind: Number, sizes: I64, slabs: I32, owners: I32, free: I32, used: I64
) -> Number:
    """The number of a new block of a size, for a row; there MUST be an empty slab to be had."""
    kinds = len(sizes)
    block = used[kind]
    nth, within = block // sizes[kind, BLOCKS], block % sizes[kind, BLOCKS]
    if within == 0:
        if used[kinds] > 0:
            used[kinds] -= 1
            slabs[kind, nth] = free[used[kinds]]
        else:
            slabs[kind, nth] = used[kinds + 1]
            used[kinds + 1] += 1
    owners[slabs[kind, nth], within] = row
    used[kind] += 1
    return block


@inlined
def leave_block(
    row: Number,
    slab_places: Number,
    sizes: I64,
    slabs: I32,
    owners: I32,
    free: I32,
    used: I64,
    kinds: U8,
    blocks: I32,
    values: I64,
    slots: U8,
) -> None:
    """Give a row's block up; the last of its size moves there."""
    kind, block = kinds[row], blocks[row]
    in_slab, places = sizes[kind, BLOCKS], sizes[kind, PLACES]
    last = used[kind] - 1
    used[kind] = last
    last_slab = slabs[kind, last // in_slab]
    if block != last:
        mover = owners[last_slab, last % in_slab]
        source = last_slab * slab_places + (last % in_slab) * places
        target = begin_of(kind, block, slab_places, sizes, slabs)
        for k in range(places):
            values[target + k] = values[source + k]
            slots[target + k] = slots[source + k]
        owners[slabs[kind, block // in_slab], block % in_slab] = mover
        blocks[mover] = block
    if last % in_slab == 0:
        free[used[len(sizes)]] = last_slab
        used[len(sizes)] += 1
    blocks[row] = -1
