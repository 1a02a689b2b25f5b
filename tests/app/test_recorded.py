"""A replay takes the place of an earlier one, and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sensorium.app import bundled_recording, replay_recording
from sensorium.config import Settings
from sensorium.errors import SensoriumError
from sensorium.store.errors import StoreInUseError
from sensorium.store.ownership import StoreLock, lock_path


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A folder as a replay leaves it."""
    folder = tmp_path / "data"
    (folder / "telemetry").mkdir(parents=True)
    (folder / "briefs").mkdir()
    for name in ("REPLAY", "telemetry.lock", "telemetry/rows", "briefs/INC-1.md"):
        (folder / name).write_text("earlier")
    return folder


def test_data_that_another_process_works_on_is_not_taken_from_under_it(earlier: Path) -> None:
    working = StoreLock(earlier / "telemetry")
    try:
        with pytest.raises(StoreInUseError, match="is open in process"):
            replay_recording(bundled_recording(), Settings(data_dir=earlier))
    finally:
        working.release()
    assert (earlier / "telemetry" / "rows").read_text() == "earlier"
    assert (earlier / "briefs" / "INC-1.md").read_text() == "earlier"


def test_mark_and_lock_outlive_the_clearing(earlier: Path) -> None:
    """Who is killed in the middle leaves a folder that the next replay still knows for its own,
    and a lock that is removed would be had by two.
    """
    held = lock_path(earlier / "telemetry").stat().st_ino
    store = replace(Settings().store.records, dsn="sqlite:////proc/none/records.sqlite")
    settings = Settings(data_dir=earlier)
    settings = replace(settings, store=replace(settings.store, records=store))
    with pytest.raises(SensoriumError, match="record"):
        replay_recording(bundled_recording(), settings)
    assert not (earlier / "briefs").exists()
    assert not (earlier / "telemetry" / "rows").exists()
    assert (earlier / "REPLAY").is_file()
    assert lock_path(earlier / "telemetry").stat().st_ino == held


def test_a_folder_that_cannot_be_made_is_told_and_no_traceback() -> None:
    with pytest.raises(SensoriumError, match="/proc/none cannot be used"):
        replay_recording(bundled_recording(), Settings(data_dir=Path("/proc/none")))
