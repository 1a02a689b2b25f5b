"""A hash table from keys to rows, with open addressing and linear probing.

``slots`` int32, a power of two in length and never more than half full, holds rows, -1 where it
is empty; ``keys`` uint64 holds each row's key. Keys may be small numbers or share their lowest
bits, so a multiplication spreads them first (Knuth's Fibonacci hashing).
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I32, I64, U64
from sensorium.detect.kernels.mixing import joined, mixed
from sensorium.ingest.compiled import inlined, kernel

_ONE = np.uint64(1)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_CROWDED = 48


@inlined
def home_of(key: np.uint64, last: np.uint64) -> np.uint64:
    """Where a key's search begins, in a table whose last slot is ``last``."""
    spread = np.uint64(key * _GOLDEN)
    return np.uint64(np.uint64(spread ^ (spread >> _HALF)) & last)


@inlined
def slot_of(key: np.uint64, slots: I32, keys: U64) -> np.uint64:
    """The slot that holds ``key``, or the empty one where it belongs."""
    last = np.uint64(len(slots) - 1)
    at = home_of(key, last)
    row = slots[at]
    while row >= 0 and keys[row] != key:
        at = np.uint64(np.uint64(at + _ONE) & last)
        row = slots[at]
    return at


@kernel
def find_rows(wanted: U64, slots: I32, keys: U64, out: I64) -> None:
    """The row of each wanted key, -1 where there is none."""
    for i in range(len(wanted)):
        out[i] = slots[slot_of(wanted[i], slots, keys)]


@kernel
def enter_rows(rows: I64, slots: I32, keys: U64) -> None:
    """Give rows, whose keys are not in the table, their slots."""
    for i in range(len(rows)):
        slots[slot_of(keys[rows[i]], slots, keys)] = rows[i]


@kernel
def leave_rows(rows: I64, slots: I32, keys: U64) -> None:
    """Take rows that are in the table out of it, closing the gaps they leave."""
    last = np.uint64(len(slots) - 1)
    for i in range(len(rows)):
        hole = slot_of(keys[rows[i]], slots, keys)
        at = hole
        while True:
            at = np.uint64(np.uint64(at + _ONE) & last)
            row = slots[at]
            if row < 0:
                break
            home = home_of(keys[row], last)
            # What lies between its home and here would not be found beyond the hole.
            if np.uint64(np.uint64(at - home) & last) >= np.uint64(np.uint64(at - hole) & last):
                slots[hole] = row
                hole = at
        slots[hole] = -1


@kernel
def join_keys(first: U64, second: U64, begins: bool, out: U64) -> None:
    """Each key joined with one more column; where the keys are a column themselves, and the joining
    ``begins`` with it, it is mixed first."""
    for i in range(len(first)):
        key = mixed(first[i]) if begins else first[i]
        out[i] = joined(key, second[i])


@kernel
def number_distinct(keys: U64, slots: I32, distinct: U64, codes: I64) -> int:
    """Number the distinct ``keys`` in the order of their first appearance.

    ``codes`` (n,) gets each row's number, ``distinct`` each number's key; ``slots`` is empty.
    Returns how many there are.
    """
    found = 0
    for i in range(len(keys)):
        at = slot_of(keys[i], slots, distinct)
        if slots[at] < 0:
            slots[at] = found
            distinct[found] = keys[i]
            found += 1
        codes[i] = slots[at]
    return found


@kernel
def order_of_distinct(keys: U64, buckets: I64, order: I64) -> bool:
    """Sort distinct keys that are spread evenly over all 64 bits: ``order`` (n,) gets their order.

    ``buckets`` is zeros, a power of two and one more. False where some are so close together that
    sorting by comparison is the better way; then ``order`` is not filled.
    """
    bits = 0
    while (1 << bits) < len(buckets) - 1:
        bits += 1
    shift = np.uint64(64 - bits)
    for i in range(len(keys)):
        buckets[(keys[i] >> shift) + _ONE] += 1
    for k in range(1, len(buckets)):
        if buckets[k] > _CROWDED:
            return False
        buckets[k] += buckets[k - 1]
    for i in range(len(keys)):
        home = keys[i] >> shift
        at = buckets[home]
        buckets[home] = at + 1
        order[at] = i
    start = 0
    for k in range(len(buckets) - 1):
        for i in range(start + 1, buckets[k]):
            mine = order[i]
            at = i
            while at > start and keys[order[at - 1]] > keys[mine]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = mine
        start = buckets[k]
    return True


@kernel
def order_by_code(codes: I64, starts: I64, order: I64) -> None:
    """Sort rows by their ``codes``, keeping their order within each.

    ``starts`` (g + 1,), zeros, gets where the rows of each group begin.
    """
    for i in range(len(codes)):
        starts[codes[i] + 1] += 1
    for group in range(1, len(starts)):
        starts[group] += starts[group - 1]
    for i in range(len(codes)):
        order[starts[codes[i]]] = i
        starts[codes[i]] += 1
    for group in range(len(starts) - 1, 0, -1):
        starts[group] = starts[group - 1]
    starts[0] = 0
