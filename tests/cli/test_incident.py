from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sensorium.cli import main
from sensorium.observe import Observe
from sensorium.store.records import RecordsConfig, open_records
from tests.store.records import samples

ID = "INC-00000001"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    records = open_records(RecordsConfig(), Observe(), data_dir=tmp_path)
    records.incidents.save(samples.incident(ID))
    records.briefs.save(ID, 0, "# A brief\n", samples.FINDINGS)
    records.close()
    return tmp_path


def run(home: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["incident", *arguments, "--data", str(home)])
    return done.exit_code, done.output


def test_a_label_is_said_changed_and_shown_with_its_history(home: Path) -> None:
    assert run(home, "label", ID, "confirmed", "--actor", "ben")[1] == (
        f"{ID} is confirmed, says ben\n"
    )
    status, output = run(home, "label", ID, "false_alarm", "--actor", "anna", "--note", "a drill")
    assert (status, output) == (0, f"{ID} is false alarm, says anna; before: confirmed\n")
    shown = run(home, "show", ID)[1]
    assert shown.startswith("# A brief\n")
    said = [line for line in shown.splitlines() if line.startswith("- ")]
    assert said[0].startswith("- **false alarm**, anna, ")
    assert said[0].endswith(": a drill")
    assert said[1].startswith("- confirmed (no longer counts), ben, ")
    labels = json.loads(run(home, "show", ID, "--json")[1])["labels"]
    assert [label["opinion"] for label in labels] == ["confirmed", "false_alarm"]
    assert "What people say" not in run(home, "show", ID, "--markdown")[1]


def test_a_label_of_something_unknown_is_told_what_to_do_next(home: Path) -> None:
    status, output = run(home, "label", "INC-nobody", "planned")
    assert status == 2
    assert "there is no incident INC-nobody" in output
    assert "sensorium incident list" in output
    status, output = run(home, "label", ID, "dull")
    assert status == 2
    assert "false_alarm" in output


def test_a_note_cannot_play_tricks_on_the_terminal(home: Path) -> None:
    run(home, "label", ID, "planned", "--note", "all \x1b[2J clear\n# a heading")
    shown = run(home, "show", ID)[1]
    assert "\x1b" not in shown
    assert "\\n# a heading" in shown
