"""``sensorium models train``: a new version from what was stored."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sensorium.cli.context import Home, home_options

if TYPE_CHECKING:
    from sensorium.cli.models.asked import Trainer

# Who trains the models of a name: a module with a function `train` (see cli/models/asked.py).
TRAINERS = {
    "flows.edge": "sensorium.cli.models.train_talk",
    "flows.host.joint": "sensorium.cli.models.train_hosts",
    "incidents.rank": "sensorium.cli.models.train_rank",
}


@click.command()
@click.argument("name", type=click.Choice(sorted(TRAINERS)))
@click.option(
    "--kind", help="What is trained of hosts: isolation_forest (the default), autoencoder."
)
@click.option("--since", help="From when on: 24h or 7d before --until, or a time (default: all).")
@click.option("--until", help="Up to when: a time, as 2026-11-28T12:00Z (default: the latest).")
@click.option(
    "--recording",
    type=click.Path(path_type=Path, file_okay=False),
    help="Train on a recording of the lab instead of the store.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all chance.")
@click.option("--promote", is_flag=True, help="Make it the active one at once.")
@click.option("--shadow", is_flag=True, help="Let it run beside the active one.")
@click.option("--json", "as_json", is_flag=True, help="Print its card as JSON.")
@home_options
def train(
    home: Home, name: str, *, promote: bool, shadow: bool, as_json: bool, **asked: Any
) -> None:
    """Train a model that stands in for NAME, and keep it as a new version.

    The latest are held out, and what the model reaches on them is shown. Nothing uses the
    version before it is promoted. flows.edge learns which first contacts are likely, and needs
    sensorium[graph]. incidents.rank learns from what people said of incidents, by
    sensorium incident label.
    """
    from sensorium.cli.models import view
    from sensorium.cli.models.asked import Asked
    from sensorium.cli.models.shelf import NO_SHADOW, check_shadow, registry_of
    from sensorium.errors import UsageError

    if promote and shadow:
        raise UsageError("--promote and --shadow exclude each other")
    if shadow:
        check_shadow(name)
    trainer: Trainer = import_module(TRAINERS[name]).train
    card, files = trainer(home, Asked(**asked))
    registry = registry_of(home)
    added = registry.add(card, files)
    if promote:
        registry.promote(name, added.version)
    if shadow:
        registry.shadow_with(name, added.version)
    standing = registry.standing(name)
    if as_json:
        from sensorium.cli.output import print_json

        print_json(view.as_data(added, standing))
        return
    view.show(added, standing)
    if not (promote or shadow):
        if name not in NO_SHADOW:
            click.echo(f"  to compare it: sensorium models shadow {name} {added.version}")
        click.echo(f"  to use it:     sensorium models promote {name} {added.version}")
