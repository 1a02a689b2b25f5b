"""What a start finds of the journal: the segments that an earlier process left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import cast

from sensorium.ingest.journal.entry import MAGIC as ENTRY_MAGIC
from sensorium.ingest.journal.entry import Entry, decode
from sensorium.ingest.journal.segment import HEAD, MAGIC, SUFFIX, SegmentFile, set_aside

Damaged = Callable[[Path, int, str], None]
"""Told of a file that was set aside, how many places of it are damaged, and what became of it."""


def read_back(folder: Path, damaged: Damaged) -> tuple[list[SegmentFile], int]:
    """The segments in a folder that have rows, oldest first, and how many bytes were cut off.

    Files that have none are deleted, and damaged ones set aside.
    """
    found: list[SegmentFile] = []
    torn = 0
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            segment, cut = recover(path)
        except ValueError as error:
            damaged(set_aside(path), 1, str(error))
            continue
        torn += cut
        if segment is not None and segment.damaged:
            damaged(Path(f"{path}.damaged"), segment.damaged, "what is whole is stored")
        if segment is None or not segment.rows:
            path.unlink()
        else:
            found.append(segment)
    return found, torn


def recover(path: Path) -> tuple[SegmentFile | None, int]:
    """A segment that an earlier process left, and how many bytes at its end were cut off.

    Those were being written when the process died and never acknowledged. Nothing whole is ever
    behind them: where it is, the disk has damaged what is before. Then a copy is set aside, and the
    segment is made anew of what is whole. None for a file in which nothing is. ValueError where the
    head is damaged, and with it the name under which the store may have the rows.
    """
    data = memoryview(path.read_bytes())
    if len(data) < HEAD.size or bytes(data[:4]) != MAGIC:
        if _next_whole(data, 0) is not None:
            raise ValueError("its head is damaged")
        return None, len(data)
    _, identity, opened_ns = HEAD.unpack_from(data)
    found = SegmentFile(path, identity, opened_ns)
    whole, at = [bytes(data[: HEAD.size])], HEAD.size
    while (start := _next_whole(data, at)) is not None:
        found.damaged += start > at
        entry = cast(Entry, decode(data, start))
        _note(found, entry)
        whole.append(bytes(data[start : entry.end]))
        at = entry.end
    torn = len(data) - at
    if found.damaged:
        _make_anew(found, b"".join(whole))
    elif torn:
        os.truncate(path, found.size)
    return found, torn


def _next_whole(data: memoryview, at: int) -> int | None:
    """Where the next whole entry begins, at ``at`` or behind it."""
    if decode(data, at, with_rows=False) is not None:
        return at
    everything = cast(bytes, data.obj)
    while (at := everything.find(ENTRY_MAGIC, at + 1)) >= 0:
        if decode(data, at, with_rows=False) is not None:
            return at
    return None


def _make_anew(segment: SegmentFile, data: bytes) -> None:
    made = segment.path.with_suffix(".partial")
    with made.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    shutil.copyfile(segment.path, f"{segment.path}.damaged")
    made.replace(segment.path)
    segment.size = len(data)


def _note(segment: SegmentFile, entry: Entry) -> None:
    segment.size = entry.end
    segment.newest_ns = entry.accepted_ns
    segment.rows += sum(batch.num_rows for _, batch in entry.rows)
    segment.request_ids += entry.request_ids
