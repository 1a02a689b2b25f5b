"""Dense numbers for (exporter, protocol, observation domain), found at kernel speed.

Open addressing with linear probing over NumPy arrays. A source is never forgotten while the
process lives; beyond ``max_sources`` new ones are refused, so spoofed senders cannot grow it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sensorium.ingest.netflow.compiled import inner, kernel

Int64s = npt.NDArray[np.int64]


@inner
def mixed(high: Any, low: Any, tag: Any) -> Any:
    """A non-negative hash of three words (multiply-xorshift, constants of splitmix64)."""
    state = high * np.int64(-7046029254386353131)
    state ^= low * np.int64(-4658895280553007687)
    state ^= tag * np.int64(-7723592293110705685)
    state ^= state >> np.int64(29)
    state *= np.int64(-4658895280553007687)
    state ^= state >> np.int64(32)
    return state & np.int64(0x7FFFFFFFFFFFFFFF)


@kernel
def intern_source(
    keys: Any, ids: Any, known: Any, limit: Any, high: Any, low: Any, tag: Any
) -> Any:
    """The id of a source, a new one if it was not known, -1 if no more are taken.

    ``keys`` int64 (capacity, 3), ``ids`` int64 (capacity,) with -1 for free, ``known`` int64 (1,).
    """
    mask = ids.shape[0] - 1
    place = mixed(high, low, tag) & mask
    while ids[place] >= 0:
        if keys[place, 0] == high and keys[place, 1] == low and keys[place, 2] == tag:
            return ids[place]
        place = (place + 1) & mask
    if known[0] >= limit:
        return np.int64(-1)
    keys[place, 0] = high
    keys[place, 1] = low
    keys[place, 2] = tag
    ids[place] = known[0]
    known[0] += 1
    return ids[place]


class SourceTable:
    """The hash table of sources; ``tag`` is ``protocol << 32 | domain``."""

    __slots__ = ("ids", "keys", "known", "limit")

    def __init__(self, limit: int) -> None:
        capacity = 1 << (2 * limit - 1).bit_length()
        self.keys: Int64s = np.zeros((capacity, 3), np.int64)
        self.ids: Int64s = np.full(capacity, -1, np.int64)
        self.known: Int64s = np.zeros(1, np.int64)
        self.limit = limit

    def __len__(self) -> int:
        return int(self.known[0])

    def intern(self, address: bytes, protocol: int, domain: int) -> int:
        """The id of a source, or -1 if the table is full."""
        high, low = np.frombuffer(address, np.int64)
        tag = np.int64(protocol << 32 | domain)
        return int(intern_source(self.keys, self.ids, self.known, self.limit, high, low, tag))
