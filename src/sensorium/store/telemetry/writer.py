"""The writing half of the store: buffers, inserts, retries, and what they count."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import pyarrow as pa

from sensorium.observe import Observe
from sensorium.store.errors import StoreWriteError
from sensorium.store.telemetry.aside import Aside
from sensorium.store.telemetry.buffer import Chunk, Countdown, InsertBuffer
from sensorium.store.telemetry.columns import to_table
from sensorium.store.telemetry.now_and_then import NowAndThen
from sensorium.store.telemetry.refusal import Cause, Failure, failure_of
from sensorium.store.telemetry.series_labels import with_labels_as_text
from sensorium.store.telemetry.tables import CABLING, METRICS, TABLE_OF, TEMPLATES

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from sensorium.store.telemetry.config import TelemetryConfig

SLICE_ROWS = 250_000
"""Rows of one insert at most: ClickHouse then keeps or rejects them as one block."""

RETRY_S = 5.0
"""Seconds after a failed write before rows that come in make the next attempt."""

_IN_VAIN = 3
"""Chunks of a table that fail before an attempt ends: on a full disk thousands may wait."""

_REFUSALS = 64
"""Parts of chunks that are refused before an attempt ends; the next goes on dividing."""


class Writer:
    """Writes through one client, one thread at a time.

    A failed chunk is kept and tried again, at the next flush or :data:`RETRY_S` later; the
    chunks behind it are tried all the same. An attempt ends after a few that fail, and the next
    goes on behind them. While the server cannot be reached at all, each attempt ends at the first.

    A chunk that is refused for what is in it, or because it is too much at once, is divided, until
    the rows that the engine will never take are found. They are set aside, counted and said, once
    it is sure that the table takes others: rows before a table that takes none wait.

    ``problem`` is why the latest attempt failed, empty where it did not; ``held_rows`` are not yet
    written; ``behind`` says that they fill half of a buffer that cannot be emptied. They can be
    read while a write is under way.
    """

    def __init__(
        self,
        client: Client,
        config: TelemetryConfig,
        observe: Observe,
        clock_s: Callable[[], float] = time.monotonic,
        aside: Aside | None = None,
    ) -> None:
        self._client = client
        self._aside = aside or Aside(None)
        self._clock_s = clock_s
        self._lock = threading.RLock()
        self._retry_at_s = 0.0
        self._say_failed, self._say_given_up = NowAndThen(clock_s), NowAndThen(clock_s)
        self._say_refused, self._say_view = NowAndThen(clock_s), NowAndThen(clock_s)
        self.problem = ""
        self.behind = False
        self.held_rows = 0
        self._log = observe.logger("store")
        self._stored = observe.counter(
            "sensorium_store_rows", "Rows written to the telemetry store", ("signal",)
        )
        self._dropped = observe.counter(
            "sensorium_store_rows_dropped",
            "Rows given up before they were stored",
            ("signal", "reason"),
        )
        self._failed = observe.counter(
            "sensorium_store_write_failures", "Writes that failed and are retried", ("signal",)
        )
        self._views = observe.counter(
            "sensorium_store_view_failures",
            "Writes that a materialized view on the table lacks, as it failed",
            ("signal",),
        )
        self._waiting = observe.gauge(
            "sensorium_store_rows_waiting", "Rows gathered but not yet written", ("signal",)
        )
        self._seconds = observe.histogram(
            "sensorium_store_write_seconds", "Seconds one write took", ("signal",)
        )
        # Tokens must differ between runs, or a restart's first chunk would pass for a retry.
        run = f"{os.getpid()}-{time.time_ns()}"
        names = [*(table.name for table in TABLE_OF.values()), TEMPLATES.name, CABLING.name]
        self._buffers = {
            name: InsertBuffer(
                name, chunk_rows=config.batch_rows, limit_rows=config.buffer_rows, run=run
            )
            for name in names
        }

    @property
    def waiting_rows(self) -> int:
        """Rows buffered and not yet written, of all tables."""
        with self._lock:
            return sum(buffer.rows for buffer in self._buffers.values())

    @property
    def volatile_rows(self) -> int:
        """Rows that are not written, of all tables, and that no journal holds."""
        with self._lock:
            return sum(buffer.volatile_rows for buffer in self._buffers.values())

    def take(self, table: str, batch: pa.RecordBatch) -> None:
        """Buffer rows, and write them if there are enough; never raises for the store's sake."""
        with self._lock:
            buffer = self._buffers[table]
            given_up = buffer.add(batch)
            if given_up:
                self._note_given_up(table, given_up)
            if buffer.sealed and self._clock_s() >= self._retry_at_s:
                self._write_all([table])
            self._tell()

    def take_once(
        self,
        table: str,
        batch: pa.RecordBatch,
        *,
        token: str,
        accepted_ns: int,
        stored: Callable[[], None],
    ) -> None:
        """Write rows that a journal holds, at once if the store takes them.

        The store keeps them once however often they come under the same ``token`` with the same
        ``accepted_ns``. ``stored`` is called when all of them are written, in whatever thread
        wrote the last; until then they are neither given up nor forgotten.
        """
        slices = range(0, batch.num_rows, SLICE_ROWS)
        counted = Countdown(len(slices), stored)
        with self._lock:
            buffer = self._buffers[table]
            for start in slices:
                rows = batch.slice(start, SLICE_ROWS)
                name = f"{token}/{table}/{start}"
                chunk = Chunk(name, (rows,), rows.num_rows, accepted_ns, counted.one_less)
                buffer.add_journalled(chunk)
            if self._clock_s() >= self._retry_at_s:
                self._write_all([table])
            self._tell()

    def flush(self) -> None:
        """Write everything buffered; StoreWriteError if some rows are still waiting after it."""
        with self._lock:
            for buffer in self._buffers.values():
                buffer.seal()
            self._write_all(list(self._buffers))
            self._tell()
            if self.held_rows:
                raise StoreWriteError(self.problem, self.held_rows)

    def close(self) -> None:
        """Release the client; what is still buffered is lost, unless a journal holds it."""
        with self._lock:
            for name, buffer in self._buffers.items():
                if lost := buffer.volatile_rows:
                    self._dropped.labels(name, "closed").inc(lost)
                    self._log.error(
                        "telemetry given up: it could not be written before the stop",
                        signal=name,
                        rows=lost,
                        reason=self.problem,
                    )
            self._client.close()

    def _tell(self) -> None:
        """Say what is held now; the lock is held."""
        for name, buffer in self._buffers.items():
            self._waiting.labels(name).set(buffer.rows)
        self.held_rows = sum(buffer.rows for buffer in self._buffers.values())
        half_full = any(buffer.is_half_full for buffer in self._buffers.values())
        self.behind = bool(self.problem) and half_full

    def _write_all(self, names: list[str]) -> None:
        """Try every sealed chunk of these tables once, but none after a lost connection."""
        problem = ""
        for name in names:
            failure = self._write_table(name)
            problem = problem or (failure.reason if failure else "")
            if failure and failure.cause is Cause.LOST:
                break
            if not failure and self._say_failed.over(name):
                given_up = self._say_given_up.unsaid(name)
                self._log.info("telemetry is written again", signal=name, rows_given_up=given_up)
        self.problem = problem

    def _write_table(self, name: str) -> Failure | None:
        """Try a table's chunks; the failure that matters most of those that leave rows waiting."""
        buffer = self._buffers[name]
        due, refusals = deque(buffer.due), 0
        in_vain = list[Failure]()
        doubtful = list[tuple[Chunk, Failure]]()
        while due and len(in_vain) + len(doubtful) < _IN_VAIN:
            chunk = due.popleft()
            if (failure := self._write(name, chunk)) is None:
                buffer.written(chunk)
                self._stored.labels(name).inc(chunk.rows)
                continue
            self._failed.labels(name).inc()
            if failure.is_about_rows and refusals < _REFUSALS:
                refusals += 1
                for_content = failure.cause is Cause.CONTENT
                parts = buffer.refused(chunk, for_content=for_content)
                if len(parts) > 1:
                    due.extendleft(reversed(parts))
                    continue
                (chunk,) = parts
                if for_content:
                    if not self._set_aside(name, chunk, failure):
                        doubtful.append((chunk, failure))
                    continue
            in_vain.append(failure)
            buffer.failed(chunk)
            if failure.cause is Cause.LOST:
                break
        # What was written after them may have settled it.
        for chunk, failure in doubtful:
            if not self._set_aside(name, chunk, failure):
                in_vain.append(failure)
                buffer.failed(chunk)
        if not in_vain:
            return None
        found = next((one for one in in_vain if one.cause is Cause.LOST), in_vain[0])
        self._note_failure(name, buffer.rows, found.reason)
        return found

    def _set_aside(self, name: str, chunk: Chunk, failure: Failure) -> bool:
        """Give up rows that the store will never take, and keep them elsewhere; whether it is sure
        that it will not, and they could be kept."""
        buffer = self._buffers[name]
        if not buffer.is_settled(chunk):
            return False
        try:
            kept = self._aside.keep(name, chunk.batches)
        except OSError:
            return False
        buffer.forget(chunk)
        self._dropped.labels(name, "refused").inc(chunk.rows)
        if (rows := self._say_refused.due(name, chunk.rows)) is not None:
            self._log.error(
                "telemetry set aside since the last such line: the store takes other rows and "
                "refuses these for what is in them",
                signal=name,
                rows=rows,
                kept_in=str(kept or "no file"),
                reason=failure.reason,
            )
        return True

    def _note_given_up(self, name: str, rows: int) -> None:
        """Count, and say now and then: while the store is away every turn gives up some."""
        self._dropped.labels(name, "buffer_full").inc(rows)
        if (since := self._say_given_up.due(name, rows)) is not None:
            self._log.error(
                "telemetry given up since the last such line: the store cannot be written and the "
                "buffer is full",
                signal=name,
                rows=since,
            )

    def _note_failure(self, name: str, rows: int, reason: str) -> None:
        self._retry_at_s = self._clock_s() + RETRY_S
        if self._say_failed.due(name) is not None:
            self._log.warning(
                "telemetry not written, kept and tried again", signal=name, rows=rows, reason=reason
            )

    def _write(self, name: str, chunk: Chunk) -> Failure | None:
        """Insert one chunk; why it failed, None where it did not.

        The table's own rows do not depend on what an operator's view makes of them. The table may
        have taken them already when the view failed; its token keeps them from coming twice.
        """
        began = time.perf_counter()
        failure = self._insert(name, chunk)
        if failure is not None and failure.cause is Cause.VIEW:
            self._note_view(name, failure)
            failure = self._insert(name, chunk, materialized_views_ignore_errors=1)
        if failure is None:
            self._seconds.labels(name).observe(time.perf_counter() - began)
        return failure

    def _insert(self, name: str, chunk: Chunk, **settings: int) -> Failure | None:
        from clickhouse_connect.driver.exceptions import ClickHouseError

        try:
            rows = to_table(list(chunk.batches), accepted_ns=chunk.accepted_ns)
            if name == METRICS.name:
                rows = with_labels_as_text(rows)
            self._client.insert_arrow(
                name, rows, settings={"insert_deduplication_token": chunk.token, **settings}
            )
        except (ClickHouseError, OSError, UnicodeError, pa.ArrowInvalid) as error:
            return failure_of(error)
        return None

    def _note_view(self, name: str, failure: Failure) -> None:
        self._views.labels(name).inc()
        if self._say_view.due(name) is not None:
            self._log.error(
                "a materialized view on a table of the store fails; the table has the rows and the "
                "view lacks them: mend the view, or drop it",
                signal=name,
                view=failure.view,
                reason=failure.reason,
            )
