"""Which requests were seen is known after a restart, whatever became of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from sensorium.ingest.journal.entry import ID_BYTES
from sensorium.ingest.journal.requests import SeenRequests
from tests.full_disk import files_end_at

DAY_NS = 86_400 * 1_000_000_000


def seen(folder: Path, now_ns: int = DAY_NS, keep_ns: int = DAY_NS) -> SeenRequests:
    requests = SeenRequests(folder, keep_ns, lambda: now_ns)
    requests.load()
    return requests


def ids(first: int, last: int) -> list[bytes]:
    return [number.to_bytes(ID_BYTES, "big") for number in range(first, last)]


def known(requests: SeenRequests) -> list[int]:
    return [int.from_bytes(one, "big") for one in ids(0, 100) if one in requests]


def test_what_was_written_is_known_after_a_restart(tmp_path: Path) -> None:
    requests = seen(tmp_path)
    requests.write(ids(0, 5))
    requests.write(ids(5, 7))
    assert known(seen(tmp_path)) == list(range(7))


def test_what_a_full_disk_refused_can_be_written_again(tmp_path: Path) -> None:
    requests = seen(tmp_path)
    requests.write(ids(0, 5))
    size = (tmp_path / "requests.new").stat().st_size
    with files_end_at(size + size // 2 + 1), pytest.raises(OSError, match="File too large"):
        requests.write(ids(5, 10))
    requests.write(ids(5, 12))
    assert known(seen(tmp_path)) == list(range(12))


def test_a_record_that_was_cut_off_spoils_no_later_one(tmp_path: Path) -> None:
    requests = seen(tmp_path)
    requests.write(ids(0, 5))
    with (tmp_path / "requests.new").open("ab") as file:
        file.write(b"half")
    again = seen(tmp_path)
    again.write(ids(5, 7))
    assert known(seen(tmp_path)) == list(range(7))


def test_ids_are_forgotten_after_two_generations(tmp_path: Path) -> None:
    for day in range(4):
        requests = seen(tmp_path, now_ns=1 + (2 * day + 1) * DAY_NS)
        requests.note(ids(10 * day, 10 * day + 2))
        requests.write(ids(10 * day, 10 * day + 2))
    assert known(requests) == known(seen(tmp_path, now_ns=8 * DAY_NS)) == [20, 21, 30, 31]
