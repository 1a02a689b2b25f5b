"""``sensorium gateway check``: what is wrong with the settings, before anything is started."""

from __future__ import annotations

from pathlib import Path

import click

from sensorium.cli.gateway.settings import config_option


@click.command()
@config_option
def check(config: Path | None) -> None:
    """Read the settings strictly and say what is wrong, if anything. Nobody is called.

    Every problem is told at once, with its line (exit status 2). Then credentials are looked for
    and prices looked up (exit status 1 where one is missing).
    """
    import os

    from sensorium.cli.gateway.settings import load_settings
    from sensorium.gateway.review import review

    settings = load_settings(config)
    findings = review(settings, os.environ)
    for finding in findings:
        click.secho(f"{finding.where}: ", nl=False, bold=True)
        click.echo(finding.what)
        if finding.next_step:
            click.echo(f"  {finding.next_step}")
    models, providers = len(settings.models), len(settings.providers)
    name = config or "the environment"
    if findings:
        click.echo(f"{name}: {len(findings)} thing{'s'[: len(findings) != 1]} to see to")
        raise click.exceptions.Exit(1)
    click.echo(
        f"{name}: good; {models} model{'s'[: models != 1]}, "
        f"{providers} provider{'s'[: providers != 1]}"
    )
