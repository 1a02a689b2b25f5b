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
from tests.incident.ranking.histories import guessed_by_port, write_history

pytest.importorskip("xgboost", reason="XGBoost is not installed (sensorium[ranker])")


def run(home: Path, *arguments: str, noun: str = "incident") -> Result:
    return CliRunner().invoke(main, [noun, *arguments, "--data", str(home)])


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


def test_a_ranker_is_trained_promoted_and_taken_back_from_the_shell(school: School) -> None:
    write_history(school.records, guessed_by_port, count=40)
    home = school.folder.parent
    done = run(home, "train", "incidents.rank", "--promote", noun="models")
    assert done.exit_code == 0, done.output
    assert "learning from " in done.stderr
    assert "how often a confirmed one comes before another" in done.stdout
    assert "AUC of worst first" in done.stdout
    assert json.loads(run(home, "list", "--sort", "rank", "--json").stdout)["rank"]
    assert run(home, "rollback", "incidents.rank", noun="models").exit_code == 0
    assert json.loads(run(home, "list", "--sort", "rank", "--json").stdout)["rank"] == []


def test_what_cannot_be_trained_is_refused_with_what_to_do(school: School) -> None:
    home = school.folder.parent
    empty = run(home, "train", "incidents.rank", noun="models")
    assert empty.exit_code == 2
    assert "0 labelled incidents" in empty.output
    assert "sensorium incident label" in empty.output
    other = run(home, "train", "incidents.rank", "--kind", "autoencoder", noun="models")
    assert "is a ranker" in other.output
    shadow = run(home, "train", "incidents.rank", "--shadow", noun="models")
    assert shadow.exit_code == 2
    assert "only orders" in shadow.output
