"""The write-ahead log of an SQLite database that several take into use at once."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from sensorium.agent.checkpoints import Checkpoints
from sensorium.gateway.cache.file import FileStore
from sensorium.observe import Observe
from sensorium.store.records import RecordsConfig, open_records
from sensorium.store.write_ahead import use_write_ahead_log


@pytest.fixture
def held(tmp_path: Path) -> sqlite3.Connection:
    """A connection that reads, and so keeps others from switching the journal."""
    held = sqlite3.connect(
        tmp_path / "x.sqlite", isolation_level=None, timeout=0, check_same_thread=False
    )
    held.execute("CREATE TABLE t (a)")
    held.execute("BEGIN")
    held.execute("SELECT * FROM t").fetchall()
    return held


def test_it_is_tried_again_until_the_other_lets_go(
    tmp_path: Path, held: sqlite3.Connection
) -> None:
    with closing(held), closing(sqlite3.connect(tmp_path / "x.sqlite", timeout=0)) as connection:
        threading.Timer(0.05, held.execute, ["COMMIT"]).start()
        use_write_ahead_log(connection, within_s=60)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_patience_ends(tmp_path: Path, held: sqlite3.Connection) -> None:
    with (
        closing(held),
        closing(sqlite3.connect(tmp_path / "x.sqlite", timeout=0)) as connection,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        use_write_ahead_log(connection, within_s=0.02)


def test_what_is_no_database_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "y").write_bytes(b"no database, but long enough to be taken for one" * 40)
    with (
        closing(sqlite3.connect(tmp_path / "y")) as connection,
        pytest.raises(sqlite3.DatabaseError, match="not a database"),
    ):
        use_write_ahead_log(connection, within_s=1e9)


def _records(path: Path) -> None:
    open_records(RecordsConfig(dsn=f"sqlite:///{path}"), Observe()).close()


def _checkpoints(path: Path) -> None:
    Checkpoints(path).close()


def _answers(path: Path) -> None:
    with closing(FileStore(path, 1 << 20, time.time)) as store:
        store.put(b"k", b"v", time.time() + 60)


@pytest.mark.parametrize("take", [_records, _checkpoints, _answers])
def test_many_take_a_new_database_at_once(tmp_path: Path, take: Callable[[Path], None]) -> None:
    count = 4
    barrier = threading.Barrier(count)

    def together(path: Path) -> None:
        barrier.wait()
        take(path)

    with ThreadPoolExecutor(count) as pool:
        for number in range(8):
            list(pool.map(together, [tmp_path / str(number)] * count))
