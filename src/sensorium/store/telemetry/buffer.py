"""Rows on their way to the store: gathered per table, sealed into chunks, kept until written."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that are written in one insert; ``token`` stays the same when the write is retried."""

    token: str
    batches: tuple[pa.RecordBatch, ...]
    rows: int


class InsertBuffer:
    """The rows of one table that are not yet stored, oldest first.

    Batches gather until :meth:`seal` or until ``chunk_rows`` are there; sealed chunks keep their
    content and token, so that a retry is recognised by the server. At most ``limit_rows`` are
    held: beyond that the oldest chunks are given up.
    """

    def __init__(self, name: str, *, chunk_rows: int, limit_rows: int, run: str) -> None:
        self._name = name
        self._chunk_rows = chunk_rows
        self._limit_rows = max(limit_rows, chunk_rows)
        self._run = run
        self._open: list[pa.RecordBatch] = []
        self._open_rows = 0
        self._sealed: deque[Chunk] = deque()
        self._sealed_rows = 0
        self._number = 0

    @property
    def rows(self) -> int:
        """Rows held, sealed or not."""
        return self._open_rows + self._sealed_rows

    @property
    def full(self) -> bool:
        """Whether a chunk is due to be written."""
        return bool(self._sealed)

    def add(self, batch: pa.RecordBatch) -> int:
        """Take rows in; returns how many of the oldest had to be given up for them."""
        if batch.num_rows == 0:
            return 0
        self._open.append(batch)
        self._open_rows += batch.num_rows
        if self._open_rows >= self._chunk_rows:
            self.seal()
        return self._trim()

    def seal(self) -> None:
        """Close the gathering chunk, so that it can be written."""
        if not self._open:
            return
        self._number += 1
        token = f"{self._run}/{self._name}/{self._number}"
        self._sealed.append(Chunk(token, tuple(self._open), self._open_rows))
        self._sealed_rows += self._open_rows
        self._open, self._open_rows = [], 0

    def _trim(self) -> int:
        given_up = 0
        while self.rows > self._limit_rows and self._sealed:
            given_up += self.written()
        return given_up

    def first(self) -> Chunk | None:
        """The oldest sealed chunk, None where there is none."""
        return self._sealed[0] if self._sealed else None

    def written(self) -> int:
        """Forget the oldest sealed chunk; returns its rows."""
        chunk = self._sealed.popleft()
        self._sealed_rows -= chunk.rows
        return chunk.rows
