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


EXAMPLE = Path(__file__).resolve().parents[2] / "gateway.example.yaml"


def test_the_example_file_is_what_the_code_says() -> None:
    written = EXAMPLE.read_text(encoding="utf-8")
    printed = CliRunner().invoke(main, ["gateway", "example"]).output
    assert written == printed, "run `make generate`"


def test_the_example_is_a_settings_file_that_is_good() -> None:
    assert CliRunner().invoke(main, ["gateway", "check", "-c", str(EXAMPLE)]).exit_code == 0


MODEL = """
providers:
  - name: up
    credential: env:A_KEY
models:
  - name: m
    deployments: [{provider: up, model: gpt-5}]
"""


def checked(folder: Path, text: str, **environment: str) -> tuple[int, str]:
    """Exit status and words of `gateway check` on these settings."""
    file = folder / "gateway.yaml"
    file.write_text(text)
    result = CliRunner().invoke(main, ["gateway", "check", "-c", str(file)], env=environment)
    return result.exit_code, result.output


def test_a_credential_that_is_not_there_is_told_by_its_reference(tmp_path: Path) -> None:
    status, said = checked(tmp_path, MODEL)
    assert status == 1
    assert "provider up" in said
    assert "env:A_KEY" in said
    assert checked(tmp_path, MODEL, A_KEY="sk-123")[0] == 0


def test_a_model_of_spacys_that_is_not_installed_is_told(tmp_path: Path) -> None:
    rule = "guardrails: {named_entities: [{model: en_core_web_xl}]}\n"
    status, said = checked(tmp_path, MODEL + rule, A_KEY="sk-123")
    assert status == 1
    assert "'en_core_web_xl' is not installed" in said
    assert "spacy download en_core_web_xl" in said


def test_a_model_without_a_price_is_told_before_its_calls_are_refused(tmp_path: Path) -> None:
    unknown = MODEL.replace("gpt-5", "made-up")
    status, said = checked(tmp_path, unknown, A_KEY="sk-123")
    assert (status, "made-up" in said, "price_as" in said) == (1, True, True)
    allowed = unknown.replace("made-up}", "made-up, allow_unknown_price: true}")
    assert checked(tmp_path, allowed, A_KEY="sk-123")[0] == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (MODEL + "    fallbacks: [{to: [other]}]", "m: falls back to 'other'"),
        (MODEL + "switches: [{name: auto, normal: m, complex: n}]", "auto: chooses 'n'"),
        (MODEL + "switches: [{name: m, normal: m, complex: m}]", "two models are called 'm'"),
        (MODEL.replace("provider: up", "provider: down"), "is deployed at 'down'"),
        (MODEL + "guardrails: {secrets: [{routes: [x]}]}", "guardrails.secrets: covers 'x'"),
        ("models: [{name: m}]", "the model 'm' has no deployments"),
    ],
)
def test_names_that_lead_nowhere_are_told(tmp_path: Path, text: str, told: str) -> None:
    status, said = checked(tmp_path, text)
    assert status == 2
    assert told in said


def test_models_are_listed_with_what_stands_behind_them_and_their_prices(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(MODEL)
    said = CliRunner().invoke(main, ["gateway", "models", "-c", str(file)]).output
    assert "up/gpt-5" in said
    assert "1.25" in said
