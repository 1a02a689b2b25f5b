"""64-bit keys of entities, and the table that gives each key a row.

A key is a pure function of what it names, so nothing depends on arrival order or on Python's
hash seed. At a million live entities the chance of any collision is about 3e-8.
"""

from __future__ import annotations

import hashlib

import numpy as np

from sensorium.detect.arrays import I64, U8, U64, Bool

_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_STEP = np.uint64(0x9E3779B97F4A7C15)


def mix(values: U64) -> U64:
    """Scramble 64-bit values one to one (the finaliser of SplitMix64, Steele et al. 2014)."""
    x = values + _STEP
    x = (x ^ (x >> np.uint64(30))) * _M1
    x = (x ^ (x >> np.uint64(27))) * _M2
    return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)


def combine(first: U64, *others: U64) -> U64:
    """One key from several columns of equal length; the order of the columns matters."""
    key = mix(np.atleast_1d(first))
    for other in others:
        key = mix(key ^ (other + _STEP))
    return key


def address_keys(addresses: U8) -> U64:
    """Keys of addresses given as uint8 (n, 16)."""
    halves = np.ascontiguousarray(addresses).view(">u8").astype(np.uint64).reshape(-1, 2)
    return combine(halves[:, 0], halves[:, 1])


def text_key(text: str) -> int:
    """Key of a text: the first 8 bytes of its BLAKE2b; never 0, which stands for none."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") or 1


class KeyIndex:
    """Gives each key a row below ``capacity`` and takes it back from the least recently seen.

    State kept per row by others must be reset for the rows that :meth:`admit` calls fresh.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.rows_used = 0
        self.evicted = 0
        self._keys = np.empty(0, np.uint64)
        self._rows = np.empty(0, np.int64)
        self._free = np.empty(0, np.int64)
        self._seen = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def keys(self) -> U64:
        """All keys, sorted."""
        return self._keys

    @property
    def rows(self) -> I64:
        """The rows of :attr:`keys`, in their order."""
        return self._rows

    def find(self, keys: U64) -> I64:
        """Rows of ``keys``, -1 where unknown."""
        if not len(self._keys):
            return np.full(len(keys), -1, np.int64)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[at] == keys, self._rows[at], -1)

    def admit(self, keys: U64, now: int) -> tuple[I64, Bool]:
        """Rows of distinct ``keys``, made where missing, and which of them are fresh.

        Keys that do not fit beside the others seen at ``now`` get row -1.
        """
        rows = self.find(keys)
        self._touch(rows[rows >= 0], now)
        fresh = rows < 0
        if fresh.any():
            wanted = np.sort(keys[fresh])
            self._make_room(len(wanted), now)
            new_rows = self._take(len(wanted))
            wanted = wanted[: len(new_rows)]
            at = np.searchsorted(self._keys, wanted)
            self._keys = np.insert(self._keys, at, wanted)
            self._rows = np.insert(self._rows, at, new_rows)
            self._touch(new_rows, now)
            rows = self.find(keys)
        return rows, fresh & (rows >= 0)

    def remove(self, keys: U64) -> None:
        """Forget ``keys`` and free their rows."""
        gone = np.isin(self._keys, keys)
        self._free = np.sort(np.concatenate([self._free, self._rows[gone]]))
        self._keys, self._rows = self._keys[~gone], self._rows[~gone]

    def _touch(self, rows: I64, now: int) -> None:
        if self.rows_used > len(self._seen):
            grown = np.zeros(max(self.rows_used, 2 * len(self._seen)), np.int64)
            grown[: len(self._seen)] = self._seen
            self._seen = grown
        self._seen[rows] = now

    def _take(self, count: int) -> I64:
        reused, self._free = self._free[:count], self._free[count:]
        fresh = min(count - len(reused), self.capacity - self.rows_used)
        made = np.arange(self.rows_used, self.rows_used + fresh)
        self.rows_used += fresh
        return np.concatenate([reused, made])

    def _make_room(self, count: int, now: int) -> None:
        excess = len(self._keys) + count - self.capacity
        if excess <= 0:
            return
        # Leaving a tenth free spares the next windows the same work.
        wish = max(excess, min(self.capacity // 10, len(self._keys)))
        age = self._seen[self._rows]
        idle = np.flatnonzero(age < now)
        oldest = idle[np.lexsort((self._keys[idle], age[idle]))][:wish]
        self.evicted += len(oldest)
        self.remove(self._keys[oldest])
