from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sensorium.cli import main
from sensorium.cli.gateway import VERBS
from sensorium.cli.gateway import gateway as group
from tests.cli.test_main import HEAVY, loaded_by


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_of_the_gateway_exists_and_explains_itself(verb: str) -> None:
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    assert command.name == verb
    assert CliRunner().invoke(main, ["gateway", verb, "--help"]).exit_code == 0


def test_the_gateways_help_loads_nothing_heavy() -> None:
    assert loaded_by("gateway", "--help") & HEAVY == set()


def test_a_wrong_setting_is_told_with_its_line_and_a_way_out(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text("door:\n  prot: 1\n")
    result = CliRunner().invoke(main, ["gateway", "check", "-c", str(file)])
    assert result.exit_code == 2
    assert f"{file}:2: door.prot: there is no such setting; did you mean port?" in result.output
    assert "sensorium gateway example" in result.output


def test_the_example_is_a_settings_file_that_is_good(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(CliRunner().invoke(main, ["gateway", "example"]).output)
    assert CliRunner().invoke(main, ["gateway", "check", "-c", str(file)]).exit_code == 0
