"""Group-by over 64-bit keys: number them in a hash table once, then reduce runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sensorium.detect.arrays import F64, I64, U64
from sensorium.detect.kernels.probing import number_distinct, order_by_code, order_of_distinct

# A column is looked through so often before it is grouped.
_FEW = 16


@dataclass(frozen=True, slots=True)
class Groups:
    """``g`` groups of ``n`` rows.

    ``keys`` uint64 (g,), sorted; ``order`` int64 (n,) sorts the rows by key; ``starts`` int64
    (g,) is where each run begins in that order; ``codes`` int64 (n,) is each row's group.
    """

    keys: U64
    order: I64
    starts: I64
    codes: I64

    @staticmethod
    def of(keys: U64) -> Groups:
        """Group rows by key."""
        distinct, codes = numbered(keys)
        starts, order = np.zeros(len(distinct) + 1, np.int64), np.empty(len(keys), np.int64)
        order_by_code(codes, starts, order)
        return Groups(distinct, order, starts[:-1], codes)

    def __len__(self) -> int:
        return len(self.keys)

    def first(self, column: Any) -> Any:
        """The column's value in one row of each group; only for columns equal within a group."""
        return column[self.order[self.starts]]

    def reduce(self, operation: np.ufunc, column: Any) -> Any:
        """Reduce a column over each group, e.g. with ``np.add`` or ``np.maximum``."""
        if not len(self.keys):
            return column[:0]
        return operation.reduceat(column[self.order], self.starts)

    def members(self, group: int) -> I64:
        """The rows of one group, ascending."""
        end = self.starts[group + 1] if group + 1 < len(self) else len(self.order)
        return self.order[self.starts[group] : end]

    def sizes(self) -> I64:
        """Rows in each group."""
        return np.diff(self.starts, append=len(self.order))


class RowsOf:
    """The rows in which a column has a value.

    For a storm's many anomalies the column is grouped once: to look through the whole of it for
    each would be quadratic.
    """

    def __init__(self, column: I64 | U64) -> None:
        self._column = column
        self._asked = 0
        self._groups: Groups | None = None

    def __call__(self, value: np.generic | int) -> I64:
        """The rows, ascending."""
        self._asked += 1
        if self._asked <= _FEW:
            return np.flatnonzero(self._column == value)
        if self._groups is None:
            self._groups = Groups.of(self._column.view(np.uint64))
        keys = self._groups.keys
        at = int(np.searchsorted(keys, np.uint64(value)))
        if at == len(keys) or keys[at] != value:
            return np.empty(0, np.int64)
        return self._groups.members(at)


def how_many(indexes: I64) -> int:
    """How many distinct ones there are among small numbers."""
    return int(np.count_nonzero(np.bincount(indexes)))


def numbered(keys: U64) -> tuple[U64, I64]:
    """The distinct keys, sorted, and the place of each row's key among them."""
    n = len(keys)
    slots = np.full(_slots_for(n), -1, np.int32)
    seen, codes = np.empty(n, np.uint64), np.empty(n, np.int64)
    found = number_distinct(np.ascontiguousarray(keys, np.uint64), slots, seen, codes)
    by_key = order_of(seen[:found])
    rank = np.empty(found, np.int64)
    rank[by_key] = np.arange(found)
    return seen[by_key], rank[codes]


def order_of(keys: U64) -> I64:
    """The order of distinct keys; quickest for those that are hashes."""
    order = np.empty(len(keys), np.int64)
    buckets = np.zeros((1 << max(len(keys) // 2, 1).bit_length()) + 1, np.int64)
    return order if order_of_distinct(keys, buckets, order) else np.argsort(keys)


def _slots_for(rows: int) -> int:
    """Slots of a hash table for so many rows: a power of two, never more than half full."""
    return 1 << max(2 * rows - 1, 1).bit_length()


def entropy_bits(owner: I64, counts: I64, owners: int) -> F64:
    """Shannon entropy of each owner's distribution of ``counts``, in bits, (owners,)."""
    total = np.bincount(owner, counts, owners)
    weighted = np.bincount(owner, counts * np.log2(np.maximum(counts, 1)), owners)
    safe = np.maximum(total, 1)
    return np.maximum(np.log2(safe) - weighted / safe, 0.0)
