"""Acknowledged rows come from the journal, are stored and scored, and only then let go."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from sensorium.ingest.journal import Segment
from sensorium.model.signals import LOGS, METRICS, Signal
from sensorium.observe import Observe
from sensorium.pipeline.arrivals import Arrivals
from sensorium.pipeline.config import InboxConfig, PipelineConfig
from sensorium.pipeline.inbox import Inbox
from sensorium.pipeline.turn import Pipeline

SECOND = 1_000_000_000
NOW = 1_800_000_000 * SECOND


class Store:
    """Stands where the telemetry store stands, and stores when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Signal, str, int, Any]] = []

    def insert_once(
        self, signal: Signal, batch: pa.RecordBatch, *, token: str, accepted_ns: int, stored: Any
    ) -> None:
        self.waiting.append((signal, token, accepted_ns, stored))

    def insert_templates(self, batch: pa.RecordBatch) -> None:
        """Not looked at here."""


class Engine:
    """Stands where detection stands; fails where it is told to."""

    def __init__(self) -> None:
        self.observed: list[Signal] = []
        self.fail = False

    def assign_templates(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self.fail:
            raise RuntimeError("poison")
        return batch

    def new_templates(self) -> pa.RecordBatch:
        return pa.record_batch({"n": pa.array([], pa.int64())})

    def observe(self, signal: Signal, batch: pa.RecordBatch, *, again: bool) -> None:
        self.observed.append(signal)


def one_row(schema: pa.Schema) -> pa.RecordBatch:
    row = {field.name: [] if pa.types.is_map(field.type) else None for field in schema}
    return pa.RecordBatch.from_pylist([row], schema=schema)


def segment(told: list[str], accepted_ns: int = NOW) -> Segment:
    return Segment(
        token="t",
        opened_ns=NOW - SECOND,
        accepted_ns=accepted_ns,
        rows=((Signal.METRICS, one_row(METRICS)), (Signal.LOGS, one_row(LOGS))),
        stored=lambda: told.append("stored"),
        failed=lambda: told.append("failed"),
    )


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def pipeline(store: Store, engine: Engine) -> Pipeline:
    quiet = SimpleNamespace(observe=lambda *_: None)
    parts: Any = SimpleNamespace(
        observe=Observe(),
        telemetry=store,
        engine=engine,
        identities=quiet,
        graph=quiet,
        order=list,
    )
    return Pipeline(parts, PipelineConfig(), window_s=30, lateness_s=60)


def test_a_segment_is_let_go_when_all_its_signals_are_stored(
    pipeline: Pipeline, store: Store, engine: Engine
) -> None:
    told: list[str] = []
    pipeline.take(Arrivals(through_ns=0, segments=(segment(told),)))
    assert [row[:3] for row in store.waiting] == [
        (Signal.METRICS, "t", NOW - SECOND),
        (Signal.LOGS, "t", NOW - SECOND),
    ]
    assert engine.observed == [Signal.METRICS, Signal.LOGS]
    store.waiting[1][3]()
    assert told == []
    store.waiting[0][3]()
    assert told == ["stored"]


def test_a_segment_that_cannot_be_handed_over_is_kept(pipeline: Pipeline, engine: Engine) -> None:
    told: list[str] = []
    engine.fail = True
    with pytest.raises(RuntimeError):
        pipeline.take(Arrivals(through_ns=0, segments=(segment(told),)))
    assert told == ["failed"]


class Waiting:
    """Stands where the journal stands."""

    def __init__(self, *segments: Segment) -> None:
        self.segments = list(segments)
        self.finished = False

    def take(self) -> list[Segment]:
        taken, self.segments = self.segments, []
        return taken

    def finish(self) -> None:
        self.finished = True


def test_segments_move_event_time_like_everything_that_arrives() -> None:
    journal = Waiting(segment([], accepted_ns=NOW - 2 * SECOND))
    box = Inbox(InboxConfig(), Observe(), lambda: NOW, journal)
    arrivals, _ = box.take(0)
    assert arrivals is not None
    assert (len(arrivals.segments), arrivals.through_ns) == (1, NOW)
    # What an earlier process accepted long ago is of then, not of now.
    old = Waiting(segment([], accepted_ns=NOW - 500 * SECOND))
    arrivals, _ = Inbox(InboxConfig(), Observe(), lambda: NOW, old).take(0)
    assert arrivals is not None
    assert arrivals.through_ns == NOW - 500 * SECOND


def test_the_last_turn_gets_everything() -> None:
    journal = Waiting()
    Inbox(InboxConfig(), Observe(), lambda: NOW, journal).finish()
    assert journal.finished
