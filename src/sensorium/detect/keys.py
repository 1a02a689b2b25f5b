"""64-bit keys of entities, and the table that gives each key a row.

A key is a pure function of what it names, so nothing depends on arrival order or on Python's
hash seed. At a million live entities the chance of any collision is about 3e-8.
"""

from __future__ import annotations

import hashlib

import numpy as np

from sensorium.detect.arrays import I32, I64, U8, U64, Bool
from sensorium.detect.groups import order_of
from sensorium.detect.kernels.probing import enter_rows, find_rows, join_keys, leave_rows
from sensorium.state.arrays import State, StateError, columns, put_columns, whole

_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_STEP = np.uint64(0x9E3779B97F4A7C15)

_SMALLEST = 1 << 10


def mix(values: U64) -> U64:
    """Scramble 64-bit values one to one (the finaliser of SplitMix64, Steele et al. 2014)."""
    x = values + _STEP
    x = (x ^ (x >> np.uint64(30))) * _M1
    x = (x ^ (x >> np.uint64(27))) * _M2
    return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)


def combine(first: U64, *others: U64) -> U64:
    """One key from several columns of equal length; the order of the columns matters."""
    key, begins = np.ascontiguousarray(np.atleast_1d(first), np.uint64), True
    for other in others:
        out = np.empty(len(key), np.uint64)
        join_keys(key, np.ascontiguousarray(other, np.uint64), begins, out)
        key, begins = out, False
    return mix(key) if begins else key


def address_keys(addresses: U8) -> U64:
    """Keys of addresses given as uint8 (n, 16)."""
    halves = np.ascontiguousarray(addresses).view(">u8").astype(np.uint64).reshape(-1, 2)
    return combine(halves[:, 0], halves[:, 1])


def text_key(text: str) -> int:
    """Key of a text: the first 8 bytes of its BLAKE2b; never 0, which stands for none."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") or 1


class KeyIndex:
    """Gives each key a row below ``capacity`` and takes it back from the least recently seen.

    State kept per row by others must be reset for the rows that :meth:`admit` calls fresh. A key
    takes about 40 bytes.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.rows_used = 0
        self.evicted = 0
        self._count = 0
        self._key_of = np.zeros(0, np.uint64)
        self._seen = np.zeros(0, np.int64)
        self._held = np.zeros(0, np.bool_)
        self._slots = np.full(_SMALLEST, -1, np.int32)
        self._free = np.empty(0, np.int64)
        self._sorted: tuple[U64, I64] | None = None

    def __len__(self) -> int:
        return self._count

    @property
    def keys(self) -> U64:
        """All keys, sorted."""
        return self._in_order()[0]

    @property
    def rows(self) -> I64:
        """The rows of :attr:`keys`, in their order."""
        return self._in_order()[1]

    @property
    def table(self) -> tuple[I32, U64]:
        """Slots and keys, for kernels that look keys up themselves."""
        return self._slots, self._key_of

    def find(self, keys: U64) -> I64:
        """Rows of ``keys``, -1 where unknown."""
        out = np.empty(len(keys), np.int64)
        find_rows(np.ascontiguousarray(keys, np.uint64), self._slots, self._key_of, out)
        return out

    def admit(self, keys: U64, now: int, known: I64 | None = None) -> tuple[I64, Bool]:
        """Rows of distinct ``keys``, made where missing, and which of them are fresh.

        Keys that do not fit beside the others seen at ``now`` get row -1. ``known`` is what
        :meth:`find` says of them, where the caller has asked already; it is made use of.
        """
        rows = self.find(keys) if known is None else known
        fresh = rows < 0
        if not fresh.any():
            self._seen[rows] = now
            return rows, fresh
        self._seen[rows[~fresh]] = now
        new = np.flatnonzero(fresh)
        new = new[order_of(keys[new])]
        self._make_room(len(new), now)
        made = self._take(len(new))
        new = new[: len(made)]
        self._enter(keys[new], made, now)
        rows[new] = made
        return rows, fresh & (rows >= 0)

    def remove(self, keys: U64) -> None:
        """Forget ``keys`` and free their rows."""
        rows = self.find(keys)
        self._leave(np.unique(rows[rows >= 0]))

    def state(self) -> State:
        """The keys, with their rows."""
        used = self.rows_used
        return {
            **columns(self, used, "_key_of", "_seen", "_held"),
            "used": np.array(used),
            "evicted": np.array(self.evicted),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave; the rows are the same."""
        used = whole(state, "used", most=self.capacity)
        put_columns(self, state, used, "_key_of", "_seen", "_held")
        self.rows_used, self.evicted = used, whole(state, "evicted")
        rows = np.flatnonzero(self._held)
        if len(np.unique(self._key_of[rows])) != len(rows):
            raise StateError("a kept state gives two rows to one key")
        self._count, self._free = len(rows), np.flatnonzero(~self._held)
        self._slots = np.full(max(_SMALLEST, 2 * _power_of_two(2 * len(rows))), -1, np.int32)
        enter_rows(rows, self._slots, self._key_of)
        self._sorted = None

    def _in_order(self) -> tuple[U64, I64]:
        if self._sorted is None:
            rows = np.flatnonzero(self._held)
            keys = self._key_of[rows]
            order = order_of(keys)
            self._sorted = keys[order], rows[order]
        return self._sorted

    def _enter(self, keys: U64, rows: I64, now: int) -> None:
        self._grow()
        self._key_of[rows] = keys
        self._seen[rows] = now
        self._held[rows] = True
        self._count += len(rows)
        self._sorted = None
        if 2 * self._count > len(self._slots):
            self._slots = np.full(2 * _power_of_two(2 * self._count), -1, np.int32)
            rows = np.flatnonzero(self._held)
        enter_rows(rows, self._slots, self._key_of)

    def _leave(self, rows: I64) -> None:
        leave_rows(rows, self._slots, self._key_of)
        self._held[rows] = False
        self._count -= len(rows)
        self._sorted = None
        self._free = np.flatnonzero(~self._held[: self.rows_used])

    def _grow(self) -> None:
        size = len(self._key_of)
        if self.rows_used > size:
            more = min(max(self.rows_used, 2 * size), self.capacity) - size
            self._key_of = np.concatenate([self._key_of, np.zeros(more, np.uint64)])
            self._seen = np.concatenate([self._seen, np.zeros(more, np.int64)])
            self._held = np.concatenate([self._held, np.zeros(more, np.bool_)])

    def _take(self, count: int) -> I64:
        reused, self._free = self._free[:count], self._free[count:]
        fresh = min(count - len(reused), self.capacity - self.rows_used)
        made = np.arange(self.rows_used, self.rows_used + fresh)
        self.rows_used += fresh
        return np.concatenate([reused, made])

    def _make_room(self, count: int, now: int) -> None:
        excess = self._count + count - self.capacity
        if excess <= 0:
            return
        # Leaving a tenth free spares the next windows the same work.
        wish = max(excess, min(self.capacity // 10, self._count))
        idle = np.flatnonzero(self._held & (self._seen < now))
        gone = idle
        if len(idle) > wish:
            age = self._seen[idle]
            last = np.partition(age, wish - 1)[wish - 1]
            older, same = idle[age < last], idle[age == last]
            more = wish - len(older)
            gone = older
            if more:
                lowest = np.argpartition(self._key_of[same], more - 1)[:more]
                gone = np.concatenate([older, same[lowest]])
        self.evicted += len(gone)
        self._leave(gone)


def _power_of_two(least: int) -> int:
    return 1 << max(least - 1, 1).bit_length()
