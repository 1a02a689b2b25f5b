from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sensorium.app import bundled_recording
from tests.e2e.conftest import ALL, FULL, Outcome, briefs_in, replay, sensorium

pytestmark = pytest.mark.xdist_group("service")

once_more = pytest.mark.skipif(not ALL, reason="another replay: `make test-replays`")


def test_everything_that_was_recorded_comes_in(
    recording: Path, replayed: Callable[[Path], Outcome]
) -> None:
    intake = replayed(recording).result["intake"]
    assert intake["flows"] > 5_000
    assert intake["log_lines"] > 2_000
    assert intake["samples"] > 50_000
    assert intake["exporters"] == 2
    assert intake["malformed"] == 0
    assert 15 * 60e9 <= intake["ended_ns"] - intake["started_ns"] <= 31 * 60e9


def test_something_was_planned_and_is_closed_with_proof_that_can_be_asked_again(
    recording: Path, replayed: Callable[[Path], Outcome]
) -> None:
    outcome = replayed(recording)
    planned = [i for i in outcome.incidents if i["state"] == "auto_resolved"]
    assert planned
    for incident in planned:
        assert incident["verdict"] == "planned"
        evidence = re.findall(r"E-[0-9a-f]{10}", incident["proof"])
        assert evidence
        shown = sensorium("evidence", "show", evidence[0], "--data", outcome.data)
        assert shown.returncode == 0, shown.stderr


def test_something_waits_for_a_person_with_a_brief_that_cites_its_evidence(
    recording: Path, replayed: Callable[[Path], Outcome]
) -> None:
    outcome = replayed(recording)
    waiting = [line for line in outcome.result["incidents"] if line["decision"]]
    assert waiting
    for line in waiting:
        brief = outcome.briefs[Path(line["incident"]["brief_path"]).name].decode()
        assert line["decision"]["approval_id"] in brief
        assert set(re.findall(r"E-[0-9a-f]{10}", brief))


@once_more
def test_the_same_recording_gives_the_same_bytes_and_the_truth_file_plays_no_part(
    recording: Path,
    without_truth: Path,
    tmp_path: Path,
    replayed: Callable[[Path], Outcome],
) -> None:
    first, second = replayed(recording), replay(without_truth, tmp_path / "again")
    assert second.incidents == first.incidents
    assert second.briefs == first.briefs
    assert first.briefs


def test_it_fits_a_laptop(recording: Path, replayed: Callable[[Path], Outcome]) -> None:
    assert replayed(recording).result["peak_rss_bytes"] < 2 << 30


def test_an_approval_decides_once_and_hands_the_commands_over(
    first: Path, replayed: Callable[[Path], Outcome]
) -> None:
    outcome = replayed(first)  # its data are decided upon here and nowhere else
    decision = next(line["decision"] for line in outcome.result["incidents"] if line["decision"])
    arguments = ("approval", "approve", decision["approval_id"], "--data", outcome.data)
    approved = sensorium(*arguments, "--reason", "read the brief")
    assert approved.returncode == 0, approved.stderr
    for command in decision["commands"]:
        assert command in approved.stdout
    again = sensorium(*arguments, "--reason", "again")
    assert again.returncode != 0
    assert "approved" in again.stderr
    audit = sensorium("audit", "verify", "--data", outcome.data)
    assert audit.returncode == 0, audit.stderr


@pytest.mark.parametrize("recording", [bundled_recording().name], indirect=True)
def test_the_readmes_picture_is_of_this_demo(
    recording: Path, replayed: Callable[[Path], Outcome]
) -> None:
    """Else draw it anew: ``python tools/demo_picture.py docs/images/demo.svg``."""
    drawn = (Path(__file__).parents[2] / "docs/images/demo.svg").read_text(encoding="utf-8")
    incidents = {
        f"INC-{one['id'].removeprefix('INC-')[:8]}" for one in replayed(recording).incidents
    }
    assert incidents == set(re.findall(r"INC-[0-9a-f]{8}", drawn))


@once_more
@pytest.mark.parametrize("recording", FULL[:1], indirect=True)
def test_the_screen_is_at_most_a_hundred_columns_wide_and_plain_without_colour(
    recording: Path,
    without_truth: Path,
    tmp_path: Path,
    replayed: Callable[[Path], Outcome],
) -> None:
    environment = os.environ | {"NO_COLOR": "1", "COLUMNS": "100"}
    shown = sensorium("demo", without_truth, "--data", tmp_path / "data", env=environment)
    assert shown.returncode == 0, shown.stderr
    assert "\x1b" not in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 100
    for heading in ("What came in", "Incidents", "Planned", "Waiting for a person", "Next"):
        assert heading in shown.stdout
    # The same bytes here too, and without the truth file.
    assert briefs_in(tmp_path / "data") == replayed(recording).briefs
