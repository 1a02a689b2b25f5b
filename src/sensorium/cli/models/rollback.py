"""``sensorium models rollback``: who was active before is so again."""

from __future__ import annotations

import click

from sensorium.cli.context import Home, home_options


@click.command()
@click.argument("name")
@home_options
def rollback(home: Home, name: str) -> None:
    """Make the version of NAME active that was so before; before the first, none is."""
    from sensorium.cli.models.shelf import registry_of, the_name

    registry = registry_of(home)
    left = registry.standing(the_name(registry, name)).active
    active = registry.rollback(name).active
    if active is None:
        click.echo(f"version {left} of {name} is not active any more, and no other is")
    else:
        click.echo(f"version {active} of {name} is active again instead of version {left}")
