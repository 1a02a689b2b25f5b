"""The bundled recordings, replayed once a session by the real command in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sensorium.app import bundled_recordings

RECORDINGS = {folder.name: folder for folder in bundled_recordings()}
ALL = "SENSORIUM_ALL_REPLAYS" in os.environ
FULL = ("fjord", "heath") if ALL else ("fjord",)
"""Recordings in which all five scenarios happen, one after the other; ``make test-replays`` takes
all of them."""


@dataclass(frozen=True)
class Outcome:
    """What a replay left behind: the printed result, and the briefs by file name."""

    result: dict[str, Any]
    briefs: dict[str, bytes]
    data: Path

    @property
    def incidents(self) -> list[dict[str, Any]]:
        """Incidents in order of their start."""
        return [line["incident"] for line in self.result["incidents"]]


def sensorium(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person would."""
    command = [sys.executable, "-m", "sensorium", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def briefs_in(data: Path) -> dict[str, bytes]:
    """Every brief's bytes, by file name."""
    return {path.name: path.read_bytes() for path in sorted((data / "briefs").glob("*.md"))}


def replay(recording: Path, data: Path) -> Outcome:
    """Run the demo over a recording, in a folder of its own."""
    done = sensorium("demo", recording, "--data", data, "--json", timeout=300)
    assert done.returncode == 0, done.stderr
    return Outcome(json.loads(done.stdout), briefs_in(data), data)


@pytest.fixture(scope="session", params=FULL)
def recording(request: pytest.FixtureRequest) -> Path:
    """Each full recording in turn."""
    return RECORDINGS[request.param]


@pytest.fixture(scope="session")
def first() -> Path:
    """The recording that the demo shows."""
    return RECORDINGS[FULL[0]]


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Outcome]:
    """Replays a recording the first time it is asked for."""
    known: dict[Path, Outcome] = {}

    def outcome(recording: Path) -> Outcome:
        if recording not in known:
            data = tmp_path_factory.mktemp("replay") / "data"
            known[recording] = replay(recording, data)
        return known[recording]

    return outcome


@pytest.fixture
def without_truth(recording: Path, tmp_path: Path) -> Path:
    """The recording with its truth file deleted."""
    copy = tmp_path / recording.name
    shutil.copytree(recording, copy)
    (copy / "truth.json").unlink()
    return copy
