"""A model for ``incidents.rank`` from what people said of incidents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from sensorium.cli.models.asked import Asked
from sensorium.errors import UsageError

if TYPE_CHECKING:
    from sensorium.cli.context import Home
    from sensorium.detect.models.card import ModelCard
    from sensorium.incident.ranking.examples import Examples
    from sensorium.incident.ranking.training import Trained


def train(home: Home, asked: Asked) -> tuple[ModelCard, dict[str, bytes]]:
    """Read labelled incidents from the records, and learn from them."""
    from sensorium.incident.ranking.examples import read_examples
    from sensorium.incident.ranking.training import train as learn

    if asked.kind not in (None, "ranker"):
        raise UsageError(f"--kind {asked.kind!r}: what ranks incidents is a ranker")
    if asked.recording is not None:
        raise UsageError(
            "a recording has no labels; people give them",
            next_step="replay it, and label what was found: sensorium incident label ID LABEL",
        )
    with home.records() as records:
        examples = _within(read_examples(records), asked)
    trained = learn(examples)
    _tell(trained)
    return trained.card, trained.model.files()


def _within(examples: Examples, asked: Asked) -> Examples:
    """Those of incidents that were opened in the stretch of time that was asked for."""
    if not examples.rows:
        return examples
    opened = [example.opening.at_ns for example in examples.rows]
    since, until = asked.stretch(min(opened), max(opened) + 1)
    rows = tuple(e for e in examples.rows if since <= e.opening.at_ns < until)
    return replace(examples, rows=rows)


def _tell(trained: Trained) -> None:
    labels = ", ".join(
        f"{count} {name.replace('_', ' ')}" for name, count in sorted(trained.labels.items())
    )
    own = f", and {trained.own} that Sensorium closed as planned" if trained.own else ""
    click.echo(f"learning from {labels}{own}", err=True)
    held = trained.held_out
    if held.learned is None:
        click.echo(
            f"the latest {held.rows} incidents all turned out the same way, so how good its order "
            "is cannot be said",
            err=True,
        )
