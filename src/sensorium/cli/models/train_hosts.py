"""A model for ``flows.host.joint`` from stored flows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sensorium.cli.models.asked import Asked, progress
from sensorium.cli.models.flows_asked import flows_of, read_through
from sensorium.errors import UsageError

if TYPE_CHECKING:
    from sensorium.cli.context import Home
    from sensorium.detect.models.card import ModelCard, ModelKind


def train(home: Home, asked: Asked) -> tuple[ModelCard, dict[str, bytes]]:
    """Read the flows through stage one, and fit to what hosts looked like."""
    from sensorium.detect.models.host_lesson import HostLessons
    from sensorium.detect.models.host_training import EPOCHS, train_hosts

    kind = _kind(asked.kind)
    detect = home.settings.detect
    with flows_of(home, asked) as flows:
        lesson = read_through(flows, asked, partial(HostLessons, detect, seed=asked.seed)).lesson()
    with progress(f"fitting to {len(lesson.fit):,} host windows of {lesson.seen:,}"):
        return train_hosts(lesson, kind, trees=detect.forest_trees, epochs=EPOCHS, seed=asked.seed)


def _kind(given: str | None) -> ModelKind:
    from sensorium.detect.models.card import ModelKind

    kinds = [ModelKind.ISOLATION_FOREST, ModelKind.AUTOENCODER]
    if given is None:
        return kinds[0]
    if given not in kinds:
        raise UsageError(f"--kind {given!r} is none of {', '.join(kinds)}")
    return ModelKind(given)
