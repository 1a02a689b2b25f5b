"""A data folder that cannot be used is said in words that a person can act on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from sensorium.store.errors import StoreOpenError
from sensorium.store.ownership import StoreLock, owner_of


def test_a_folder_that_is_a_file_is_refused_and_nobody_owns_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = tmp_path / "file" / "data" / "telemetry"
    with pytest.raises(StoreOpenError, match="cannot be used: Not a directory"):
        StoreLock(store)
    assert owner_of(store) is None


@pytest.mark.parametrize(
    ("call", "number", "reason"),
    [
        ("open", errno.EROFS, "Read-only file system"),
        ("open", errno.EACCES, "Permission denied"),
        ("pwrite", errno.ENOSPC, "No space left on device"),
    ],
)
def test_what_the_system_says_is_told(
    call: str, number: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(f"sensorium.store.ownership.os.{call}", refuse)
    with pytest.raises(StoreOpenError, match=f"data folder {tmp_path} cannot be used: {reason}"):
        StoreLock(tmp_path / "telemetry")
