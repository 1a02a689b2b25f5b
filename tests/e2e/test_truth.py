from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sensorium.evaluate import load_truth, score_stored
from sensorium.observe import Observe
from sensorium.store.records import RecordsConfig, open_records
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from tests.e2e.conftest import ALL, FULL, RECORDINGS, Outcome, sensorium

pytestmark = pytest.mark.xdist_group("service")

JUDGED = sorted(RECORDINGS if ALL else {"quay"} & RECORDINGS.keys())


@pytest.mark.parametrize("name", JUDGED)
def test_what_must_hold_holds_against_the_truth(name: str) -> None:
    """In ``quay`` an intrusion runs inside a backup's window and through its source."""
    evaluated = sensorium("evaluate", RECORDINGS[name], timeout=300)
    assert evaluated.returncode == 0, evaluated.stdout + evaluated.stderr


@pytest.mark.parametrize("name", FULL)
def test_what_the_demo_says_of_a_recording_holds_against_its_truth(
    name: str, replayed: Callable[[Path], Outcome]
) -> None:
    folder = replayed(RECORDINGS[name]).data
    with (
        closing(open_records(RecordsConfig(), Observe(), data_dir=folder)) as records,
        closing(open_telemetry(TelemetryConfig(), Observe(), data_dir=folder)) as telemetry,
    ):
        incidents = records.incidents.list(limit=None)
        found = score_stored(incidents, records, telemetry, load_truth(RECORDINGS[name]))
    assert found.holds, found
