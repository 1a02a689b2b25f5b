"""Why an SQL database could not be opened, and what to do: in words for each kind of failure."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DatabaseError

from sensorium.store.errors import StoreOpenError

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine
    from sqlalchemy.exc import SQLAlchemyError

_PRIMARY: Final = 0xFF  # an extended result code holds its primary one in the low byte
_MOVE: Final = "move it away with its -wal and -shm files, and put back a copy; without a copy"
# SQLite's result codes (sqlite.org/rescode.html): what they mean for the file, and a way out.
_SQLITE: Final = {
    sqlite3.SQLITE_NOTADB: (
        "is not an SQLite database, or its beginning was overwritten",
        f"{_MOVE} a new one is made at the next start",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "is damaged",
        f"{_MOVE}, sqlite3's command .recover saves what can still be read",
    ),
    sqlite3.SQLITE_BUSY: (
        "is held by another process",
        "wait for it or end it; fuser names who has the file open",
    ),
    sqlite3.SQLITE_READONLY: (
        "cannot be written",
        "let this user write it and its folder",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "let this user read and write it and its folder",
    ),
    sqlite3.SQLITE_FULL: ("has no room left on its disk", "free some"),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written by the system",
        "look at the disk and the system's log",
    ),
}

_DAMAGE: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})


@contextmanager
def told(engine: Engine) -> Iterator[None]:
    """Raises StoreOpenError in place of SQLite's word that the file is damaged, met at any time."""
    try:
        yield
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & _PRIMARY not in _DAMAGE:
            raise
        raise unopened(error, engine, "database", "its DSN") from error


def unopened(error: SQLAlchemyError, engine: Engine, what: str, setting: str) -> StoreOpenError:
    """The error for people. ``what`` is the database's name, ``setting`` that of its DSN."""
    reason = getattr(error, "orig", None)
    code = getattr(reason, "sqlite_errorcode", None)
    found = None if code is None else _SQLITE.get(code & _PRIMARY)
    if found is None:
        where = engine.url.render_as_string(hide_password=True)
        return StoreOpenError(
            f"the {what} {where} could not be opened: {' '.join(str(error).split())}",
            next_step=f"check {setting}, and that its user may create tables",
        )
    state, step = found
    return StoreOpenError(
        f"the {what} {engine.url.database} {state} (SQLite: {reason})",
        unaffected="nothing was changed",
        next_step=step,
    )
