"""``sensorium models promote``: a version becomes the active one."""

from __future__ import annotations

import click

from sensorium.cli.context import Home, home_options


@click.command()
@click.argument("name")
@click.argument("version", type=click.IntRange(1))
@home_options
def promote(home: Home, name: str, version: int) -> None:
    """Make VERSION of NAME the active one.

    Its files are checked first. A running service uses it from its next window on.
    """
    from sensorium.cli.models.shelf import registry_of, the_name

    registry = registry_of(home)
    before = registry.standing(the_name(registry, name)).active
    registry.promote(name, version)
    instead = "" if before in (None, version) else f" instead of version {before}"
    click.echo(f"version {version} of {name} is active{instead}")
    click.echo(f"  to go back: sensorium models rollback {name}")
