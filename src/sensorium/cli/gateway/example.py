"""``sensorium gateway example``: every setting of the gateway, explained."""

from __future__ import annotations

import click


@click.command()
def example() -> None:
    """Print a settings file with every setting, its explanation and its default."""
    from sensorium.config import example as example_of
    from sensorium.gateway.config import GatewaySettings

    variable = "SENSORIUM_GATEWAY__DOOR__PORT=4001"
    click.echo(example_of(GatewaySettings, "the gateway", variable), nl=False)
