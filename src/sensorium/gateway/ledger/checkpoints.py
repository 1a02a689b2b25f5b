"""Moving what SQLite's write-ahead log holds into the database, away from the event loop.

A checkpoint flushes files to the disk and takes milliseconds. SQLite makes one in the commit that
reaches a size of the log, which here would be a commit that a call waits for. So a thread makes
them, often and each with little to do; the writer's own remains for a log that has grown long all
the same, as under load without a pause it cannot be begun anew by anybody else.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sensorium.store.records.connections import Connections

PAGES: Final = 32_768
"""Pages of the log (64 MiB) from which a commit makes the checkpoint itself."""

_EVERY_S: Final = 0.25


async def checkpoint_forever(connections: Connections) -> None:
    """Checkpoint again and again, until cancelled; returns at once where there is no log."""
    path = connections.engine.url.database
    if not connections.is_sqlite or not path:
        return
    while True:
        await asyncio.sleep(_EVERY_S)
        await asyncio.to_thread(checkpoint, path)


def checkpoint(path: str) -> None:
    """One checkpoint that waits for nobody and holds nobody up."""
    connection = sqlite3.connect(path, timeout=0)
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    except sqlite3.OperationalError:
        pass  # another process checkpoints at this moment, which is as good
    finally:
        connection.close()
