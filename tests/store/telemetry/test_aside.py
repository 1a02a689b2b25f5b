"""The file of rows that the store will never take holds whole lines, whatever the disk does."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from sensorium.store.telemetry import aside
from sensorium.store.telemetry.aside import Aside
from tests.full_disk import files_end_at


def rows(first: int, last: int) -> list[pa.RecordBatch]:
    return [pa.record_batch({"number": pa.array(range(first, last))})]


def kept(folder: Path) -> list[int]:
    lines = (folder / "logs.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["number"] for line in lines]


@pytest.mark.parametrize("count", [20, 20_000])
def test_a_full_disk_leaves_what_was_there_and_no_half_of_a_line(
    tmp_path: Path, count: int
) -> None:
    place = Aside(tmp_path)
    assert place.keep("logs", rows(0, 10)) == tmp_path / "logs.jsonl"
    size = (tmp_path / "logs.jsonl").stat().st_size
    with files_end_at(size + 50), pytest.raises(OSError, match="File too large"):
        place.keep("logs", rows(10, 10 + count))
    assert kept(tmp_path) == list(range(10))
    place.keep("logs", rows(10, 10 + count))
    assert kept(tmp_path) == list(range(10 + count))


def test_a_file_is_filled_to_its_last_byte_and_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Aside(tmp_path)
    place.keep("logs", rows(0, 10))
    size = (tmp_path / "logs.jsonl").stat().st_size
    monkeypatch.setattr(aside, "MOST_BYTES", 2 * size)
    assert place.keep("logs", rows(0, 10)) is not None
    assert place.keep("logs", rows(0, 1)) is None
    assert kept(tmp_path) == [*range(10), *range(10)]
