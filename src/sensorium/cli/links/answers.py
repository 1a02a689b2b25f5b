"""What commands that ask a model share: which model, which rules, a recommender of both."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sensorium.links.serving.served import Served

_FILE = click.Path(path_type=Path, dir_okay=False)


def asked_of_a_model(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command MODEL and ``--rules``; it receives ``served``."""

    @functools.wraps(command)
    def with_model(*args: Any, model: Path, rules: Path | None, **kwargs: Any) -> Any:
        few = not kwargs.get("everyone", False)
        return command(*args, served=loaded(model, rules, few=few), **kwargs)

    with_rules = click.option(
        "--rules",
        type=_FILE,
        help="CSV or Parquet file of node, other and rule: blocked, dismissed, pending, "
        "opted_out, private or hidden.",
    )
    with_folder = click.argument(
        "model", default="links-model", type=click.Path(path_type=Path, file_okay=False)
    )
    return with_folder(with_rules(with_model))


def loaded(model: Path, rules: Path | None, *, few: bool) -> Served:
    """Load a model for one command, and say which rules were passed over.

    ``few``: the command asks about a few nodes, for which no index of all is worth making.
    """
    from sensorium.links.serving.recommending import Sizes
    from sensorium.links.serving.served import load_served

    served = load_served(model, rules, Sizes(), few=few)
    if served.rules_passed_over:
        count = served.rules_passed_over
        said = "1 rule is about a node" if count == 1 else f"{count:,} rules are about nodes"
        click.echo(f"note: {said} the model does not have", err=True)
    return served
