"""A segment: one file of entries, which goes to the store as one and is then deleted."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sensorium.ingest.journal.entry import Rows, decode, joined

MAGIC: Final = b"SJS1"
HEAD: Final = struct.Struct("<4s16sq")
SUFFIX: Final = ".rows"


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows on their way from the journal to the store.

    ``token`` is the segment's own for ever, so that the store recognises rows it already has;
    ``opened_ns`` and ``accepted_ns`` are when its first and last entry were accepted (Unix ns).
    ``stored`` must be called when the store has all rows, ``failed`` if they could not be handed
    to it: then they are kept for the next start.
    """

    token: str
    opened_ns: int
    accepted_ns: int
    rows: tuple[Rows, ...]
    stored: Callable[[], None]
    failed: Callable[[], None]


@dataclass(slots=True, eq=False)
class SegmentFile:
    """A segment on disk: ``size`` bytes hold whole entries, and nothing behind them counts.

    ``damaged`` is how many places of it the disk has damaged. ``kept`` is its rows in the order of
    the file, where all of them are in memory as well, and ``kept_bytes`` their size there.
    """

    path: Path
    identity: bytes
    opened_ns: int
    size: int = HEAD.size
    rows: int = 0
    newest_ns: int = 0
    request_ids: list[bytes] = field(default_factory=list)
    kept: list[Rows] | None = None
    kept_bytes: int = 0
    damaged: int = 0

    @property
    def token(self) -> str:
        """What its rows are called in the store."""
        return self.identity.hex()

    def read(self, kept: list[Rows] | None = None) -> tuple[Rows, ...]:
        """All rows, one batch for each signal, from memory where they are ``kept``.

        OSError or ValueError where the file is needed and cannot be read.
        """
        if kept is None:
            data = memoryview(self.path.read_bytes())
            if len(data) < self.size:
                raise ValueError(f"{len(data)} bytes are left of {self.size}")
            kept = _all_rows(data[: self.size])
        return tuple(joined(kept))


def create(folder: Path, number: int, identity: bytes, opened_ns: int) -> tuple[SegmentFile, int]:
    """A new, empty segment and its file descriptor, open for appending."""
    path = folder / f"{number:020d}{SUFFIX}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, HEAD.pack(MAGIC, identity, opened_ns))
    except OSError:
        os.close(descriptor)
        path.unlink()
        raise
    return SegmentFile(path, identity, opened_ns), descriptor


def set_aside(path: Path) -> Path:
    """Rename a damaged segment, for people to look at, and say to what."""
    return path.rename(f"{path}.damaged")


def _all_rows(data: memoryview) -> list[Rows]:
    found: list[Rows] = []
    at = HEAD.size
    while at < len(data):
        entry = decode(data, at)
        if entry is None:
            raise ValueError(f"the entry at byte {at} is damaged")
        found += entry.rows
        at = entry.end
    return found
