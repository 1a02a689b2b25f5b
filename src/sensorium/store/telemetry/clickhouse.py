"""The telemetry store on ClickHouse; the embedded engine and a server run the same code."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sensorium.component import Health, HealthState
from sensorium.model.signals import SCHEMAS, Signal
from sensorium.observe import Observe
from sensorium.store.errors import (
    StoreClosedUnwrittenError,
    StoreError,
    StoreOpenError,
    StoreWriteError,
)
from sensorium.store.ownership import StoreLock
from sensorium.store.telemetry import migrations
from sensorium.store.telemetry.aside import Aside
from sensorium.store.telemetry.config import TelemetryConfig
from sensorium.store.telemetry.connection import (
    Target,
    connect,
    embedded_dsn,
    one_line,
    parse_dsn,
)
from sensorium.store.telemetry.reader import Reader
from sensorium.store.telemetry.tables import CABLES, CABLING, LOG_TEMPLATES, TABLE_OF, TEMPLATES
from sensorium.store.telemetry.writer import Writer

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
        self, target: Target, writer: Writer, reader: Reader, lock: StoreLock | None
    ) -> None:
        self.target = target
        self._writer = writer
        self._reader = reader
        self._lock = lock

    def insert(self, signal: Signal, batch: pa.RecordBatch) -> None:
        """Buffer rows of one signal's schema; ValueError if the columns are others."""
        if not batch.schema.equals(SCHEMAS[signal]):
            raise ValueError(f"batch does not have the columns of {signal.value}")
        self._writer.take(TABLE_OF[signal].name, batch)

    def insert_once(
        self,
        signal: Signal,
        batch: pa.RecordBatch,
        *,
        token: str,
        accepted_ns: int,
        stored: Callable[[], None],
    ) -> None:
        """Write rows that a journal holds; ValueError if the columns are others.

        However often they come under one ``token`` and ``accepted_ns`` (Unix ns), also from
        another process after a crash, the store has them once. ``stored`` is called when it has.
        """
        if not batch.schema.equals(SCHEMAS[signal]):
            raise ValueError(f"batch does not have the columns of {signal.value}")
        table = TABLE_OF[signal].name
        self._writer.take_once(table, batch, token=token, accepted_ns=accepted_ns, stored=stored)

    def insert_templates(self, batch: pa.RecordBatch) -> None:
        """Buffer rows of ``log_templates`` (see LOG_TEMPLATES); repeats of a template are fine."""
        if not batch.schema.equals(LOG_TEMPLATES):
            raise ValueError("batch does not have the columns of log_templates")
        self._writer.take(TEMPLATES.name, batch)

    def insert_cables(self, batch: pa.RecordBatch) -> None:
        """Buffer rows of ``cables`` (see CABLES); a snapshot that is told again is fine."""
        if not batch.schema.equals(CABLES):
            raise ValueError("batch does not have the columns of cables")
        self._writer.take(CABLING.name, batch)

    def flush(self) -> None:
        """Write everything buffered; StoreWriteError if some rows are still waiting after it."""
        self._stand_somewhere()
        self._writer.flush()

    @property
    def waiting_rows(self) -> int:
        """Rows buffered and not yet written."""
        return self._writer.waiting_rows

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Run one read-only statement with ``{name:Type}`` server-side parameters.

        Addresses come back as 16 bytes, times as ``timestamp[ns, UTC]``. Raises
        QueryRefusedError for anything but one SELECT, QueryFailedError with the engine's words.
        """
        self._stand_somewhere()
        return self._reader.query(sql, parameters)

    def health(self) -> Health:
        """Degraded while the latest write failed; what it kept is tried again."""
        # Neither is behind the lock that a write holds, perhaps for longer than who asks waits.
        problem, rows = self._writer.problem, self._writer.held_rows
        if not problem:
            return Health(HealthState.OK)
        return Health(HealthState.DEGRADED, f"{rows} rows wait: {problem}")

    @property
    def behind(self) -> bool:
        """Whether rows that no journal holds fill half of their buffer and cannot be written.

        Cheap, and never held up by a write. Who can wait should: what comes beyond the whole
        buffer costs the oldest rows.
        """
        return self._writer.behind

    def _stand_somewhere(self) -> None:
        """Leave a working folder that was removed: the embedded engine asks for it at each step."""
        if self.target.folder is None:
            return
        try:
            Path.cwd()
        except FileNotFoundError:
            os.chdir(self.target.folder)

    def set_service_url(self, url: str) -> None:
        """Write the service's URL to the lock file, for whoever finds the store taken."""
        if self._lock is not None:
            self._lock.set_url(url)

    def close(self) -> None:
        """Flush and release the engine and its lock.

        Closes all the same where rows could not be written: StoreClosedUnwrittenError.
        """
        try:
            self.flush()
        except StoreWriteError as error:
            lost = self._writer.volatile_rows
            raise StoreClosedUnwrittenError(error.reason, error.kept_rows, lost) from error
        finally:
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
        writing = _prepare(target, config)
        asking = partial(connect, target, config, database=target.database, read_only=True)
        aside = Aside(data_dir / "refused" if data_dir is not None else None)
        writer, reader = Writer(writing, config, observe, aside=aside), Reader(asking, observe)
        return ClickHouseTelemetry(target, writer, reader, lock)
    except BaseException:
        if lock is not None:
            lock.release()
        raise


def _prepare(target: Target, config: TelemetryConfig) -> Client:
    """Make database and tables, and return the client that writes to them."""
    from clickhouse_connect.driver.exceptions import ClickHouseError

    first = connect(target, config, database="")
    opened = [first]
    try:
        first.command(f"CREATE DATABASE IF NOT EXISTS `{target.database}`")
        writing = connect(target, config, database=target.database)
        opened.append(writing)
        days = {
            "flows": config.flows_ttl_days,
            "logs": config.logs_ttl_days,
            "metrics": config.metrics_ttl_days,
            "changes": config.changes_ttl_days,
        }
        embedded = target.folder is not None
        agreed = migrations.terms(
            writing, days, sync_to_disk=config.sync_to_disk, embedded=embedded
        )
        migrations.migrate(writing, target.database, agreed)
        migrations.apply(writing, agreed)
    except (ClickHouseError, StoreError) as error:
        for client in opened:
            client.close()
        if isinstance(error, StoreError):
            raise
        raise StoreOpenError(
            f"cannot prepare {target.described}: {one_line(error)}",
            unaffected="what is stored there was left as it is",
            next_step="check that the user may create databases and tables",
        ) from error
    first.close()
    return writing
