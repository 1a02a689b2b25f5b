"""What each entry of a table means to the rows that are made of it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.otlp.texts import KEYS, PAIRS, VALUES, WORDS, Row, Texts

Ints = npt.NDArray[np.int64]

SIZES: Final = WORDS + 3
"""Bytes of each word, of keys and of values, and pairs: what an entry's rows take in all."""


class Meanings:
    """By entry: which rows of Texts it has, what they take, and what was said of it last.

    ``first`` and ``rows`` int64 (n,), ``sizes`` int64 (n, SIZES), ``accumulates`` bool (n,);
    ``started`` and ``refused`` int64 (n,): when its counting began, and why it has no rows.
    """

    def __init__(self) -> None:
        self.texts = Texts()
        self.first: Ints = np.zeros(256, np.int64)
        self.rows: Ints = np.zeros(256, np.int64)
        self.sizes: Ints = np.zeros((256, SIZES), np.int64)
        self.started: Ints = np.zeros(256, np.int64)
        self.refused: Ints = np.zeros(256, np.int64)
        self.accumulates: npt.NDArray[np.bool_] = np.zeros(256, np.bool_)

    def grow(self, entries: int) -> None:
        """Make room for so many entries in all."""
        if entries <= len(self.first):
            return
        more = max(2 * len(self.first), entries)
        for name in ("first", "rows", "sizes", "started", "refused", "accumulates"):
            setattr(self, name, _grown(getattr(self, name), more))

    def give(self, entries: list[int], rows: list[list[Row]]) -> None:
        """Give each of these entries its rows, of which it has at least one."""
        if not entries:
            return
        first = self.texts.add([row for several in rows for row in several])
        counts = np.array([len(several) for several in rows], np.int64)
        starts = np.cumsum(counts) - counts
        self.first[entries], self.rows[entries] = first + starts, counts
        table = self.texts.rows[first : len(self.texts)]
        columns = [*range(1, KEYS, 2), KEYS + 1, VALUES + 1, PAIRS + 1]
        self.sizes[entries] = np.add.reduceat(table[:, columns], starts, axis=0)


def _grown(array: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    grown = np.zeros((size, *array.shape[1:]), array.dtype)
    grown[: len(array)] = array
    return grown
