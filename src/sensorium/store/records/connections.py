"""Connections to the records database: how transactions begin, and what SQLite is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from sensorium.store.errors import StoreOpenError
from sensorium.store.records.unopened import told
from sensorium.store.write_ahead import use_write_ahead_log

if TYPE_CHECKING:
    from sensorium.store.records.config import RecordsConfig

_FILE = "records.sqlite"


class Connections:
    """Short transactions on one database.

    On SQLite a writing transaction begins IMMEDIATE: it waits its turn at the start instead of
    failing in the middle, when a reader's snapshot can no longer become a writer's.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self, within: Connection | None = None) -> Iterator[Connection]:
        """A consistent view; or the given transaction itself, to read inside it."""
        if within is not None:
            yield within
            return
        with told(self.engine), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, within: Connection | None = None) -> Iterator[Connection]:
        """A transaction that is committed at the end and undone by an exception.

        With ``within`` the work joins that transaction, which its own opener commits.
        """
        if within is not None:
            yield within
            return
        with (
            told(self.engine),
            self.engine.connect().execution_options(sensorium_begin="IMMEDIATE") as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def connect(config: RecordsConfig, data_dir: Path | None) -> Connections:
    """Make the engine that the settings name; StoreOpenError says what is wrong with them."""
    url = _url(config, data_dir)
    try:
        if url.get_backend_name() == "sqlite":
            return Connections(_sqlite(url, config))
        return Connections(create_engine(url, pool_size=config.pool_size, pool_pre_ping=True))
    except ModuleNotFoundError as error:
        raise StoreOpenError(
            f"PostgreSQL needs the driver {error.name}, which is not installed",
            next_step="pip install 'sensorium[postgresql]'",
        ) from error
    except OSError as error:
        raise StoreOpenError(
            f"the records database {url.database} could not be opened: {error}",
            next_step="set data_dir or store.records.dsn to a place that can be written",
        ) from error
    except NoSuchModuleError as error:
        raise StoreOpenError(f"the records DSN names an unknown database: {error}") from error


def _url(config: RecordsConfig, data_dir: Path | None) -> URL:
    if not config.dsn:
        if data_dir is None:
            raise StoreOpenError(
                "there is neither a records DSN nor a data folder",
                next_step="set store.records.dsn or data_dir",
            )
        return URL.create("sqlite", database=str(data_dir.resolve() / _FILE))
    try:
        url = make_url(config.dsn)
    except ArgumentError as error:
        raise StoreOpenError(
            "the records DSN is not a URL",
            next_step="write sqlite:////folder/file or "
            "postgresql://user:password@host:5432/database",
        ) from error
    if url.drivername in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    return url


def _sqlite(url: URL, config: RecordsConfig) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": config.busy_timeout_s})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: "begin" below decides which kind.
        connection.isolation_level = None
        # WAL lets the CLI read while the service writes. FULL: an acknowledged decision
        # survives a power cut, at the price of one fsync per commit.
        use_write_ahead_log(connection, within_s=config.busy_timeout_s)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get("sensorium_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")

    return engine
