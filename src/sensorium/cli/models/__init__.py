"""``sensorium models``: one module per verb, loaded only when that verb is used."""

from __future__ import annotations

import click

from sensorium.cli import LazyGroup

# In the order a newcomer meets them, which is the order `sensorium models --help` prints.
VERBS = {
    "train": "Train a model from what was stored, and keep it as a new version.",
    "list": "List the versions that are kept, and which of them count.",
    "show": "Show what a model saw, what it reached, and who was active when.",
    "shadow": "Run a version beside the active one; it decides nothing.",
    "promote": "Make a version the active one.",
    "rollback": "Make active again who was so before.",
}


@click.group(
    cls=LazyGroup,
    table=VERBS,
    package=__name__,
    epilog="\b\nNew here?  sensorium models train flows.host.joint --since 24h --shadow",
)
def models() -> None:
    """Train models from what was stored, and say which of them decide.

    A running service takes up what is said here with its next window.
    """
