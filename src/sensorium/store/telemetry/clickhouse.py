"""The telemetry store on ClickHouse; the embedded engine and a server run the same code."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sensorium.model.signals import SCHEMAS, Signal
from sensorium.observe import Observe
from sensorium.store.errors import QueryFailedError, StoreError, StoreOpenError, StoreWriteError
from sensorium.store.ownership import StoreLock
from sensorium.store.telemetry import migrations
from sensorium.store.telemetry.buffer import Chunk, InsertBuffer
from sensorium.store.telemetry.columns import to_table
from sensorium.store.telemetry.config import TelemetryConfig
from sensorium.store.telemetry.connection import Target, connect, embedded_dsn, parse_dsn
from sensorium.store.telemetry.statement import require_read_only
from sensorium.store.telemetry.tables import LOG_TEMPLATES, TABLE_OF, TEMPLATES

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


class ClickHouseTelemetry:
    """A :class:`~sensorium.store.telemetry.protocol.TelemetryStore`; made by open_telemetry.

    Thread-safe: writes go through one client and queries through another, each behind a lock,
    so a long write does not hold up a question. :meth:`insert` never raises for the store's
    sake: what cannot be written is kept, counted and tried again; :meth:`flush` raises
    StoreWriteError if anything is still unwritten at its end.
    """

    def __init__(
        self,
        target: Target,
        config: TelemetryConfig,
        observe: Observe,
        lock: StoreLock | None,
    ) -> None:
        self.target = target
        self._lock = lock
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
        self._waiting = observe.gauge(
            "sensorium_store_rows_waiting", "Rows gathered but not yet written", ("signal",)
        )
        self._seconds = observe.histogram(
            "sensorium_store_write_seconds", "Seconds one write took", ("signal",)
        )
        self._asked = observe.counter(
            "sensorium_store_queries", "Queries answered or not, by outcome", ("outcome",)
        )
        # Tokens must differ between runs, or a restart's first chunk would pass for a retry.
        run = f"{os.getpid()}-{time.time_ns()}"
        names = [*(table.name for table in TABLE_OF.values()), TEMPLATES.name]
        self._buffers = {
            name: InsertBuffer(
                name, chunk_rows=config.batch_rows, limit_rows=config.buffer_rows, run=run
            )
            for name in names
        }
        self._config = config
        self._writing = threading.RLock()
        self._reading = threading.Lock()
        self._writer, self._reader = _prepare(target, config)

    def insert(self, signal: Signal, batch: pa.RecordBatch) -> None:
        """Buffer rows of one signal's schema; ValueError if the columns are others."""
        if not batch.schema.equals(SCHEMAS[signal]):
            raise ValueError(f"batch does not have the columns of {signal.value}")
        self._take(TABLE_OF[signal].name, batch)

    def insert_templates(self, batch: pa.RecordBatch) -> None:
        """Buffer rows of ``log_templates`` (see LOG_TEMPLATES); repeats of a template are fine."""
        if not batch.schema.equals(LOG_TEMPLATES):
            raise ValueError("batch does not have the columns of log_templates")
        self._take(TEMPLATES.name, batch)

    def _take(self, name: str, batch: pa.RecordBatch) -> None:
        with self._writing:
            buffer = self._buffers[name]
            given_up = buffer.add(batch)
            if given_up:
                self._dropped.labels(name, "buffer_full").inc(given_up)
                self._log.error(
                    "telemetry given up: the store cannot be written and the buffer is full",
                    signal=name,
                    rows=given_up,
                )
            if buffer.full:
                self._write_sealed(name)
            self._waiting.labels(name).set(buffer.rows)

    def flush(self) -> None:
        """Write everything buffered; StoreWriteError if some rows are still waiting after it."""
        with self._writing:
            reasons = []
            for name, buffer in self._buffers.items():
                buffer.seal()
                reason = self._write_sealed(name)
                self._waiting.labels(name).set(buffer.rows)
                if reason:
                    reasons.append(reason)
            if reasons:
                raise StoreWriteError(reasons[0], self.waiting_rows)

    @property
    def waiting_rows(self) -> int:
        """Rows buffered and not yet written, of all tables."""
        return sum(buffer.rows for buffer in self._buffers.values())

    def _write_sealed(self, name: str) -> str:
        """Write sealed chunks, oldest first, until one fails; returns why, empty if none did."""
        buffer = self._buffers[name]
        while (chunk := buffer.first()) is not None:
            reason = self._write(name, chunk)
            if reason:
                self._failed.labels(name).inc()
                self._log.warning(
                    "telemetry not written, kept and tried again at the next write",
                    signal=name,
                    rows=buffer.rows,
                    reason=reason,
                )
                return reason
            self._stored.labels(name).inc(buffer.written())
        return ""

    def _write(self, name: str, chunk: Chunk) -> str:
        from clickhouse_connect.driver.exceptions import ClickHouseError

        began = time.perf_counter()
        try:
            self._writer.insert_arrow(
                name,
                to_table(list(chunk.batches)),
                settings={"insert_deduplication_token": chunk.token},
            )
        # A full disk comes as OSError from the driver's spool file, a lost server as either.
        except (ClickHouseError, OSError) as error:
            return _one_line(error)
        self._seconds.labels(name).observe(time.perf_counter() - began)
        return ""

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Run one read-only statement with ``{name:Type}`` server-side parameters.

        Addresses come back as 16 bytes, times as ``timestamp[ns, UTC]``. Raises
        QueryRefusedError for anything but one SELECT, QueryFailedError with the engine's words.
        """
        from clickhouse_connect.driver.exceptions import ClickHouseError

        require_read_only(sql)
        try:
            with self._reading:
                answer = self._ask(sql, dict(parameters or {}))
        except (ClickHouseError, OSError) as error:
            self._asked.labels("failed").inc()
            raise QueryFailedError(f"the query failed: {_one_line(error)}") from error
        self._asked.labels("answered").inc()
        return pa.ipc.open_file(answer).read_all()

    def _ask(self, sql: str, parameters: dict[str, Any]) -> bytes:
        try:
            return self._reader.raw_query(sql, parameters, fmt="Arrow")
        except BaseException:
            # An embedded session hands out what a broken-off query had written so far at the
            # head of its next answer (chDB 26.9): such a session is never asked again.
            if self.target.folder is not None:
                self._reader.close()
                self._reader = _reading_client(self.target, self._config)
            raise

    def set_service_url(self, url: str) -> None:
        """Write the service's URL to the lock file, for whoever finds the store taken."""
        if self._lock is not None:
            self._lock.set_url(url)

    def close(self) -> None:
        """Flush and release the engine and its lock; raises what flush raises, but closes."""
        try:
            self.flush()
        finally:
            with self._reading:
                self._reader.close()
            self._writer.close()
            if self._lock is not None:
                self._lock.release()
                self._lock = None


def open_telemetry(
    config: TelemetryConfig,
    observe: Observe,
    *,
    data_dir: Path | None = None,
    service_url: str = "",
) -> ClickHouseTelemetry:
    """Open the telemetry store that ``config.dsn`` names, its tables made or brought up to date.

    Without a DSN it is embedded in ``data_dir/telemetry``. Raises StoreInUseError while another
    process has the embedded store open, StoreOpenError for everything else that stops it.
    """
    dsn = config.dsn
    if not dsn:
        if data_dir is None:
            raise StoreOpenError(
                "there is neither a telemetry DSN nor a data folder",
                next_step="set store.telemetry.dsn or data_dir",
            )
        dsn = embedded_dsn(data_dir)
    target = parse_dsn(dsn, config.database)
    lock = StoreLock(target.folder, service_url) if target.folder is not None else None
    try:
        return ClickHouseTelemetry(target, config, observe, lock)
    except BaseException:
        if lock is not None:
            lock.release()
        raise


def _prepare(target: Target, config: TelemetryConfig) -> tuple[Client, Client]:
    """Make database and tables; returns the writing and the reading client."""
    from clickhouse_connect.driver.exceptions import ClickHouseError

    first = connect(target, config, database="")
    opened = [first]
    try:
        first.command(f"CREATE DATABASE IF NOT EXISTS `{target.database}`")
        writer = connect(target, config, database=target.database)
        opened.append(writer)
        migrations.migrate(writer, target.database)
        migrations.apply_table_settings(writer, sync_to_disk=config.sync_to_disk)
        days = {
            "flows": config.flows_ttl_days,
            "logs": config.logs_ttl_days,
            "metrics": config.metrics_ttl_days,
            "changes": config.changes_ttl_days,
        }
        migrations.apply_retention(writer, days)
        reader = _reading_client(target, config)
    except (ClickHouseError, StoreError) as error:
        for client in opened:
            client.close()
        if isinstance(error, StoreError):
            raise
        raise StoreOpenError(
            f"cannot prepare {target.described}: {_one_line(error)}",
            unaffected="what is stored there was left as it is",
            next_step="check that the user may create databases and tables",
        ) from error
    first.close()
    return writer, reader


def _reading_client(target: Target, config: TelemetryConfig) -> Client:
    return connect(target, config, database=target.database, read_only=True)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:297] + "..."
