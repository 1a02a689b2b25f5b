"""A records file that cannot be opened is told with what is true of it and what to do."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from sensorium.observe import Observe
from sensorium.store.errors import StoreOpenError
from sensorium.store.records import RecordsConfig, open_records

FILE = "records.sqlite"


def refusal(folder: Path) -> StoreOpenError:
    with pytest.raises(StoreOpenError) as told:
        open_records(RecordsConfig(busy_timeout_s=0.05), Observe(), data_dir=folder).close()
    return told.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a store that was closed in order."""
    open_records(RecordsConfig(), Observe(), data_dir=tmp_path).close()
    return tmp_path / FILE


def overwrite_beginning(file: Path) -> None:
    file.write_bytes(bytes(100) + file.read_bytes()[100:])


def overwrite_tables(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + bytes(n * 7 & 255 for n in range(len(content) - 4096)))


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:6000])


@pytest.mark.parametrize(
    ("harm", "state", "step"),
    [
        (overwrite_beginning, "is not an SQLite database, or its beginning", "put back a copy"),
        (overwrite_tables, "is damaged", ".recover"),
        (cut_short, "is damaged", ".recover"),
    ],
)
def test_a_damaged_file_is_called_damaged(
    file: Path, harm: Callable[[Path], None], state: str, step: str
) -> None:
    harm(file)
    before = file.read_bytes()
    error = refusal(file.parent)
    assert error.message.startswith(f"the database {file} {state}")
    assert step in error.next_step
    assert "store.records.dsn" not in str(error)
    assert file.read_bytes() == before


def test_damage_that_is_met_later_is_told_in_the_same_words(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as looked_at:
        found = looked_at.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'incidents'")
        pages = [page for (page,) in found]
    content = bytearray(file.read_bytes())
    for page in pages:
        content[(page - 1) * 4096 : page * 4096] = bytes(n * 7 & 255 for n in range(4096))
    file.write_bytes(content)
    records = open_records(RecordsConfig(), Observe(), data_dir=file.parent)
    with pytest.raises(StoreOpenError, match="is damaged"):
        records.incidents.list()
    records.close()


def test_a_file_that_another_process_holds_is_called_held(file: Path) -> None:
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    error = refusal(file.parent)
    holder.close()
    assert error.message.startswith(f"the records database {file} is held by another process")
    assert "fuser" in error.next_step


def test_a_folder_in_its_place_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    error = refusal(tmp_path)
    assert error.message.startswith(f"the records database {tmp_path / FILE} cannot be opened")
    assert "let this user read and write it" in error.next_step
