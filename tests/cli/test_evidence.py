from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from sensorium.cli import main
from sensorium.observe import Observe
from sensorium.store.records import RecordsConfig, open_records
from tests.agent.conftest import open_bench
from tests.agent.scenarios import link_fault


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A data folder with one investigated incident, its id and one evidence's."""
    folder = tmp_path_factory.mktemp("data")
    with open_bench(link_fault(), folder) as bench:
        result = bench.investigate()
        bench.records.incidents.save(result.incident)
    cited = next(e.id for e in result.evidence if e.row_count)
    return folder, result.incident.id, cited


def run(home: tuple[Path, str, str], *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["evidence", *arguments, "--data", str(home[0])])
    return done.exit_code, done.output


def test_the_evidence_of_an_incident_is_listed(home: tuple[Path, str, str]) -> None:
    status, output = run(home, "list", home[1])
    assert status == 0
    assert home[2] in output
    assert "recognised log messages" in output


def test_evidence_is_asked_again_and_the_answer_is_the_same(home: tuple[Path, str, str]) -> None:
    status, output = run(home, "show", home[2])
    assert status == 0, output
    assert "SELECT" in output
    assert "-- until_ns = " in output
    assert "same answer: the digest" in output


def test_the_same_is_given_as_data(home: tuple[Path, str, str]) -> None:
    status, output = run(home, "show", home[2], "--json")
    shown = json.loads(output)
    assert status == 0
    assert shown["evidence"]["id"] == home[2]
    assert shown["rerun"]["matches"] is True
    assert shown["rerun"]["intact"] is True


def test_an_unknown_id_is_told_what_to_do_next(home: tuple[Path, str, str]) -> None:
    status, output = run(home, "show", "E-0000000000")
    assert status == 2
    assert "there is no evidence E-0000000000" in output
    assert "sensorium evidence list INCIDENT" in output
    assert run(home, "list", "INC-00000000")[0] == 2


def test_an_altered_record_is_called_out_with_a_failing_status(
    home: tuple[Path, str, str],
) -> None:
    records = open_records(RecordsConfig(), Observe(), data_dir=home[0])
    with records.writing() as connection:
        connection.execute(
            text("UPDATE evidence SET query = 'SELECT 1 AS lines' WHERE id = :id"), {"id": home[2]}
        )
    records.close()
    status, output = run(home, "show", home[2])
    assert status == 1
    assert "altered: the stored record is not the one" in output
    assert "another answer" in output
    assert run(home, "show", home[2], "--stored")[0] == 0
