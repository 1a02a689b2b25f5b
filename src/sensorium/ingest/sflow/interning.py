"""Dense numbers for keys of a few int64, found at kernel speed.

Open addressing with linear probing over NumPy arrays. A key is never forgotten while the process
lives; beyond the limit new ones are refused, so spoofed senders cannot grow it. Memory is touched
only as keys come.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import uncounted

Int64s = npt.NDArray[np.int64]

# Two of splitmix64's constants, as int64.
_MIX = np.int64(-4658895280553007687)
_MIX_AGAIN = np.int64(-7723592293110705685)


class Interned(NamedTuple):
    """``places`` int32 (capacity,), 0 for free, else a key's number plus one; ``keys`` int64
    (limit, width) in order of their numbers; ``known`` int64 (1,), how many there are."""

    places: npt.NDArray[np.int32]
    keys: Int64s
    known: Int64s


def interned(limit: int, width: int) -> Interned:
    """A table for at most ``limit`` keys of ``width`` words."""
    capacity = 1 << (2 * limit - 1).bit_length()
    return Interned(
        places=np.zeros(capacity, np.int32),
        keys=np.zeros((limit, width), np.int64),
        known=np.zeros(1, np.int64),
    )


@uncounted
def intern(table: Any, key: Any, taken: Any) -> Any:
    """The number of a key (int64 (width,)), a new one if it was not known.

    -1 if no more fit, or no new ones are ``taken``.
    """
    state = np.int64(0)
    for word in key:
        state = (state ^ word) * _MIX
        state ^= state >> np.int64(29)
    state *= _MIX_AGAIN
    state ^= state >> np.int64(32)
    mask = table.places.shape[0] - 1
    place = state & mask
    while table.places[place] > 0:
        number = table.places[place] - 1
        same = True
        for index in range(key.shape[0]):
            same &= table.keys[number, index] == key[index]
        if same:
            return np.int64(number)
        place = (place + 1) & mask
    number = table.known[0]
    if number >= table.keys.shape[0] or not taken:
        return np.int64(-1)
    for index in range(key.shape[0]):
        table.keys[number, index] = key[index]
    table.places[place] = number + 1
    table.known[0] = number + 1
    return np.int64(number)
