from __future__ import annotations

import pytest

from tests.e2e.conftest import ALL, FULL, RECORDINGS, sensorium

JUDGED = sorted(RECORDINGS if ALL else {*FULL, "quay"} & RECORDINGS.keys())


@pytest.mark.parametrize("name", JUDGED)
def test_what_must_hold_holds_against_the_truth(name: str) -> None:
    """In ``quay`` an intrusion runs inside a backup's window and through its source."""
    evaluated = sensorium("evaluate", RECORDINGS[name], timeout=300)
    assert evaluated.returncode == 0, evaluated.stdout + evaluated.stderr
