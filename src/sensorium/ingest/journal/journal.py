"""The journal: rows are written and synced before their sender is told that they are safe."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sensorium.component import Health, HealthState
from sensorium.errors import SensoriumError
from sensorium.ingest.acceptance import NoRoomError
from sensorium.ingest.journal.config import JournalConfig
from sensorium.ingest.journal.entry import ID_BYTES, Rows, encode
from sensorium.ingest.journal.recovery import read_back
from sensorium.ingest.journal.requests import SeenRequests
from sensorium.ingest.journal.segment import Segment, SegmentFile, create, set_aside
from sensorium.observe import Observe
from sensorium.state.sync import sync_folder

_MS: Final = 1_000_000
_SECOND: Final = 1_000_000_000
_SEGMENT_BYTES: Final = 32 << 20
_FULL_RETRY_S: Final = 5.0
_BEHIND_RETRY_S: Final = 1.0
_SAY_EVERY_S: Final = 10.0
_DEGRADED_NS: Final = 60 * _SECOND


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    rows: Sequence[Rows]
    size: int
    request_id: bytes
    done: Future[None] = field(default_factory=Future)


class Journal:
    """Takes rows from receivers (:class:`~sensorium.ingest.acceptance.Accept`), gives segments.

    Requests that wait at the same time are written and synced together. The pipeline's thread
    calls :meth:`take`; a segment is deleted when the store has it. What is taken and not yet
    stored is bounded, and so is the disk: beyond that :class:`NoRoomError`. Thread-safe.
    """

    def __init__(
        self,
        config: JournalConfig,
        folder: Path,
        observe: Observe,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._config = config
        self._folder = folder
        self._clock_ns = clock_ns
        self._entropy = entropy
        self._lock = threading.Condition()
        self._file_lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._in_flight: dict[bytes, _Waiting] = {}
        self._closed: deque[SegmentFile] = deque()
        self._handed_over: set[SegmentFile] = set()
        self._seen = SeenRequests(folder, round(config.remember_s * _SECOND), clock_ns)
        self._open: SegmentFile | None = None
        self._descriptor = self._lock_descriptor = -1
        self._bytes = self._unwritten = self._unstored = self._kept = 0
        self._number = 0
        self._say_at_s = 0.0
        self._problem, self._failed_ns = "", 0
        self._running = False
        self._thread: threading.Thread | None = None
        self._log = observe.logger("journal")
        self._requests = observe.counter(
            "sensorium_journal_requests",
            "Requests brought to the journal, by outcome",
            ("outcome",),
        )
        self._seconds = observe.histogram(
            "sensorium_journal_commit_seconds", "Seconds to write and sync requests together"
        )
        self._disk = observe.gauge(
            "sensorium_journal_bytes", "Bytes of acknowledged rows that wait for the store"
        )
        self._behind = observe.gauge(
            "sensorium_journal_unstored_rows", "Rows handed over that the store has not yet taken"
        )
        self._dropped = observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )

    def open(self) -> int:
        """Take the folder, and bring back what an earlier process left; returns its rows.

        SensoriumError where another process has the folder or it cannot be read.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._seen.load()
            rows = self._recover()
        except OSError as error:
            raise SensoriumError(
                f"the journal {self._folder} cannot be opened: {error}",
                unaffected="what is in it was left as it is",
                next_step="stop the other process that uses it, or check the disk",
            ) from error
        self._running = True
        self._thread = threading.Thread(target=self._write_on, name="journal", daemon=True)
        self._thread.start()
        return rows

    async def __call__(self, batches: Sequence[Rows], request_id: bytes = b"") -> None:
        """Return when the rows are synced to disk, or were before: see ``request_id``.

        ``request_id`` (16 bytes) stands for the request's content: one that is sent again after
        its answer was lost is then taken once. :class:`NoRoomError` if nothing was taken.
        """
        rows = [(signal, batch) for signal, batch in batches if batch.num_rows]
        if not rows:
            return
        if request_id and len(request_id) != ID_BYTES:
            raise ValueError(f"a request id is {ID_BYTES} bytes")
        if (done := self._submit(rows, request_id)) is not None:
            await asyncio.wrap_future(done)

    def take(self) -> list[Segment]:
        """Segments that are due to be stored, oldest first; fewer while the store is behind."""
        self._close_segment(after_ns=round(self._config.segment_ms * _MS))
        found: list[Segment] = []
        while True:
            with self._lock:
                if not self._closed or self._unstored >= self._config.max_unstored_rows:
                    break
                file = self._closed.popleft()
                self._handed_over.add(file)
                self._unstored += file.rows
                self._behind.set(self._unstored)
            if (segment := self._read(file)) is not None:
                found.append(segment)
        return found

    def health(self) -> Health:
        """Degraded while senders are told to come again: full, or unwritable a minute ago."""
        waits = f"{self._bytes:,} bytes wait for the store"
        if self._bytes + self._unwritten > self._config.max_bytes:
            return Health(HealthState.DEGRADED, f"full: {waits}; senders are told to come again")
        problem = self._problem
        # Senders may have gone elsewhere meanwhile, and nothing else would show that it is over.
        if problem and abs(self._clock_ns() - self._failed_ns) < _DEGRADED_NS:
            return Health(
                HealthState.DEGRADED,
                f"cannot be written, senders are told to come again: {problem}",
            )
        return Health(HealthState.OK, waits if self._bytes else "")

    def finish(self) -> None:
        """Make everything accepted so far due, for the last :meth:`take` before a stop."""
        self._close_segment(after_ns=0)

    def close(self) -> None:
        """Write what waits and stop; segments that are not stored stay for the next start."""
        with self._lock:
            if not self._running:
                return
            self._running = False
            self._lock.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._close_segment(after_ns=0)
        os.close(self._lock_descriptor)

    def _submit(self, rows: Sequence[Rows], request_id: bytes) -> Future[None] | None:
        """Queue rows for the writing thread; None where the request was kept before."""
        size = sum(batch.nbytes for _, batch in rows)
        with self._lock:
            if request_id and (known := self._in_flight.get(request_id)) is not None:
                self._requests.labels("repeated").inc()
                return known.done
            if request_id and request_id in self._seen:
                self._requests.labels("repeated").inc()
                return None
            self._require_room(size)
            entry = _Waiting(rows, size, request_id)
            entry.done.set_running_or_notify_cancel()  # so that nobody can cancel what is written
            self._waiting.append(entry)
            self._unwritten += size
            if request_id:
                self._in_flight[request_id] = entry
            self._lock.notify()
        return entry.done

    def _require_room(self, size: int) -> None:
        config = self._config
        if not self._running:
            raise self._no_room("the journal is closed", _BEHIND_RETRY_S)
        if self._bytes + self._unwritten > config.max_bytes:
            raise self._no_room("the journal is full: the store is behind", _FULL_RETRY_S)
        if self._unwritten and self._unwritten + size > config.max_unwritten_bytes:
            raise self._no_room("too much waits to be written", _BEHIND_RETRY_S)

    def _no_room(self, message: str, retry_after_s: float) -> NoRoomError:
        self._requests.labels("no_room").inc()
        return NoRoomError(message, retry_after_s)

    def _write_on(self) -> None:
        while True:
            with self._lock:
                while self._running and not self._waiting:
                    self._lock.wait()
                if not self._waiting:
                    return
                group, self._waiting = self._waiting, []
            began = time.perf_counter()
            problem = self._commit(group)
            self._seconds.observe(time.perf_counter() - began)
            self._answer(group, problem)

    def _commit(self, group: list[_Waiting]) -> NoRoomError | None:
        """Write and sync a group as one entry; why not, if not."""
        ids = [entry.request_id for entry in group if entry.request_id]
        try:
            rows = [one for entry in group for one in entry.rows]
            data = encode(rows, ids, self._clock_ns())
            with self._file_lock:
                self._append(data, rows, ids)
        except Exception as error:  # noqa: BLE001  whatever it is, these senders must be told
            if (now_s := time.monotonic()) >= self._say_at_s:  # the same senders soon come again
                self._say_at_s = now_s + _SAY_EVERY_S
                self._log.error(
                    "the journal could not be written; its senders were told to send again",
                    requests=len(group),
                    error=str(error),
                )
            self._problem, self._failed_ns = str(error), self._clock_ns()
            return NoRoomError(f"the journal cannot be written: {error}", _FULL_RETRY_S)
        self._problem = ""
        return None

    def _answer(self, group: list[_Waiting], problem: NoRoomError | None) -> None:
        with self._lock:
            self._unwritten -= sum(entry.size for entry in group)
            for entry in group:
                self._in_flight.pop(entry.request_id, None)
            if problem is None:
                self._seen.note(entry.request_id for entry in group if entry.request_id)
        self._requests.labels("no_room" if problem else "accepted").inc(len(group))
        for entry in group:
            if problem is None:
                entry.done.set_result(None)
            else:
                entry.done.set_exception(problem)

    def _append(self, data: bytes, rows: list[Rows], request_ids: list[bytes]) -> None:
        """Add one entry to the open segment; the file lock is held."""
        if self._open is None:
            self._number = max(self._number + 1, self._clock_ns())
            identity = self._entropy(ID_BYTES)
            self._open, self._descriptor = create(
                self._folder, self._number, identity, self._clock_ns()
            )
            self._open.kept = []
            self._count_bytes(self._open.size)
            if self._config.sync:
                sync_folder(self._folder)
        segment = self._open
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._descriptor, view) :]
            if self._config.sync:
                os.fsync(self._descriptor)
        except OSError:
            # Behind a torn entry nothing would be found again, so nothing more goes there.
            self._seal(segment)
            os.truncate(segment.path, segment.size)
            raise
        segment.size += len(data)
        segment.rows += sum(batch.num_rows for _, batch in rows)
        segment.newest_ns = self._clock_ns()
        segment.request_ids += request_ids
        self._keep(segment, rows)
        self._count_bytes(len(data))
        if segment.rows >= self._config.segment_rows or segment.size >= _SEGMENT_BYTES:
            self._seal(segment)

    def _keep(self, segment: SegmentFile, rows: list[Rows]) -> None:
        """Keep synced rows in memory while there is room; then the whole segment is read again."""
        size = sum(batch.nbytes for _, batch in rows)
        with self._lock:
            if segment.kept is None:
                return
            if self._kept + size <= self._config.max_kept_bytes:
                segment.kept += rows
                segment.kept_bytes += size
                self._kept += size
            else:
                self._forget(segment)

    def _forget(self, segment: SegmentFile) -> None:
        """Keep its rows on disk alone; the lock is held."""
        self._kept -= segment.kept_bytes
        segment.kept, segment.kept_bytes = None, 0

    def _close_segment(self, after_ns: int) -> None:
        with self._file_lock:
            segment = self._open
            if segment is None:
                return
            age_ns = self._clock_ns() - segment.opened_ns
            if age_ns >= after_ns or age_ns < 0:  # a clock set back must not hold rows up
                self._seal(segment)

    def _seal(self, segment: SegmentFile) -> None:
        """End the open segment; the file lock is held."""
        os.close(self._descriptor)
        self._open, self._descriptor = None, -1
        with self._lock:
            self._closed.append(segment)

    def _read(self, file: SegmentFile) -> Segment | None:
        with self._lock:
            kept = file.kept
            self._forget(file)
        try:
            rows = file.read(kept)
        except (OSError, ValueError) as error:
            self._dropped.labels("journal", "damaged").inc(file.rows)
            self._log.error(
                "acknowledged rows cannot be read back from the journal; the file is kept",
                file=f"{file.path}.damaged",
                rows=file.rows,
                error=str(error),
            )
            self._release(file)
            if file.path.exists():
                set_aside(file.path)
            return None
        if not rows:
            self._stored(file)
            return None
        return Segment(
            token=file.token,
            opened_ns=file.opened_ns,
            accepted_ns=file.newest_ns,
            rows=rows,
            stored=lambda: self._stored(file),
            failed=lambda: self._release(file),
        )

    def _stored(self, file: SegmentFile) -> None:
        """The store has it: remember its requests, then delete it."""
        try:
            with self._lock:
                self._seen.write(file.request_ids)
            file.path.unlink(missing_ok=True)
            self._count_bytes(-file.size)
        except OSError as error:
            # The store will know the rows by their token when the next start brings them again.
            self._log.warning("a stored segment could not be deleted", error=str(error))
        self._release(file)

    def _release(self, file: SegmentFile) -> None:
        with self._lock:
            if file in self._handed_over:
                self._handed_over.remove(file)
                self._unstored -= file.rows
                self._behind.set(self._unstored)

    def _count_bytes(self, more: int) -> None:
        with self._lock:
            self._bytes += more
            self._disk.set(self._bytes)

    def _take_lock(self) -> None:
        self._lock_descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock_descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock_descriptor)
            raise

    def _recover(self) -> int:
        found, torn = read_back(self._folder, self._say_damaged)
        rows = 0
        for segment in found:
            self._number = max(self._number, int(segment.path.stem))
            self._seen.note(segment.request_ids)
            self._closed.append(segment)
            self._count_bytes(segment.size)
            rows += segment.rows
        if rows or torn:
            self._log.info(
                "rows that were acknowledged before the last stop are stored now",
                rows=rows,
                segments=len(self._closed),
                unacknowledged_bytes_cut=torn,
            )
        return rows

    def _say_damaged(self, kept: Path, places: int, reason: str) -> None:
        """How many rows were in a damaged place is not known; each counts as one."""
        self._dropped.labels("journal", "damaged").inc(places)
        message = "the disk has damaged acknowledged rows of the journal; the file is kept"
        self._log.error(message, file=str(kept), reason=reason)
