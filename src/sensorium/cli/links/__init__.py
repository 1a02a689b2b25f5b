"""``sensorium links``: one module per verb, loaded only when that verb is used."""

from __future__ import annotations

import click

from sensorium.cli import LazyGroup

# In the order a newcomer meets them, which is the order `sensorium links --help` prints.
VERBS = {
    "fit": "Learn from a file of edges which further ones are likely, and save the model.",
    "evaluate": "Measure a saved model again, beside scores that need no learning.",
    "recommend": "Say to whom a node is most likely to be tied, and why.",
    "score": "Write a score and a probability for each pair of a file.",
    "explain": "Say what two nodes have in common.",
    "refresh": "Take newer ties into a model without training.",
    "serve": "Answer all of that over HTTP.",
    "export": "Divide a graph into parts, to be trained on by several machines.",
    "missing": "List services that a host has never used and hosts like it do.",
}


@click.group(
    cls=LazyGroup,
    table=VERBS,
    package=__name__,
    epilog="\b\nNew here?  sensorium links fit edges.csv --features users.csv --out friends",
)
def links() -> None:
    """Learn who is likely to be tied to whom: friends, hosts, whatever has edges."""
