"""Rows on their way to the store: gathered per table, sealed into chunks, kept until written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

_DIVISIONS_IN_VAIN: Final = 40
"""Refusals in a row after which a table is taken to take nothing: twice what it takes to find rows
that are fine among a chunk's."""

_DIVISIONS_OF_ONE: Final = 256
"""Refusals of a chunk's parts after which its other parts are divided no further: where many rows
are refused, to find each by itself would take an insert for every one."""


@dataclass(slots=True)
class Doubt:
    """About the rows of one chunk: how much was ``written`` to the table before they were refused
    first, and how often they and their parts were refused for their content since."""

    written: int
    refusals: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Rows that are written in one insert; ``token`` stays the same when the write is retried.

    Where a journal keeps the rows as well, ``stored`` is called once they are written, and
    ``accepted_ns`` (Unix ns) is when they were accepted, 0 where they are not journalled.
    """

    token: str
    batches: tuple[pa.RecordBatch, ...]
    rows: int
    accepted_ns: int = 0
    stored: Callable[[], None] | None = None
    doubt: Doubt | None = None


class Countdown:
    """Calls ``done`` when it has been told so many times that one is less."""

    def __init__(self, count: int, done: Callable[[], None]) -> None:
        self._count = count
        self._done = done

    def one_less(self) -> None:
        """One of them is done."""
        self._count -= 1
        if not self._count:
            self._done()


class InsertBuffer:
    """The rows of one table that are not yet stored, oldest first.

    Batches gather until :meth:`seal` or until ``chunk_rows`` are there; sealed chunks keep their
    content and token, so that a retry is recognised by the server. At most ``limit_rows`` are
    held: beyond that the oldest chunks are given up, except those that a journal holds: it
    bounds them itself.
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
        self._failed: Chunk | None = None
        self._written = self._refused = 0

    @property
    def rows(self) -> int:
        """Rows held, sealed or not."""
        return self._open_rows + sum(chunk.rows for chunk in self._sealed)

    @property
    def volatile_rows(self) -> int:
        """Rows held that no journal holds as well."""
        sealed = (chunk.rows for chunk in self._sealed if chunk.stored is None)
        return self._open_rows + sum(sealed)

    @property
    def is_half_full(self) -> bool:
        """Whether half of the rows that may be held are, before any is given up."""
        return 2 * self.volatile_rows >= self._limit_rows

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
        return self._give_up()

    def add_journalled(self, chunk: Chunk) -> None:
        """Take in a chunk that is due at once and never given up."""
        self._sealed.append(chunk)

    def seal(self) -> None:
        """Close the gathering chunk, so that it can be written."""
        if not self._open:
            return
        self._number += 1
        token = f"{self._run}/{self._name}/{self._number}"
        self._sealed.append(Chunk(token, tuple(self._open), self._open_rows))
        self._open, self._open_rows = [], 0

    @property
    def due(self) -> tuple[Chunk, ...]:
        """The sealed chunks in the order to try them: those behind the last that failed first."""
        behind = self._sealed.index(self._failed) + 1 if self._failed in self._sealed else 0
        return (*self._sealed[behind:], *self._sealed[:behind])

    def failed(self, chunk: Chunk) -> None:
        """Note that a chunk could not be written, so that the others have their turn first."""
        self._failed = chunk

    def written(self, chunk: Chunk) -> None:
        """Forget a chunk that is stored, and say so to whoever keeps its rows too."""
        self._written += 1
        self._refused = 0
        self.forget(chunk)

    def forget(self, chunk: Chunk) -> None:
        """Hold a chunk no longer, whose rows are stored or set aside."""
        self._sealed.remove(chunk)
        if chunk.stored is not None:
            chunk.stored()

    def refused(self, chunk: Chunk, *, for_content: bool) -> tuple[Chunk, ...]:
        """Note that the store does not take these very rows, or not so many; what to try instead.

        That is their two halves, whose tokens follow from the chunk's, so that they too are
        recognised when they come again. It is the chunk as it is, now with a doubt, where it is
        not to be divided any further.
        """
        self._refused += 1
        doubt = chunk.doubt or Doubt(self._written)
        doubt.refusals += for_content
        doubted = replace(chunk, doubt=doubt)
        hopeful = doubt.written < self._written or self._refused <= _DIVISIONS_IN_VAIN
        divides = chunk.rows > 1 and hopeful and doubt.refusals <= _DIVISIONS_OF_ONE
        parts = _halves(doubted) if divides else (doubted,)
        at = self._sealed.index(chunk)
        self._sealed[at : at + 1] = parts
        return parts

    def is_settled(self, chunk: Chunk) -> bool:
        """Whether rows that were refused for their content will never be taken: they are divided as
        far as they are to be, and the table was written since it refused them first."""
        doubt = chunk.doubt
        if doubt is None or doubt.written == self._written:
            return False
        return chunk.rows == 1 or doubt.refusals > _DIVISIONS_OF_ONE

    def _give_up(self) -> int:
        given_up = 0
        excess = self.volatile_rows - self._limit_rows
        for chunk in [chunk for chunk in self._sealed if chunk.stored is None]:
            if given_up >= excess:
                break
            self._sealed.remove(chunk)
            given_up += chunk.rows
        return given_up


def _halves(chunk: Chunk) -> tuple[Chunk, Chunk]:
    middle, stored = chunk.rows // 2, chunk.stored
    if stored is not None:
        stored = Countdown(2, stored).one_less
    first, second = (
        replace(
            chunk,
            token=f"{chunk.token}/{start}",
            batches=_between(chunk.batches, start, end),
            rows=end - start,
            stored=stored,
        )
        for start, end in ((0, middle), (middle, chunk.rows))
    )
    return first, second


def _between(
    batches: tuple[pa.RecordBatch, ...], start: int, end: int
) -> tuple[pa.RecordBatch, ...]:
    """The rows from ``start`` up to ``end``, counted over all batches; nothing is copied."""
    found, before = list[pa.RecordBatch](), 0
    for batch in batches:
        first, last = max(start - before, 0), min(end - before, batch.num_rows)
        if first < last:
            found.append(batch.slice(first, last - first))
        before += batch.num_rows
    return tuple(found)
