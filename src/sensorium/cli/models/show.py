"""``sensorium models show``: one version in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sensorium.cli.context import Home, home_options

if TYPE_CHECKING:
    from sensorium.detect.models.history import Step


@click.command()
@click.argument("name")
@click.argument("version", required=False, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@home_options
def show(home: Home, name: str, version: int | None, as_json: bool) -> None:
    """Show VERSION of NAME (default: the active one, or else the latest).

    Its files are checked as they are before use. Where a service runs it, what it did so far is
    shown too: its drift, and of a shadow what it would have let pass.
    """
    from sensorium.cli.models import view
    from sensorium.cli.models.shelf import registry_of, the_name
    from sensorium.detect.models.live_record import LiveRecord

    registry = registry_of(home)
    standing = registry.standing(the_name(registry, name))
    chosen = version or standing.active or registry.cards(name)[-1].version
    card = registry.load(name, chosen).card
    history = registry.history(name)
    live = LiveRecord.read(registry.live_path(name))
    if as_json:
        from sensorium.cli.output import print_json

        print_json({**view.as_data(card, standing), "history": history, "live": live})
        return
    view.show(card, standing)
    view.show_live(card, live)
    for step in history[-5:]:
        click.echo(f"  {view.minute(step.at_ns)}  {_told(step)}")


def _told(step: Step) -> str:
    return {
        "promote": "version {} was made active",
        "rollback": "version {} was rolled back",
        "shadow": "version {} went into the shadow",
        "unshadow": "version {} left the shadow",
    }[step.did.value].format(step.version)
