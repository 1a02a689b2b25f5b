"""``sensorium gateway check``: what is wrong with the settings, before anything is started."""

from __future__ import annotations

from pathlib import Path

import click

from sensorium.cli.gateway.settings import config_option


@click.command()
@config_option
def check(config: Path | None) -> None:
    """Read the settings strictly and say what is wrong, if anything.

    Every problem is told at once, with its line. Exit status 2 if there are any.
    """
    from sensorium.cli.gateway.settings import load_settings

    settings = load_settings(config)
    models = len(settings.models)
    click.echo(f"{config or 'the environment'}: good; {models} models")
