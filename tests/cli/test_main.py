from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sensorium import __version__
from sensorium.cli import COMMANDS, main
from sensorium.errors import SensoriumError, UsageError

HEAVY = {
    "alembic",
    "chdb",
    "clickhouse_connect",
    "fastapi",
    "httpx",
    "langgraph",
    "numba",
    "numpy",
    "opentelemetry",
    "pandas",
    "pyarrow",
    "pydantic",
    "rich",
    "sklearn",
    "sqlalchemy",
    "structlog",
    "yaml",
}


def loaded_by(*arguments: str) -> set[str]:
    """The top-level modules in memory after ``sensorium ARGUMENTS`` has run."""
    program = (
        "import sys\nfrom sensorium.cli import main\n"
        f"main({list(arguments)!r}, standalone_mode=False)\n"
        "print('|'.join({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stderr.strip().split("|"))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["config", "--help"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_by(*arguments) & HEAVY == set()


def test_help_lists_every_command_and_says_what_it_is_for() -> None:
    result = CliRunner().invoke(main, ["--help"], terminal_width=100)
    assert result.exit_code == 0
    for name, purpose in COMMANDS.items():
        assert name in result.output
        assert purpose in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists_and_explains_itself(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name
    assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0
    assert (command.help or "").strip()


def test_the_version_is_the_packages() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"sensorium {__version__}\n"


def test_a_command_nearly_right_is_asked_back() -> None:
    result = CliRunner().invoke(main, ["incidents"])
    assert result.exit_code == 2
    assert "there is no command 'incidents'. Did you mean incident?" in result.output


@pytest.mark.parametrize(("kind", "status"), [(SensoriumError, 1), (UsageError, 2)])
def test_an_error_for_people_is_told_without_a_traceback(
    kind: type[SensoriumError], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    def doctor() -> None:
        raise kind(
            "the disk is full",
            unaffected="what is stored stays readable",
            next_step="free some space",
        )

    monkeypatch.setattr(main, "get_command", lambda ctx, name: doctor)
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr == (
        "error: the disk is full\n  what is stored stays readable\n  free some space\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux that is always full")
def test_output_to_a_full_disk_is_told_without_a_traceback() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "sensorium", "config", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: there is no room to write: [Errno 28] No space left on device\n"


@pytest.mark.parametrize("noun", sorted(COMMANDS))
def test_no_help_is_cut_short(noun: str) -> None:
    lines = CliRunner().invoke(main, [noun, "--help"]).output.splitlines()
    assert not [line for line in lines[1:] if line.endswith("...")]
