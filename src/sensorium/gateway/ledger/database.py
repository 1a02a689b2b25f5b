"""The gateway's own database, opened and brought to its newest schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from sensorium.gateway.ledger.checkpoints import PAGES
from sensorium.gateway.ledger.config import Durability
from sensorium.store.records.config import RecordsConfig
from sensorium.store.records.connections import Connections, connect
from sensorium.store.records.migrate import Schema, migrate

if TYPE_CHECKING:
    from sensorium.gateway.ledger.config import LedgerConfig

_PAGE_BYTES: Final = 2048
SCHEMA: Final = Schema(
    "sensorium.gateway.ledger:migrations", 0x5E45_0011, "gateway's database", "ledger.dsn"
)


def open_database(config: LedgerConfig, data_dir: Path) -> Connections:
    """Connections to it; StoreOpenError says what is wrong with the settings or the database."""
    dsn = config.dsn or f"sqlite:///{data_dir.resolve() / 'gateway.sqlite'}"
    connections = connect(RecordsConfig(dsn=dsn, busy_timeout_s=config.busy_timeout_s), None)
    if connections.is_sqlite and config.durability is Durability.PROCESS:
        # With a write-ahead log, what NORMAL gives up is the flush before a commit returns: a
        # killed process loses nothing, a machine without power the newest transactions.
        @event.listens_for(connections.engine, "connect")
        def _relax(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA synchronous=NORMAL").close()

    if connections.is_sqlite:
        # A commit writes each page that it touched, and here touches a handful by a few bytes. Says
        # something only to a database that does not exist yet, and before the log's mode does.
        @event.listens_for(connections.engine, "connect", insert=True)
        def _small_pages(connection: Any, _record: Any) -> None:
            connection.execute(f"PRAGMA page_size={_PAGE_BYTES}").close()

        @event.listens_for(connections.engine, "connect")
        def _leave_checkpoints(connection: Any, _record: Any) -> None:
            connection.execute(f"PRAGMA wal_autocheckpoint={PAGES}").close()

    migrate(connections, SCHEMA)
    return connections
