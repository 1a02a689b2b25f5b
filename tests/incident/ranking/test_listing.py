"""Incidents listed and shown with what was learned from labels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sensorium.cli import main
from sensorium.incident.urgency import worst_first
from sensorium.model.incident import Incident
from tests.incident.ranking.conftest import School
from tests.incident.ranking.histories import write_history

pytest.importorskip("xgboost", reason="XGBoost is not installed (sensorium[ranker])")


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["incident", *arguments, "--data", str(home)])


def ids(listed: str) -> list[str]:
    return [word for line in listed.splitlines() for word in line.split()[:1] if "INC-" in word]


def test_without_a_model_they_come_newest_first_or_the_worst_first(school: School) -> None:
    incidents = write_history(school.records, None, count=6)
    home = school.folder.parent
    assert ids(run(home, "list").stdout) == [i.id for i in reversed(incidents)]
    worst = [i.id for i in worst_first(incidents)]
    assert ids(run(home, "list", "--sort", "worst").stdout) == worst
    ranked = run(home, "list", "--sort", "rank")
    assert ids(ranked.stdout) == worst
    assert "no model ranks them yet" in ranked.stderr


def test_a_model_gives_each_a_probability_and_reasons(
    taught: tuple[School, list[Incident]],
) -> None:
    school, incidents = taught
    home = school.folder.parent
    listed = json.loads(run(home, "list", "--sort", "rank", "--limit", "60", "--json").stdout)
    assert len(listed["incidents"]) == len(listed["rank"]) == len(incidents)
    first = listed["incidents"][0]["id"]
    shown = run(home, "list", "--sort", "rank").stdout
    assert ids(shown)[0] == first
    assert "for: port 22 (odds × " in shown
    told = run(home, "show", first).stdout
    assert "## What the ranker says" in told
    assert "- for: port 22 (odds × " in told
    # Who asks for no rank is shown none.
    assert "port 22" not in run(home, "list").stdout
