"""Write a recording: datagrams and scrapes as they come, Parquet files when it closes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

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
from sensorium.model.address import unpack_address

if TYPE_CHECKING:
    import pyarrow as pa

FLOW_PORTS = frozenset({2055, 4739, 9995, 9996, 6343})


class RecordingWriter:
    """Holds what arrives in memory and writes the folder's files on :meth:`close`.

    It suits a recording of minutes to hours on one host (tens of megabytes of payload). Use the
    telemetry store, not this, to keep days. Nothing is on disk before ``close``; call it in a
    ``finally``, or use the writer in a ``with`` statement, so that an interrupted recording is
    still a whole, shorter one. Not safe to call from several threads at once.
    """

    def __init__(
        self,
        path: Path | str,
        name: str,
        description: str = "",
        *,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._folder = Path(path)
        self._name = name
        self._description = description
        self._clock_ns = clock_ns
        self._started_ns = clock_ns()
        self._datagrams: list[tuple[int, bytes, int, int, bytes]] = []
        self._scrapes: list[tuple[int, str, str, int, int, bytes]] = []
        self._closed = False
        if (self._folder / MANIFEST).exists():
            raise RecordingError(f"{self._folder} already holds a recording; name another folder")
        self._folder.mkdir(parents=True, exist_ok=True)

    def datagram(
        self, arrival_ns: int, src_addr: bytes, src_port: int, dst_port: int, payload: bytes
    ) -> None:
        """Keep one datagram as it came; ``src_addr`` is 16 bytes, IPv4 mapped."""
        if len(src_addr) != 16:
            raise ValueError(f"src_addr is 16 bytes, got {len(src_addr)}")
        self._datagrams.append((arrival_ns, src_addr, src_port, dst_port, payload))

    def scrape(
        self,
        time_ns: int,
        job: str,
        instance: str,
        *,
        status: int,
        duration_ns: int,
        body: bytes,
    ) -> None:
        """Keep one scrape: the HTTP status (0: no answer) and the body as served."""
        self._scrapes.append((time_ns, job, instance, status, duration_ns, body))

    def calendar(self, ics: bytes) -> None:
        """Keep the change calendar (RFC 5545)."""
        self._put(CALENDAR, ics)

    def deployments(self, jsonl: bytes) -> None:
        """Keep the deployment events, one JSON object a line."""
        self._put(DEPLOYMENTS, jsonl)

    def crontab(self, host: str, table: bytes) -> None:
        """Keep one host's cron table, in the format of /etc/crontab."""
        if not host or "/" in host or host.startswith("."):
            raise ValueError(f"not a host name: {host!r}")
        self._put(f"{CRONTABS}/{host}", table)

    def close(self) -> Manifest:
        """Write the tables and then the manifest; the recording is whole once it returns."""
        if self._closed:
            raise RecordingError("the recording is closed already")
        self._closed = True
        from sensorium.ingest.recording.schema import DATAGRAM_TABLE, SCRAPE_TABLE

        # Both orders are stable, so two records of one instant keep their order of arrival.
        self._datagrams.sort(key=lambda row: row[0])
        self._scrapes.sort(key=lambda row: row[0])
        self._write_table(DATAGRAMS, self._datagrams, DATAGRAM_TABLE)
        self._write_table(SCRAPES, self._scrapes, SCRAPE_TABLE)
        manifest = Manifest(
            name=self._name,
            description=self._description,
            started_ns=self._started_ns,
            ended_ns=self._clock_ns(),
            datagrams=len(self._datagrams),
            scrapes=len(self._scrapes),
            exporters=tuple(
                unpack_address(a)
                for a in sorted({row[1] for row in self._datagrams if row[3] in FLOW_PORTS})
            ),
            targets=tuple(sorted({f"{row[1]} {row[2]}" for row in self._scrapes})),
            files=self._digests(),
        )
        # The manifest comes last and whole: a folder without one is an unfinished recording.
        unfinished = self._folder / f"{MANIFEST}.part"
        unfinished.write_text(manifest.to_json(), encoding="utf-8")
        unfinished.replace(self._folder / MANIFEST)
        return manifest

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._closed:
            self.close()

    def _put(self, name: str, content: bytes) -> None:
        if self._closed:
            raise RecordingError(f"the recording is closed; {name} was not written")
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def _write_table(self, name: str, rows: list[Any], schema: pa.Schema) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        from sensorium.ingest.recording.schema import PARQUET_OPTIONS

        arrays = [pa.array([row[i] for row in rows], f.type) for i, f in enumerate(schema)]
        # A dictionary pays for names and addresses; on bodies it would only get in ZSTD's way.
        named = [f.name for f in schema if f.name not in ("payload", "body", "arrival_ns")]
        pq.write_table(
            pa.Table.from_arrays(arrays, schema=schema),
            self._folder / name,
            use_dictionary=named,
            **PARQUET_OPTIONS,
        )

    def _digests(self) -> dict[str, str]:
        changes = (p for p in (self._folder / "changes").rglob("*") if p.is_file())
        paths = [self._folder / DATAGRAMS, self._folder / SCRAPES, *changes]
        return {
            path.relative_to(self._folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(paths)
        }
