"""Rows on their way to the store: gathered per table, sealed into chunks, kept until written."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True, eq=False)
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
        self._sealed: list[Chunk] = []
        self._number = 0

    @property
    def rows(self) -> int:
        """Rows held, sealed or not."""
        return self._open_rows + sum(chunk.rows for chunk in self._sealed)

    @property
    def sealed(self) -> tuple[Chunk, ...]:
        """The chunks that are due to be written, oldest first."""
        return tuple(self._sealed)

    def add(self, batch: pa.RecordBatch) -> int:
        """Take rows in; returns how many of the oldest had to be given up for them."""
        if batch.num_rows == 0:
            return 0
        self._open.append(batch)
        self._open_rows += batch.num_rows
        if self._open_rows >= self._chunk_rows:
            self.seal()
        given_up = 0
        while self._sealed and self.rows > self._limit_rows:
            given_up += self._sealed.pop(0).rows
        return given_up

    def seal(self) -> None:
        """Close the gathering chunk, so that it can be written."""
        if not self._open:
            return
        self._number += 1
        token = f"{self._run}/{self._name}/{self._number}"
        self._sealed.append(Chunk(token, tuple(self._open), self._open_rows))
        self._open, self._open_rows = [], 0

    def written(self, chunk: Chunk) -> None:
        """Forget a chunk that is stored."""
        self._sealed.remove(chunk)
