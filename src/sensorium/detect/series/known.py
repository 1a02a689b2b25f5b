"""The values that a series has taken: a sorted set of bounded size that forgets.

Two values count as the same where they are within a small share of the range (:data:`GRAIN`), both
as they are and as signed square roots; the second scale keeps small values apart in a series that
has seen large ones. When the set is full it is thinned to a coarser grain, still far below the
distance that makes a value new.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from sensorium.detect.arrays import F64, I64
from sensorium.ingest.compiled import kernel

CAPACITY: Final = 4096
GRAIN: Final = 1 / 4096
THINNED: Final = 1 / 1024
FARTHEST: Final = 1000.0
"""No distance is said to be more ranges than this."""
MEMORY: Final = 200_000
"""Rows after which a value that did not come again is forgotten."""
_SWEEP: Final = MEMORY // 8


class KnownValues(NamedTuple):
    """``values`` ascending, and the row at which each was last ``seen``; ``size[0]`` are in use.

    ``size[1]`` is the row of the latest sweep for what is to be forgotten.
    """

    values: F64
    seen: I64
    size: I64

    @staticmethod
    def empty() -> KnownValues:
        """Nothing known."""
        return KnownValues(np.zeros(CAPACITY), np.zeros(CAPACITY, np.int64), np.zeros(2, np.int64))


@kernel
def root(x: float) -> float:
    """The signed square root."""
    return math.sqrt(x) if x >= 0.0 else -math.sqrt(-x)


@kernel
def place(known: KnownValues, x: float) -> int:
    """How many known values are below ``x``."""
    low, high = 0, known.size[0]
    while low < high:
        middle = (low + high) // 2
        if known.values[middle] < x:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def nearest(known: KnownValues, x: float) -> float:
    """The known value that is nearest to ``x``, the lower of two; NaN where none is known."""
    n = known.size[0]
    if n == 0:
        return math.nan
    at = place(known, x)
    if at == n or (at > 0 and x - known.values[at - 1] <= known.values[at] - x):
        at -= 1
    return float(known.values[at])


@kernel
def novelty(known: KnownValues, x: float) -> float:
    """The distance of ``x`` to the nearest known value, as a share of the known range.

    The lesser of the distances on the plain scale and on that of signed roots. A change of what
    has been constant is 1.
    """
    n = known.size[0]
    if n == 0:
        return 0.0
    at = place(known, x)
    if at < n and known.values[at] == x:
        return 0.0
    first, last = known.values[0], known.values[n - 1]
    if first == last:
        return 1.0
    plain: float = math.inf
    rooted: float = math.inf
    for neighbour in (at - 1, at):
        if 0 <= neighbour < n:
            plain = min(plain, abs(x - known.values[neighbour]))
            rooted = min(rooted, abs(root(x) - root(known.values[neighbour])))
    spread = root(last) - root(first)
    plain /= last - first
    if spread > 0.0:
        plain = min(plain, rooted / spread)
    return float(min(plain, FARTHEST))


@kernel
def remember(known: KnownValues, x: float, row: int) -> None:
    """Take in the value of a row; rows ascend."""
    if row - known.size[1] >= _SWEEP:
        _forget(known, row)
    n = known.size[0]
    at = place(known, x)
    for neighbour in (at - 1, at):
        if 0 <= neighbour < n and _same(known, known.values[neighbour], x, GRAIN):
            known.seen[neighbour] = row
            return
    if n == CAPACITY:
        _thin(known)
        n, at = known.size[0], place(known, x)
    for i in range(n, at, -1):
        known.values[i] = known.values[i - 1]
        known.seen[i] = known.seen[i - 1]
    known.values[at] = x
    known.seen[at] = row
    known.size[0] = n + 1


@kernel
def _same(known: KnownValues, a: float, b: float, grain: float) -> bool:
    if a == b:
        return True
    first, last = known.values[0], known.values[known.size[0] - 1]
    near = abs(a - b) <= grain * (last - first)
    return near and abs(root(a) - root(b)) <= grain * (root(last) - root(first))


@kernel
def _thin(known: KnownValues) -> None:
    """Drop what is nearly the value before it; the ends stay, so that the range does."""
    n, kept = known.size[0], 1
    for i in range(1, n):
        if i < n - 1 and _same(known, known.values[kept - 1], known.values[i], THINNED):
            known.seen[kept - 1] = max(known.seen[kept - 1], known.seen[i])
            continue
        known.values[kept] = known.values[i]
        known.seen[kept] = known.seen[i]
        kept += 1
    # The set's end is read by _same until here.
    known.size[0] = kept


@kernel
def _forget(known: KnownValues, row: int) -> None:
    kept = 0
    for i in range(known.size[0]):
        if known.seen[i] > row - MEMORY:
            known.values[kept] = known.values[i]
            known.seen[kept] = known.seen[i]
            kept += 1
    known.size[0] = kept
    known.size[1] = row
