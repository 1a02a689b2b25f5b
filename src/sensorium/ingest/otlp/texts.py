"""The words of rows that come again and again, kept ready to be copied into columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.otlp.wire import SPARE

Ints = npt.NDArray[np.int64]

WORDS: Final = 3
"""Single texts that a row has; what they are is up to who asks."""
# Where a row's texts are: start and length of each word, of all its keys and of all its values,
# and which lengths part those.
KEYS: Final = 2 * WORDS
VALUES: Final = KEYS + 2
PAIRS: Final = VALUES + 2
NUMBER: Final = PAIRS + 2
"""A 64-bit number that goes with the row."""
WIDTH: Final = NUMBER + 1

Pairs = Sequence[tuple[str, str]]
Row = tuple[tuple[str, ...], Pairs, int]
"""Words, pairs and number (unsigned)."""


class Texts:
    """Rows of three words and any number of key and value pairs, each row added once.

    ``rows`` is int64 (n, WIDTH), ``text`` uint8, ``parts`` int32 (m, 2): the lengths of keys
    and values. What lies beyond ``len()`` rows has no meaning.
    """

    def __init__(self) -> None:
        self.rows: Ints = np.zeros((64, WIDTH), np.int64)
        self.text: npt.NDArray[np.uint8] = np.zeros(1 << 14, np.uint8)
        self.parts: npt.NDArray[np.int32] = np.zeros((256, 2), np.int32)
        self._count = 0
        self._used = 0
        self._parts = 0

    def __len__(self) -> int:
        return self._count

    @property
    def size(self) -> int:
        """Bytes that all rows take."""
        return self._used + 8 * WIDTH * self._count + 8 * self._parts

    def add(self, rows: Sequence[Row]) -> int:
        """Add rows; the place of the first."""
        first = self._count
        table: list[list[int]] = []
        pieces: list[bytes] = []
        parts: list[tuple[int, int]] = []
        at = self._used
        for words, pairs, number in rows:
            row: list[int] = []
            keys = [key.encode("utf-8", "replace") for key, _ in pairs]
            values = [value.encode("utf-8", "replace") for _, value in pairs]
            encoded = [word.encode("utf-8", "replace") for word in words]
            encoded += [b""] * (WORDS - len(words))
            for text in (*encoded, b"".join(keys), b"".join(values)):
                row += (at, len(text))
                pieces.append(text)
                at += len(text)
            signed = number - (1 << 64) if number >> 63 else number
            table.append([*row, self._parts + len(parts), len(pairs), signed])
            parts += zip(map(len, keys), map(len, values), strict=True)
        if not table:
            return first
        self._grow(len(table), at - self._used, len(parts))
        self.rows[first : first + len(table)] = table
        self.text[self._used : at] = np.frombuffer(b"".join(pieces), np.uint8)
        if parts:
            self.parts[self._parts : self._parts + len(parts)] = parts
        self._count += len(table)
        self._used = at
        self._parts += len(parts)
        return first

    def _grow(self, rows: int, size: int, parts: int) -> None:
        if self._count + rows > len(self.rows):
            grown = np.zeros((max(2 * len(self.rows), self._count + rows), WIDTH), np.int64)
            grown[: self._count] = self.rows[: self._count]
            self.rows = grown
        if self._used + size + SPARE > len(self.text):
            text = np.zeros(max(2 * len(self.text), self._used + size + SPARE), np.uint8)
            text[: self._used] = self.text[: self._used]
            self.text = text
        if self._parts + parts > len(self.parts):
            lengths = np.zeros((max(2 * len(self.parts), self._parts + parts), 2), np.int32)
            lengths[: self._parts] = self.parts[: self._parts]
            self.parts = lengths
