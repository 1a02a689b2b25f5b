"""A bounded table of source addresses, looked up for whole columns of datagrams at once."""

from __future__ import annotations

import os
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.transport.networks import words_of

ABSENT: Final = -1


class SourceTable:
    """Gives each source address a number below ``capacity`` and remembers it.

    The numbers are places in columns that its user keeps. It never grows: where it is full, a
    new address gets :data:`ABSENT`, and its user decides whom to :meth:`keep`. The order of
    places is keyed by a secret, so that no sender can choose addresses that are slow to find.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        slots = 1 << (2 * capacity - 1).bit_length()
        self._secret = np.frombuffer(os.urandom(8), np.uint64)[0]
        self._slots = np.full(slots, ABSENT, np.int32)
        self._words = np.zeros((capacity, 2), np.uint64)
        self._count = np.zeros(1, np.int64)
        self.places(np.empty((0, 16), np.uint8))  # compiles, where nobody has before

    def __len__(self) -> int:
        return int(self._count[0])

    def places(self, addresses: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        """The place of each address, uint8 (n, 16), new ones included: int64 (n,)."""
        places = np.empty(len(addresses), np.int64)
        words = words_of(addresses)
        _place_all(self._slots, self._words, self._count, self._secret, words, places)
        return places

    def addresses(self) -> npt.NDArray[np.uint8]:
        """The addresses in the order of their places: uint8 (len, 16)."""
        return self._words[: len(self)].astype(">u8").view(np.uint8).reshape(-1, 16)

    def keep(self, wanted: npt.NDArray[np.bool_]) -> None:
        """Forget those where ``wanted``, bool (len,), is false; the others close ranks."""
        addresses = self.addresses()[wanted]
        self._slots.fill(ABSENT)
        self._count[0] = 0
        self.places(addresses)


@inner
def _slot(slots: Any, known: Any, secret: Any, high: Any, low: Any) -> int:
    """Where an address is among the slots, or the free one where it belongs."""
    mixed = (high ^ secret) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29)) ^ low) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(32)) ^ secret) * np.uint64(0x94D049BB133111EB)
    last = len(slots) - 1
    at = int(mixed >> np.uint64(33)) & last
    while slots[at] >= 0 and (known[slots[at], 0] != high or known[slots[at], 1] != low):
        at = (at + 1) & last
    return at


@kernel
def _place_all(slots: Any, known: Any, count: Any, secret: Any, words: Any, places: Any) -> None:
    for i in range(len(words)):
        high, low = words[i, 0], words[i, 1]
        if i and high == words[i - 1, 0] and low == words[i - 1, 1]:
            places[i] = places[i - 1]
            continue
        at = _slot(slots, known, secret, high, low)
        if slots[at] < 0 and count[0] < len(known):
            slots[at] = count[0]
            known[count[0], 0] = high
            known[count[0], 1] = low
            count[0] += 1
        places[i] = slots[at]
