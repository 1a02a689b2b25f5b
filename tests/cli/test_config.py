from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from sensorium.cli import main


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sensorium.yaml"
    path.write_text(
        "detect: {pass_rate: 0.01}\nconsole: {token: s3cret, port: 0}\n", encoding="utf-8"
    )
    return path


def invoke(*arguments: str | Path, **environ: str) -> Result:
    return CliRunner().invoke(main, ["config", *map(str, arguments)], env=environ)


def test_a_good_file_is_called_good(file: Path) -> None:
    result = invoke("check", file)
    assert (result.exit_code, result.output) == (0, f"{file}: good; 3 settings given\n")


def test_a_bad_file_is_refused_with_the_line_and_a_way_out(file: Path) -> None:
    file.write_text("detect:\n  pas_rate: 0.01\n", encoding="utf-8")
    result = invoke("check", file)
    assert result.exit_code == 2
    assert (
        f"error: {file}:2: detect.pas_rate: there is no such setting; did you mean pass_rate?"
        in result.stderr
    )


def test_dump_prints_what_was_given_and_hides_secrets(file: Path) -> None:
    result = invoke("dump", file, SENSORIUM__DETECT__WINDOW_SECONDS="1m")
    assert yaml.safe_load(result.output) == {
        "detect": {"window_seconds": 60, "pass_rate": 0.01},
        "console": {"port": 0, "token": "***"},
    }


def test_dump_effective_prints_everything(file: Path) -> None:
    shown = yaml.safe_load(invoke("dump", "--effective", file).output)
    assert shown["detect"]["pass_rate"] == 0.01
    assert shown["observe"]["log_level"] == "info"


def test_schema_is_json_and_example_is_the_checked_in_file(root: Path) -> None:
    assert json.loads(invoke("schema").output)["additionalProperties"] is False
    example = (root / "sensorium.example.yaml").read_text(encoding="utf-8")
    assert invoke("example").output == example
