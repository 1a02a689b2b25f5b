"""``sensorium links explain``: what two nodes have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sensorium.cli.links.answers import asked_of_a_model
from sensorium.errors import UsageError

if TYPE_CHECKING:
    from sensorium.links.serving.served import Served


@click.command()
@asked_of_a_model
@click.option("--node", required=True, metavar="ID", help="One of the two.")
@click.option("--other", required=True, metavar="ID", help="The other one.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def explain(served: Served, node: str, other: str, as_json: bool) -> None:
    """Say how likely a tie between two nodes is, and what they have in common.

    MODEL is the folder that `sensorium links fit` wrote. Only public ties are told of: with
    --rules, private ones are left out.
    """
    if node == other:
        raise UsageError(f"{node!r} is both of the two", next_step="--node one, --other another")
    recommender = served.recommender
    ((logit, chance),) = recommender.score([(node, other)])
    reasons = recommender.explain(node, other)
    tied = recommender.tied(node, other)
    if as_json:
        from sensorium.cli.output import print_json

        print_json({"score": logit, "probability": chance, "tied": tied, "reasons": reasons})
        return
    already = "; they are tied already" if tied else ""
    click.echo(f"{node} and {other}: {chance:.1%} likely (score {logit:.2f}){already}")
    click.echo(f"  {reasons.sentence}")
