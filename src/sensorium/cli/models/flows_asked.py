"""The flows that a model learns from, read step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from sensorium.cli.models.asked import Asked, progress
from sensorium.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from sensorium.cli.context import Home
    from sensorium.pipeline.history import FlowHistory


class Lessons(Protocol):
    """What takes flows in, to be trained on."""

    def read(self, batch: pa.RecordBatch | None, through_ns: int) -> None:
        """All that arrived up to ``through_ns``."""


L = TypeVar("L", bound=Lessons)


@contextmanager
def flows_of(home: Home, asked: Asked) -> Iterator[FlowHistory]:
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


def read_through(flows: FlowHistory, asked: Asked, begun: Callable[[int, int], L]) -> L:
    """What ``begun``, given the two ends of the time (Unix ns), has of the flows that were asked
    for. UsageError where there are none."""
    from sensorium.pipeline.history import in_steps

    span = flows.span()
    if span is None:
        raise UsageError(
            "no flows are stored, so there is nothing to train on",
            next_step="let it watch a network first, or name a --recording",
        )
    # An end is exclusive, and the latest flow belongs to the data.
    since, until = asked.stretch(span[0], span[1] + 1)
    lessons = begun(since, until)
    with progress("reading flows") as report:
        for through, batch in in_steps(flows, since, until):
            lessons.read(batch, through)
            report((through - since) / (until - since))
    return lessons
