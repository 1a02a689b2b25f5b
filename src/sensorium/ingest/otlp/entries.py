"""A table of everything that is named again and again: resources, scopes, metrics, series.

An entry is known by the bytes that name it on the wire, so that a sender's thousandth report of
a series costs a hash lookup and no parsing. The kernels put new entries in; Python then gives
each new one its meaning, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import inner
from sensorium.ingest.memory import copy, put_total, total
from sensorium.ingest.otlp.wire import SPARE, mixed, mixed_word, same

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

RESOURCE: Final = 1
SCOPE: Final = 2
METRIC: Final = 3
SERIES: Final = 4

# The table's own numbers and addresses, as kernels get them.
_COUNT: Final = 0
_USED: Final = 1
_MASK: Final = 2
_SEED: Final = 3
_SLOTS: Final = 4
_HASHES: Final = 5
_STARTS: Final = 6
_LENGTHS: Final = 7
_ARENA: Final = 8
_NUMBERS: Final = 9

_HEAD: Final = 32
"""Bytes before an entry's name: what it is, its parent, its properties, the first part's length."""


@inner
def entry_of(
    table: int, what: int, parent: int, traits: int, first: int, n1: int, second: int, n2: int
) -> int:
    """The entry of this name, put in where it is new. There MUST be room: see ``reserve``.

    The name is two runs of bytes, ``n1`` at the address ``first`` and ``n2`` at ``second``.
    """
    hashed = mixed_word(mixed_word(total(table, _SEED), what), mixed_word(parent, traits))
    hashed = mixed(mixed(hashed, first, n1), second, n2)
    slots, mask, arena = total(table, _SLOTS), total(table, _MASK), total(table, _ARENA)
    hashes, starts = total(table, _HASHES), total(table, _STARTS)
    lengths = total(table, _LENGTHS)
    length = _HEAD + n1 + n2
    slot = (hashed ^ (hashed >> 32)) & mask
    while True:
        entry = total(slots, slot) - 1
        if entry < 0:
            break
        if total(hashes, entry) == hashed and total(lengths, entry) == length:
            key = arena + total(starts, entry)
            head = total(key, 0) == what and total(key, 1) == parent
            if (
                head
                and total(key, 2) == traits
                and total(key, 3) == n1
                and same(key + _HEAD, first, n1)
                and same(key + _HEAD + n1, second, n2)
            ):
                return entry
        slot = (slot + 1) & mask
    entry, used = total(table, _COUNT), total(table, _USED)
    key = arena + used
    put_total(key, 0, what)
    put_total(key, 1, parent)
    put_total(key, 2, traits)
    put_total(key, 3, n1)
    copy(key + _HEAD, first, n1)
    copy(key + _HEAD + n1, second, n2)
    put_total(hashes, entry, hashed)
    put_total(starts, entry, used)
    put_total(lengths, entry, length)
    put_total(slots, slot, entry + 1)
    put_total(table, _COUNT, entry + 1)
    put_total(table, _USED, used + length)
    return entry


@dataclass(frozen=True, slots=True)
class Name:
    """An entry's name as it was on the wire."""

    what: int
    parent: int
    traits: int
    first: bytes
    second: bytes


class Entries:
    """The table, growing as it must; :meth:`clear` forgets everything.

    ``seed`` makes where a name is put unforeseeable, so that nobody can send names that all
    fall on one slot. It changes no result.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._numbers = np.zeros(_NUMBERS, np.int64)
        self.clear()

    def clear(self) -> None:
        """Forget all entries."""
        self._slots: Ints = np.zeros(1024, np.int64)
        self._hashes: Ints = np.zeros(256, np.int64)
        self._starts: Ints = np.zeros(256, np.int64)
        self._lengths: Ints = np.zeros(256, np.int64)
        self._arena: Bytes = np.zeros(1 << 16, np.uint8)
        self._numbers[:] = 0

    def __len__(self) -> int:
        return int(self._numbers[_COUNT])

    @property
    def size(self) -> int:
        """Bytes that the names take."""
        return int(self._numbers[_USED])

    def reserve(self, more: int, size: int) -> Ints:
        """Make room for ``more`` names of ``size`` bytes in all; the table for a kernel."""
        count, used = len(self), self.size
        if count + more > len(self._hashes):
            room = max(2 * len(self._hashes), count + more)
            self._hashes, self._starts = _grown(self._hashes, room), _grown(self._starts, room)
            self._lengths = _grown(self._lengths, room)
        if used + size + more * _HEAD + SPARE > len(self._arena):
            room = max(2 * len(self._arena), used + size + more * _HEAD + SPARE)
            self._arena = _grown(self._arena, room)
        if 2 * (count + more) > len(self._slots):
            self._rehash(1 << int(2 * (count + more)).bit_length())
        self._numbers[_MASK] = len(self._slots) - 1
        self._numbers[_SEED] = self._seed
        tables = (self._slots, self._hashes, self._starts, self._lengths)
        self._numbers[_SLOTS:_ARENA] = [table.ctypes.data for table in tables]
        self._numbers[_ARENA] = self._arena.ctypes.data
        return self._numbers

    def name(self, entry: int) -> Name:
        """What an entry was called on the wire."""
        start = int(self._starts[entry])
        what, parent, traits, n1 = self._arena[start : start + _HEAD].view(np.int64).tolist()
        text = self._arena[start + _HEAD : start + int(self._lengths[entry])].tobytes()
        return Name(what, parent, traits, text[:n1], text[n1:])

    def _rehash(self, size: int) -> None:
        slots = np.zeros(size, np.int64)
        count = len(self)
        wanted = (self._hashes[:count] ^ (self._hashes[:count] >> 32)) & (size - 1)
        left = np.arange(count)
        # Each round places, of the entries that want a slot, the first; the rest look further.
        while len(left):
            free = slots[wanted[left]] == 0
            places, first = np.unique(wanted[left[free]], return_index=True)
            slots[places] = left[free][first] + 1
            placed = np.zeros(len(left), np.bool_)
            placed[np.flatnonzero(free)[first]] = True
            left = left[~placed]
            wanted[left] = (wanted[left] + 1) & (size - 1)
        self._slots = slots


def _grown(array: npt.NDArray[Any], size: int) -> Any:
    grown = np.zeros(size, array.dtype)
    grown[: len(array)] = array
    return grown
