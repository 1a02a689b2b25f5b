"""Whether what is compiled is there is known, and forgotten with the code that it was made of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import sensorium

SOURCES = Path(sensorium.__file__).parent


def said(program: str, cache: Path | None, sources: Path = SOURCES) -> list[str]:
    """What a process of its own prints, whose decoders are kept in ``cache``."""
    environment = {**os.environ, "PYTHONPATH": str(sources.parent)}
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"from sensorium.app.preparation import kept\n{program}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_nothing_is_kept_before_it_was_compiled_and_all_of_it_after(tmp_path: Path) -> None:
    program = "print(kept.is_kept()); kept.remember(); print(kept.is_kept())"
    assert said(program, tmp_path) == ["False", "True"]
    assert said("print(kept.is_kept())", tmp_path) == ["True"]
    assert said("print(kept.is_kept())", tmp_path / "another") == ["False"]


def test_a_replay_needs_a_part_of_it(tmp_path: Path) -> None:
    ask = "print(kept.is_kept(for_replay=True), kept.is_kept())"
    assert said(ask, tmp_path) == ["False", "False"]
    assert said(f"kept.remember(for_replay=True); {ask}", tmp_path) == ["True", "False"]
    assert said(f"kept.remember(); {ask}", tmp_path / "all") == ["True", "True"]


def test_other_code_was_not_compiled(tmp_path: Path) -> None:
    sources = tmp_path / "src" / "sensorium"
    shutil.copytree(SOURCES, sources, ignore=shutil.ignore_patterns("__pycache__"))
    ask = "print(kept.is_kept())"
    assert said(f"kept.remember(); {ask}", None, sources) == ["True"]
    changed = sources / "ingest" / "packet" / "layers.py"
    changed.write_text(changed.read_text() + "\n# another line\n")
    assert said(ask, None, sources) == ["False"]


def test_a_damaged_note_says_nothing(tmp_path: Path) -> None:
    (folder,) = said("kept.remember(); print(kept.folder())", tmp_path)
    (note,) = (path for path in Path(folder).iterdir() if path.name == "sensorium-prepared")
    note.write_bytes(b"\xff\xfe" + note.read_bytes()[:9])
    assert said("print(kept.is_kept())", tmp_path) == ["False"]


def test_where_nothing_can_be_noted_nothing_is_kept(tmp_path: Path) -> None:
    (folder,) = said("kept.remember(); print(kept.folder())", tmp_path)
    note = Path(folder) / "sensorium-prepared"
    note.unlink()
    note.mkdir()
    assert said("kept.remember(); print(kept.is_kept())", tmp_path) == ["False"]


def test_where_there_is_no_place_for_it_nothing_is_kept() -> None:
    nowhere = """
from numba.core import caching
caching.CacheImpl._locator_classes = []
kept.remember()
print(kept.folder(), kept.is_kept())"""
    assert said(nowhere, None) == ["None", "False"]
