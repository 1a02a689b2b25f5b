from __future__ import annotations

from pathlib import Path

import pytest

from sensorium.state.appending import append
from tests.full_disk import files_end_at


@pytest.mark.parametrize("sync", [False, True])
@pytest.mark.parametrize("size", [100, 1_000_000])
def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, size: int, *, sync: bool) -> None:
    path = tmp_path / "file"
    append(path, b"one\n", sync=sync)
    with files_end_at(50), pytest.raises(OSError, match="File too large"):
        append(path, b"x" * size, sync=sync)
    assert path.read_bytes() == b"one\n"
    append(path, b"two\n", sync=sync)
    assert path.read_bytes() == b"one\ntwo\n"
