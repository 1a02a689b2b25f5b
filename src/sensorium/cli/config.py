"""``sensorium config``: check, print and explain the settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli import Noun

if TYPE_CHECKING:
    from sensorium.config import Settings

_FILE = click.argument("file", required=False, type=click.Path(path_type=Path))


@click.group(cls=Noun)
def config() -> None:
    """Check, print and explain the settings."""


@config.command()
@_FILE
def check(file: Path | None) -> None:
    """Read FILE strictly, with the environment's overrides, and say what is wrong, if anything.

    Every problem is told at once, with its line. Then the certificates and keys are opened that
    it names for what it switches on. Exit status 2 if there are any problems.
    """
    from sensorium.config import load_given

    loaded = load_given(file, os.environ)
    _check_tls(loaded.settings)
    count = _leaves(loaded.given)
    click.echo(f"{file or 'the environment'}: good; {count} setting{'s'[: count != 1]} given")


@config.command()
@_FILE
@click.option("--effective", is_flag=True, help="Print every setting in force, defaults as well.")
def dump(file: Path | None, effective: bool) -> None:
    """Print the settings given by FILE and the environment, as YAML. Secrets are hidden."""
    import yaml

    from sensorium.config import dump as dump_settings
    from sensorium.config import load_given
    from sensorium.config.show import only_given, plain

    loaded = load_given(file, os.environ)
    if effective:
        click.echo(dump_settings(loaded.settings), nl=False)
        return
    given = only_given(plain(loaded.settings), loaded.given)
    click.echo(yaml.safe_dump(given, sort_keys=False, allow_unicode=True), nl=False)


@config.command()
def schema() -> None:
    """Print the JSON Schema of the settings file, for editors."""
    import json

    from sensorium.config import Settings, json_schema

    click.echo(json.dumps(json_schema(Settings), indent=2, ensure_ascii=False))


@config.command()
def example() -> None:
    """Print a settings file with every setting, its explanation and its default."""
    from sensorium.config import Settings
    from sensorium.config import example as example_of

    click.echo(example_of(Settings), nl=False)


def _check_tls(settings: Settings) -> None:
    """UsageError with all that is wrong with TLS files; what is only doubtful is a warning."""
    from datetime import UTC, datetime

    from sensorium.cli.tls_settings import tls_files
    from sensorium.errors import UsageError

    wrong: list[UsageError] = []
    for files in tls_files(settings):
        try:
            files.check()
        except UsageError as error:
            wrong.append(error)
            continue
        for doubt in files.doubts(datetime.now(UTC)):
            click.echo(f"{click.style('warning:', fg='yellow', bold=True)} {doubt}", err=True)
    if wrong:
        raise UsageError(
            "\n".join(error.message for error in wrong),
            unaffected="nothing was started or changed",
            next_step=wrong[0].next_step
            if len(wrong) == 1
            else "`sensorium doctor` with these settings says for each what to do",
        )


def _leaves(given: Any) -> int:
    return sum(map(_leaves, given.values())) if isinstance(given, dict) else 1
