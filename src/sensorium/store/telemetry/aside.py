"""Rows that the store will never take, kept for people to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sensorium.state.appending import append

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

MOST_BYTES: Final = 64 << 20
"""Of one table's file; what comes beyond is counted and not kept."""


class Aside:
    """A folder with a file of JSON lines for each table; without a folder nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def keep(self, table: str, batches: Iterable[pa.RecordBatch]) -> Path | None:
        """Add rows to their table's file, synced; returns it, or None where they are not kept.

        OSError where it cannot be written; then nothing is added.
        """
        if self._folder is None or (text := _lines(batches)) is None:
            return None
        path = self._folder / f"{table}.jsonl"
        self._folder.mkdir(parents=True, exist_ok=True)
        size = path.stat().st_size if path.exists() else 0
        if size + len(text) > MOST_BYTES:
            return None
        append(path, text, sync=True)
        return path


def _lines(batches: Iterable[pa.RecordBatch]) -> bytes | None:
    """Rows as ``sensorium decode`` prints them; None where a text in them is none."""
    from sensorium.ingest.render import to_json_lines

    try:
        return "".join(f"{line}\n" for batch in batches for line in to_json_lines(batch)).encode()
    except UnicodeError:
        return None
