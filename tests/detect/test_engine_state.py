"""An engine that takes another's state over goes on as that one would have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from sensorium.detect.config import DetectConfig, shaping
from sensorium.detect.engine import DetectionEngine
from sensorium.detect.testing import (
    NS,
    SERVERS,
    START_NS,
    WORKSTATIONS,
    Talks,
    arrivals,
    everyday,
    everyday_logs,
    everyday_metrics,
    flow_batch,
    log_batch,
    metric_batch,
    scan,
)
from sensorium.model.anomaly import Anomaly
from sensorium.model.signals import Signal
from sensorium.observe.facade import Observe
from sensorium.state.arrays import State, StateError

Batches = dict[Signal, pa.RecordBatch]
WINDOW = 30 * NS
LAG_NS = 65 * NS
SECONDS = 720.0
CUT = START_NS + 12 * WINDOW


def new_engine(**given: int) -> DetectionEngine:
    return DetectionEngine(DetectConfig(**given), Observe())


def turns(batches: Batches) -> Iterator[tuple[int, Batches]]:
    """What arrives every ten seconds, and up to when windows can be closed then."""
    at = {signal: arrivals(signal, batch) for signal, batch in batches.items()}
    begin = dict.fromkeys(batches, 0)
    for now in range(START_NS, START_NS + int(SECONDS + 120) * NS, 10 * NS):
        part = {}
        for signal, batch in batches.items():
            end = int(np.searchsorted(at[signal], now))
            part[signal] = batch.slice(begin[signal], end - begin[signal])
            begin[signal] = end
        yield now - LAG_NS, part


def drive(engine: DetectionEngine, batches: Batches) -> tuple[list[Anomaly], State]:
    """All anomalies, and the state when the windows before the cut were closed."""
    found: list[Anomaly] = []
    state: State = {}
    for watermark, part in turns(batches):
        for signal, batch in part.items():
            engine.observe(signal, batch)
        found += engine.advance(watermark)
        if not state and watermark >= CUT:
            state = engine.state()
    return found, state


@pytest.fixture(scope="module")
def batches() -> Batches:
    """Twelve minutes, a scan in the seventh, and one in the tenth."""
    rng = np.random.default_rng(7)
    talks = [everyday(rng, SECONDS), scan(WORKSTATIONS[1], SERVERS, 375.0)]
    talks.append(scan(WORKSTATIONS[4], SERVERS[:2], 572.0))
    lines = everyday_logs(rng, SECONDS)
    lines += [(t, SERVERS[0], 17, "app", f"lost {int(t)}") for t in np.arange(580.0, 600.0, 0.2)]
    return {
        Signal.FLOWS: flow_batch(Talks.join(talks), rng),
        Signal.LOGS: log_batch(lines),
        Signal.METRICS: metric_batch(everyday_metrics(rng, SECONDS)),
    }


@pytest.fixture(scope="module")
def driven(batches: Batches) -> tuple[list[Anomaly], State]:
    return drive(new_engine(), batches)


def test_another_engine_tells_the_same_when_it_reads_again_what_was_open(
    batches: Batches, driven: tuple[list[Anomaly], State]
) -> None:
    found, state = driven
    later = [anomaly for anomaly in found if anomaly.start_ns >= CUT]
    assert later
    other = new_engine()
    other.restore(state)
    for signal, batch in batches.items():
        other.observe(signal, batch, again=True)
    again = [a for watermark, _ in turns(batches) for a in other.advance(watermark)]
    assert again == later


def test_records_of_closed_windows_read_again_change_nothing(
    batches: Batches, driven: tuple[list[Anomaly], State]
) -> None:
    _, state = driven
    other = new_engine()
    other.restore(state)
    arrived = arrivals(Signal.FLOWS, batches[Signal.FLOWS])
    early = batches[Signal.FLOWS].filter(pa.array(arrived < CUT))
    other.observe(Signal.FLOWS, early, again=True)
    assert other.stats().clamped_closed == 0
    assert not other.advance(CUT + 100 * WINDOW)
    assert other.stats().windows == 0


def test_a_state_that_does_not_fit_leaves_the_engine_as_it_was_made(
    batches: Batches, driven: tuple[list[Anomaly], State]
) -> None:
    found, state = driven
    other = new_engine()
    without = {k: a for k, a in state.items() if not k.startswith("detector.metrics.silence")}
    with pytest.raises(StateError, match="lacks"):
        other.restore(without)
    assert drive(other, batches)[0] == found


def test_settings_that_only_judge_leave_what_was_learned_as_good() -> None:
    usual = shaping(DetectConfig())
    assert shaping(DetectConfig(pass_rate=0.01, hold_windows=3)) == usual
    assert shaping(DetectConfig(history_windows=30)) != usual
    assert shaping(DetectConfig(max_entities=100)) != usual
