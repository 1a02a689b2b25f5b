"""Sums of amounts by key, without sorting."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.links.network.table import add_up, look_up

Array = np.ndarray[Any, Any]


class Sums:
    """Of each key, which is not 0, the sum of its ``amounts`` (n,)."""

    def __init__(self, keys: Array, amounts: Array) -> None:
        slots = 1 << max(2 * len(keys) - 1, 1).bit_length()
        self._table, self._sums = np.zeros(slots, np.uint64), np.zeros(slots)
        self._found = int(add_up(keys, np.asarray(amounts, np.float64), self._table, self._sums))

    def __len__(self) -> int:
        return self._found

    def of(self, keys: Array) -> Array:
        """The sum of each key, float64 (m,), 0 of one that is not there."""
        out = np.empty(len(keys))
        look_up(keys, self._table, self._sums, out)
        return out

    @property
    def keys(self) -> Array:
        """The keys, each once, in an order of their own."""
        return np.asarray(self._table[self._table != 0])
