"""Dense numbers for (exporter, session, protocol, observation domain), found at kernel speed.

Open addressing with linear probing over NumPy arrays. There is room for so many sources and no
more, so that spoofed senders cannot grow it: when it is full, the caller takes some out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import uncounted, uncounted_kernel

Int64s = npt.NDArray[np.int64]

SESSION_SHIFT = 35
"""Where a session stands in a tag, above the protocol and the domain."""

# What a table keeps count of, in an array that kernels can write.
KNOWN = 0  # ids that were ever given out
FREE = 1  # ids that were given back
BORN = 2  # ids given out since the last walk began
TALLIES = 3


@uncounted
def mixed(high: Any, low: Any, tag: Any) -> Any:
    """A non-negative hash of three words (multiply-xorshift, constants of splitmix64)."""
    state = high * np.int64(-7046029254386353131)
    state ^= low * np.int64(-4658895280553007687)
    state ^= tag * np.int64(-7723592293110705685)
    state ^= state >> np.int64(29)
    state *= np.int64(-4658895280553007687)
    state ^= state >> np.int64(32)
    return state & np.int64(0x7FFFFFFFFFFFFFFF)


@uncounted
def _place_of(keys: Any, ids: Any, high: Any, low: Any, tag: Any) -> Any:
    """Where a source stands, or the free place where it would."""
    mask = ids.shape[0] - 1
    place = mixed(high, low, tag) & mask
    while ids[place] >= 0:
        if keys[place, 0] == high and keys[place, 1] == low and keys[place, 2] == tag:
            return place
        place = (place + 1) & mask
    return place


@uncounted_kernel
def intern_source(
    keys: Any, ids: Any, free: Any, tallies: Any, high: Any, low: Any, tag: Any
) -> Any:
    """The id of a source, a new one if it was not known, -1 if there is no room.

    ``keys`` int64 (capacity, 3), ``ids`` int64 (capacity,) with -1 for none, ``free`` int64
    (limit,) the ids that were given back, ``tallies`` int64 (3,).
    """
    place = _place_of(keys, ids, high, low, tag)
    if ids[place] >= 0:
        return ids[place]
    if tallies[FREE] > 0:
        tallies[FREE] -= 1
        number = free[tallies[FREE]]
    elif tallies[KNOWN] < free.shape[0]:
        number = tallies[KNOWN]
        tallies[KNOWN] += 1
    else:
        return np.int64(-1)
    keys[place, 0] = high
    keys[place, 1] = low
    keys[place, 2] = tag
    ids[place] = number
    tallies[BORN] += 1
    return number


@uncounted_kernel
def _place_all(keys: Any, ids: Any, kept_keys: Any, kept_ids: Any) -> None:
    for index in range(kept_ids.shape[0]):
        high, low, tag = kept_keys[index, 0], kept_keys[index, 1], kept_keys[index, 2]
        place = _place_of(keys, ids, high, low, tag)
        keys[place, 0] = high
        keys[place, 1] = low
        keys[place, 2] = tag
        ids[place] = kept_ids[index]


class SourceTable:
    """The hash table of sources; ``tag`` is session, protocol and domain."""

    __slots__ = ("free", "ids", "keys", "tallies")

    def __init__(self, limit: int) -> None:
        capacity = 1 << (2 * limit - 1).bit_length()
        self.keys: Int64s = np.zeros((capacity, 3), np.int64)
        self.ids: Int64s = np.full(capacity, -1, np.int64)
        self.free: Int64s = np.zeros(limit, np.int64)
        self.tallies: Int64s = np.zeros(TALLIES, np.int64)

    def __len__(self) -> int:
        """Sources that are known now."""
        return int(self.tallies[KNOWN] - self.tallies[FREE])

    @property
    def full(self) -> bool:
        """Whether no new source can be taken in."""
        return len(self) == len(self.free)

    def intern(self, address: bytes, protocol: int, domain: int) -> int:
        """The id of a source, or -1 if the table is full."""
        high, low = np.frombuffer(address, np.int64)
        tag = np.int64(protocol << 32 | domain)
        return int(intern_source(self.keys, self.ids, self.free, self.tallies, high, low, tag))

    def remove(self, numbers: Int64s) -> None:
        """Forget sources; their ids are given to others."""
        kept = (self.ids >= 0) & ~np.isin(self.ids, numbers)
        kept_keys, kept_ids = self.keys[kept], self.ids[kept]
        self.ids[:] = -1
        _place_all(self.keys, self.ids, kept_keys, kept_ids)
        freed = int(self.tallies[FREE])
        self.free[freed : freed + len(numbers)] = numbers
        self.tallies[FREE] += len(numbers)
