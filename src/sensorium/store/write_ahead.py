"""Giving an SQLite database its write-ahead log, where several processes may do so at once."""

from __future__ import annotations

import sqlite3
import time
from typing import Final

_PAUSE_S: Final = 0.005
_PRIMARY: Final = 0xFF  # an extended result code holds its primary one in the low byte


def use_write_ahead_log(connection: sqlite3.Connection, *, within_s: float) -> None:
    """Set ``journal_mode`` to WAL; does nothing where the database has one, or is in memory.

    SQLite waits for nobody here: of two connections that switch a new database at once, both
    would wait for the other to let go, so it refuses one of them and never asks its busy timeout.
    That one tries again, for as long as ``within_s`` seconds; then ``sqlite3.OperationalError``
    is raised as SQLite said it.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & _PRIMARY == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_S)
        else:
            return
