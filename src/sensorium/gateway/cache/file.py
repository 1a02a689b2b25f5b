"""Answers in an SQLite file, so that a restart does not lose them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS answers (
    key BLOB PRIMARY KEY, until REAL NOT NULL, kept REAL NOT NULL, answer BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (kept);
"""


class FileStore:
    """Bounded by bytes of answers; may be used from any thread. Readable by its owner only."""

    def __init__(self, path: Path, max_bytes: int, clock: Callable[[], float]) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")  # what is lost is asked for again
        self._connection.executescript(_TABLES)
        (self._size,) = self._connection.execute(
            "SELECT coalesce(sum(length(answer)), 0) FROM answers"
        ).fetchone()

    def get(self, key: bytes) -> tuple[float, bytes] | None:
        """Until when it may be used, and the answer; None where there is none."""
        with self._lock:
            found = self._connection.execute(
                "SELECT until, answer FROM answers WHERE key = ? AND until > ?",
                (key, self._clock()),
            ).fetchone()
        return None if found is None else (found[0], found[1])

    def put(self, key: bytes, data: bytes, until: float) -> None:
        """Keep it; what has expired, then the oldest, leaves where there is no more room."""
        now = self._clock()
        with self._lock:
            self._drop("key = ?", (key,))
            if len(data) > self._max_bytes:
                return
            if self._size + len(data) > self._max_bytes:
                self._drop("until <= ?", (now,))
            while self._size + len(data) > self._max_bytes:
                oldest = "key IN (SELECT key FROM answers ORDER BY kept LIMIT 64)"
                self._drop(oldest, ())
            self._connection.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?)", (key, until, now, data)
            )
            self._size += len(data)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _drop(self, which: str, values: tuple[object, ...]) -> None:
        gone = self._connection.execute(
            f"DELETE FROM answers WHERE {which} RETURNING length(answer)",  # the three above
            values,
        ).fetchall()
        self._size -= sum(length for (length,) in gone)
