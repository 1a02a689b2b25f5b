"""``sensorium models shadow``: a version runs beside the active one and decides nothing."""

from __future__ import annotations

import click

from sensorium.cli.context import Home, home_options


@click.command()
@click.argument("name")
@click.argument("version", required=False, type=click.IntRange(1))
@click.option("--stop", is_flag=True, help="End it instead.")
@home_options
def shadow(home: Home, name: str, version: int | None, stop: bool) -> None:
    """Run VERSION of NAME in the shadow of the active one.

    It scores what the active one scores, and passes nothing on: what it would have let pass is
    counted and logged.
    """
    from sensorium.cli.models.shelf import check_shadow, registry_of, the_name
    from sensorium.errors import UsageError

    check_shadow(name)
    registry = registry_of(home)
    the_name(registry, name)
    if stop == (version is not None):
        raise UsageError("name a version, or say --stop")
    registry.shadow_with(name, version)
    if version is None:
        click.echo(f"nothing runs in the shadow of {name}")
    else:
        click.echo(f"version {version} of {name} runs in the shadow of the active one")
