"""``sensorium models list``: what is kept, and which of it counts."""

from __future__ import annotations

import click

from sensorium.cli.context import Home, home_options


@click.command("list")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@home_options
def list(home: Home, name: str | None, as_json: bool) -> None:
    """List all versions, or those of NAME."""
    from sensorium.cli.models.shelf import registry_of, the_name
    from sensorium.cli.models.view import as_data, table

    registry = registry_of(home)
    if name is not None:
        the_name(registry, name)
    rows = [(card, registry.standing(card.name)) for card in registry.cards(name)]
    if as_json:
        from sensorium.cli.output import print_json

        print_json([as_data(*row) for row in rows])
    elif rows:
        table(rows)
    else:
        click.echo("there are no models yet; train one: sensorium models train flows.host.joint")
