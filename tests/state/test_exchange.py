from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from sensorium.state.exchange import exchanged

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has it")


def folders(at: Path, *names: str) -> list[Path]:
    """Folders, each with a file that says which it was."""
    made = [at / name for name in names]
    for folder in made:
        folder.mkdir()
        (folder / "who").write_text(folder.name)
    return made


@linux
def test_folders_with_something_in_them_change_places(tmp_path: Path) -> None:
    one, other = folders(tmp_path, "one", "other")
    assert exchanged(one, other)
    assert [(one / "who").read_text(), (other / "who").read_text()] == ["other", "one"]


@linux
def test_what_is_not_there_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    (one,) = folders(tmp_path, "one")
    with pytest.raises(FileNotFoundError):
        exchanged(one, tmp_path / "none")
    assert (one / "who").read_text() == "one"


@linux
def test_a_name_is_there_at_every_moment(tmp_path: Path) -> None:
    one, other = folders(tmp_path, "one", "other")
    done, missed = threading.Event(), []

    def look() -> None:
        while not done.is_set():
            if not (one / "who").exists():
                missed.append(1)

    looking = threading.Thread(target=look)
    looking.start()
    for _ in range(2000):
        exchanged(one, other)
    done.set()
    looking.join()
    assert not missed


def test_where_the_system_cannot_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = folders(tmp_path, "one", "other")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not exchanged(one, other)
    assert (one / "who").read_text() == "one"
