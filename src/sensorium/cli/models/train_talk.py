"""A model for ``flows.edge`` from stored flows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from sensorium.cli.models.asked import Asked, progress
from sensorium.cli.models.flows_asked import flows_of, read_through
from sensorium.errors import UsageError

if TYPE_CHECKING:
    from sensorium.cli.context import Home
    from sensorium.detect.models.card import ModelCard


def train(home: Home, asked: Asked) -> tuple[ModelCard, dict[str, bytes]]:
    """Read the flows window by window, and learn which edges came and which did not."""
    from sensorium.detect.models.talk_training import TalkLessons, train_talk
    from sensorium.links.optional import need_torch

    if asked.kind not in (None, "talk"):
        raise UsageError(f"--kind {asked.kind!r}: what learns who talks to whom is talk")
    need_torch()
    with flows_of(home, asked) as flows:
        detect = home.settings.detect
        lessons = read_through(flows, asked, partial(TalkLessons, detect, seed=asked.seed))
    with progress(f"fitting to {len(lessons.fit):,} edges that came and did not"):
        card, files = train_talk(lessons, seed=asked.seed)
    if card.scores["told_from_absent"] < card.scores["told_untrained"]:
        click.echo(
            "note: it tells them apart no better than the score without training; learn from more: "
            "days rather than minutes",
            err=True,
        )
    return card, files
