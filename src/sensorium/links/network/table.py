"""Hash tables of 64-bit keys inside kernels.

``slots`` int32, a power of two in length and at most half full, holds rows, -1 where it is empty;
``keys`` has each row's key. Rows have no gaps, so that what is kept of a key takes no more room
than it needs.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inlined, kernel

EMPTY: Final = np.uint64(0)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_R30, _R27, _R31 = np.uint64(30), np.uint64(27), np.uint64(31)


@inlined
def mixed(key: Any) -> Any:
    """The key scrambled one to one (SplitMix64's finaliser, Steele et al. 2014)."""
    x = key + _STEP
    x = (x ^ (x >> _R30)) * _MIX_1
    x = (x ^ (x >> _R27)) * _MIX_2
    return x ^ (x >> _R31)


@inlined
def edge_key(source: Any, target: Any) -> Any:
    """The key of an edge, never that of an empty slot; the direction matters."""
    key = mixed(mixed(source) ^ (target + _STEP))
    return key if key != EMPTY else _STEP


@inlined
def find(slots: Any, keys: Any, key: Any) -> Any:
    """The row of ``key``, -1 where it is not there."""
    mask = np.uint64(len(slots) - 1)
    at = mixed(key) & mask
    row = slots[at]
    while row >= 0 and keys[row] != key:
        at = (at + np.uint64(1)) & mask
        row = slots[at]
    return np.int64(row)


@inlined
def place(slots: Any, keys: Any, key: Any, row: Any) -> None:
    """Give ``key``, which is not there, a row. There must be an empty slot."""
    mask = np.uint64(len(slots) - 1)
    at = mixed(key) & mask
    while slots[at] >= 0:
        at = (at + np.uint64(1)) & mask
    slots[at] = row
    keys[row] = key


@kernel
def enter(slots: Any, keys: Any, rows: int) -> None:
    """Give the keys of the first rows their slots, all of which are empty."""
    for row in range(rows):
        place(slots, keys, keys[row], row)


@kernel
def missing(slots: Any, keys: Any, wanted: Any) -> Any:
    """How many of the distinct ``wanted`` are not in the table."""
    count = 0
    for at in range(len(wanted)):
        count += find(slots, keys, wanted[at]) < 0
    return count


@inlined
def _slot(keys: Any, key: Any) -> Any:
    """The slot of ``key`` in a table of keys alone, or the empty one where it belongs."""
    mask = np.uint64(len(keys) - 1)
    at = mixed(key) & mask
    while keys[at] != EMPTY and keys[at] != key:
        at = (at + np.uint64(1)) & mask
    return at


@kernel
def in_order(source: Any, target: Any) -> Any:
    """The order, int64 (n,), of pairs of keys by source and then by target."""
    many = len(source)
    bits = 1
    while (2 << bits) < many:
        bits += 1
    # Keys are spread evenly: their first bits bring them close to their places.
    shift, begins = np.uint64(64 - bits), np.zeros((1 << bits) + 1, np.int64)
    for at in range(many):
        begins[np.int64(source[at] >> shift) + 1] += 1
    for nth in range(1, len(begins)):
        begins[nth] += begins[nth - 1]
    order, free = np.empty(many, np.int64), begins.copy()
    for at in range(many):
        bucket = np.int64(source[at] >> shift)
        order[free[bucket]] = at
        free[bucket] += 1
    for nth in range(len(begins) - 1):
        _sort(source, target, order, begins[nth], begins[nth + 1])
    return order


@inlined
def _sort(source: Any, target: Any, order: Any, begin: Any, end: Any) -> None:
    """Shell's sort (1959) of a stretch: one host may have many edges."""
    gap = 1
    while 3 * gap + 1 < (end - begin) // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for at in range(begin + gap, end):
            mine, to = order[at], at
            a, b = source[mine], target[mine]
            while to >= begin + gap:
                other = order[to - gap]
                if source[other] < a or (source[other] == a and target[other] <= b):
                    break
                order[to] = other
                to -= gap
            order[to] = mine
        gap //= 3


@kernel
def add_up(keys: Any, amounts: Any, table: Any, sums: Any) -> Any:
    """Add the amounts of equal keys up in an empty table; returns how many distinct keys there are.

    Of the same length, a power of two and at least twice that of the keys: ``table`` gets them, and
    ``sums`` theirs.
    """
    found = 0
    for at in range(len(keys)):
        slot = _slot(table, keys[at])
        found += table[slot] == EMPTY
        table[slot] = keys[at]
        sums[slot] += amounts[at]
    return found


@kernel
def look_up(keys: Any, table: Any, sums: Any, out: Any) -> None:
    """The sum of each key, 0 of one that is not there."""
    for at in range(len(keys)):
        out[at] = sums[_slot(table, keys[at])]
