"""Read a recording back, sure that its bytes are those that were written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.ingest.recording.manifest import (
    CALENDAR,
    CRONTABS,
    DATAGRAMS,
    DEPLOYMENTS,
    MANIFEST,
    SCRAPES,
    Manifest,
    RecordingError,
)

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Recording:
    """An opened recording. Each method reads its file, checks its digest and parses it.

    A recording holds nothing open and caches nothing: keep what a method returns.
    """

    folder: Path
    manifest: Manifest

    @staticmethod
    def open(path: Path | str) -> Recording:
        """Read the manifest; RecordingError if the folder is no whole recording."""
        folder = Path(path)
        if not folder.is_dir():
            raise RecordingError(f"{folder} is no folder; give the folder that holds {MANIFEST}")
        try:
            text = (folder / MANIFEST).read_bytes()
        except FileNotFoundError as error:
            raise RecordingError(
                f"{folder} has no {MANIFEST}: it is no recording, or one that was cut short "
                "before it closed; record again"
            ) from error
        return Recording(folder, Manifest.from_json(text))

    def datagrams(self) -> pa.Table:
        """All datagrams in order of arrival, with ``schema.DATAGRAM_TABLE``'s columns."""
        from sensorium.ingest.recording.schema import DATAGRAM_TABLE

        return self._table(DATAGRAMS, DATAGRAM_TABLE, self.manifest.datagrams)

    def scrapes(self) -> pa.Table:
        """All scrapes in order of time, with ``schema.SCRAPE_TABLE``'s columns."""
        from sensorium.ingest.recording.schema import SCRAPE_TABLE

        return self._table(SCRAPES, SCRAPE_TABLE, self.manifest.scrapes)

    def calendar(self) -> bytes | None:
        """The change calendar (RFC 5545); None if the recording has none."""
        return self._bytes(CALENDAR) if CALENDAR in self.manifest.files else None

    def deployments(self) -> bytes:
        """The deployment events, one JSON object a line; empty if there were none."""
        return self._bytes(DEPLOYMENTS) if DEPLOYMENTS in self.manifest.files else b""

    def crontabs(self) -> dict[str, bytes]:
        """Each host's cron table, in the format of /etc/crontab, by host name."""
        prefix = f"{CRONTABS}/"
        names = sorted(n for n in self.manifest.files if n.startswith(prefix))
        return {name.removeprefix(prefix): self._bytes(name) for name in names}

    def verify(self) -> None:
        """Check every file the manifest names; RecordingError on the first that is wrong."""
        for name in sorted(self.manifest.files):
            self._bytes(name)

    def _bytes(self, name: str) -> bytes:
        expected = self.manifest.files.get(name)
        if expected is None:
            raise RecordingError(f"{MANIFEST} names no {name}; the recording lacks it")
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise RecordingError(f"{MANIFEST} names {name!r}, which is outside the recording")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RecordingError(
                f"{path} cannot be read ({error.strerror}); copy the recording again"
            ) from error
        if hashlib.sha256(content).hexdigest() != expected:
            raise RecordingError(
                f"{path} is not the file that was recorded (its SHA-256 differs from "
                f"{MANIFEST}'s); copy the recording again"
            )
        return content

    def _table(self, name: str, schema: pa.Schema, rows: int) -> pa.Table:
        import pyarrow as pa
        import pyarrow.parquet as pq

        content = self._bytes(name)
        try:
            table = pq.read_table(pa.BufferReader(content))
        except pa.ArrowException as error:
            raise RecordingError(f"{name} is no Parquet file ({error}); record again") from error
        if not table.schema.equals(schema):
            raise RecordingError(
                f"{name} has columns {table.schema.names}, not {schema.names} of format version "
                f"{self.manifest.format_version}; record again"
            )
        if table.num_rows != rows:
            raise RecordingError(
                f"{name} has {table.num_rows} rows and {MANIFEST} says {rows}; record again"
            )
        return table
