"""A model for ``flows.host.joint`` from stored flows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sensorium.cli.models.asked import Asked, progress
from sensorium.errors import UsageError

if TYPE_CHECKING:
    from sensorium.cli.context import Home
    from sensorium.detect.models.card import ModelCard, ModelKind
    from sensorium.pipeline.history import FlowHistory


def train(home: Home, asked: Asked) -> tuple[ModelCard, dict[str, bytes]]:
    """Read the flows through stage one, and fit to what hosts looked like."""
    from sensorium.detect.models.host_lesson import HostLessons
    from sensorium.detect.models.host_training import EPOCHS, train_hosts
    from sensorium.pipeline.history import in_steps

    kind = _kind(asked.kind)
    detect = home.settings.detect
    with _flows(home, asked) as flows:
        span = flows.span()
        if span is None:
            raise UsageError(
                "no flows are stored, so there is nothing to train on",
                next_step="let it watch a network first, or name a --recording",
            )
        # An end is exclusive, and the latest flow belongs to the data.
        since, until = asked.stretch(span[0], span[1] + 1)
        lessons = HostLessons(detect, since, until, seed=asked.seed)
        with progress("reading flows") as report:
            for through, batch in in_steps(flows, since, until):
                lessons.read(batch, through)
                report((through - since) / (until - since))
    lesson = lessons.lesson()
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


@contextmanager
def _flows(home: Home, asked: Asked) -> Iterator[FlowHistory]:
    """A recording's, those of the service that holds the store, or the store's."""
    from sensorium.pipeline.history import StoredFlows

    if asked.recording is None:
        service = home.service()
        if service is not None:
            from sensorium.cli.models.served_flows import ServedFlows

            yield ServedFlows(service)
            return
        with home.telemetry() as telemetry:
            yield StoredFlows(telemetry)
        return
    from sensorium.app.recorded import recorded_telemetry

    with (
        progress(f"decoding {asked.recording.name}"),
        recorded_telemetry(asked.recording, home.settings) as telemetry,
    ):
        yield StoredFlows(telemetry)
