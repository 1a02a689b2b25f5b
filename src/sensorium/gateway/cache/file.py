"""Answers in an SQLite file, so that a restart does not lose them and other processes find them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sensorium.store.write_ahead import use_write_ahead_log

_PATIENCE_S: Final = 5.0
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS answers (
    key BLOB PRIMARY KEY, until REAL NOT NULL, kept REAL NOT NULL, answer BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (kept);
CREATE TABLE IF NOT EXISTS held (bytes INTEGER NOT NULL);
INSERT INTO held SELECT coalesce(sum(length(answer)), 0) FROM answers
    WHERE NOT EXISTS (SELECT 1 FROM held);
CREATE TRIGGER IF NOT EXISTS answers_come AFTER INSERT ON answers
    BEGIN UPDATE held SET bytes = bytes + length(NEW.answer); END;
CREATE TRIGGER IF NOT EXISTS answers_go AFTER DELETE ON answers
    BEGIN UPDATE held SET bytes = bytes - length(OLD.answer); END;
"""


class FileStore:
    """Bounded by bytes of answers, of all processes together; may be used from any thread. Readable
    by its owner only."""

    def __init__(self, path: Path, max_bytes: int, clock: Callable[[], float]) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(
            path, timeout=_PATIENCE_S, check_same_thread=False, isolation_level=None
        )
        use_write_ahead_log(self._connection, within_s=_PATIENCE_S)
        self._connection.execute("PRAGMA synchronous=OFF")  # what is lost is asked for again
        self._connection.executescript(_TABLES)

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
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._put(key, data, until)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _put(self, key: bytes, data: bytes, until: float) -> None:
        now = self._clock()
        self._drop("key = ?", (key,))
        if len(data) > self._max_bytes:
            return
        if self._held() + len(data) > self._max_bytes:
            self._drop("until <= ?", (now,))
        oldest = "key IN (SELECT key FROM answers ORDER BY kept LIMIT 64)"
        while self._held() + len(data) > self._max_bytes and self._drop(oldest, ()):
            pass
        self._connection.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (key, until, now, data))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _held(self) -> int:
        """Bytes of all answers."""
        (held,) = self._connection.execute("SELECT bytes FROM held").fetchone()
        return int(held)

    def _drop(self, which: str, values: tuple[object, ...]) -> int:
        """Remove answers (``which`` is one of the three above); how many there were."""
        return self._connection.execute(f"DELETE FROM answers WHERE {which}", values).rowcount
