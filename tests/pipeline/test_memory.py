"""What is known is written down between turns, and taken over at a start where it fits."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sensorium.detect.config import DetectConfig
from sensorium.detect.engine import DetectionEngine
from sensorium.detect.testing import (
    NS,
    START_NS,
    everyday,
    everyday_logs,
    flow_batch,
    log_batch,
)
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.pipeline.memory import Known, Memory
from sensorium.state.file import StateFile
from sensorium.topology import EntityGraph, Identities

WINDOW = 30 * NS
CLOSED = START_NS + 4 * WINDOW


@dataclass
class Process:
    """What a service has of its memory, from a start to its end."""

    folder: Path
    settings: DetectConfig = field(default_factory=DetectConfig)
    version: str = "1.0"
    every_s: float = 1e-9
    hours: float = 2.0

    def __post_init__(self) -> None:
        self.observe = Observe()
        engine = DetectionEngine(self.settings, self.observe)
        self.known = Known(engine, Identities(), EntityGraph())
        self.memory = Memory(
            self.known,
            StateFile(self.folder),
            self.observe,
            settings=self.settings,
            version=self.version,
            every_s=self.every_s,
            hours=self.hours,
        )

    def count(self, what: str, outcome: str) -> float:
        value = self.observe.registry.get_sample_value(
            f"sensorium_memory_{what}_total", {"outcome": outcome}
        )
        return value or 0.0

    def see(self, seen: dict[Signal, pa.RecordBatch], until_ns: int = CLOSED) -> Process:
        for signal, batch in seen.items():
            self.known.identities.observe(signal, batch)
            if signal is Signal.FLOWS:
                self.known.graph.observe(batch)
            self.known.engine.observe(signal, batch)
        self.known.engine.advance(until_ns)
        self.known.graph.gather(until_ns)
        return self


@pytest.fixture(scope="module")
def seen() -> dict[Signal, pa.RecordBatch]:
    rng = np.random.default_rng(5)
    return {
        Signal.FLOWS: flow_batch(everyday(rng, 180.0), rng),
        Signal.LOGS: log_batch(everyday_logs(rng, 180.0)),
    }


@pytest.fixture
def kept(tmp_path: Path, seen: dict[Signal, pa.RecordBatch]) -> Path:
    Process(tmp_path).see(seen).memory.close(CLOSED)
    return tmp_path


def test_a_start_takes_over_what_was_kept_and_says_up_to_when(kept: Path) -> None:
    again = Process(kept)
    assert again.memory.restore(CLOSED + 90 * NS) == CLOSED
    assert again.known.engine.closed_ns == CLOSED
    assert again.count("reads", "used") == 1
    assert sum(d.entities for d in again.known.engine.stats().detectors) > 20
    again.known.graph.advance(CLOSED)
    assert again.known.graph.all.edges


def test_a_folder_without_memory_is_no_error(tmp_path: Path) -> None:
    fresh = Process(tmp_path / "none")
    assert fresh.memory.restore(CLOSED) is None
    assert fresh.count("reads", "none") == 1


@pytest.mark.parametrize(
    ("changed", "until_ns", "reason"),
    [
        ({"version": "1.1"}, CLOSED, "version 1.0, and this is 1.1"),
        ({"settings": DetectConfig(history_windows=30)}, CLOSED, "another history_windows"),
        ({}, CLOSED - WINDOW, "of a later time than the incidents"),
        ({"hours": 0.5}, CLOSED + 3601 * NS, "1.0 hours older"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(
    kept: Path,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, object],
    until_ns: int,
    reason: str,
) -> None:
    other = Process(kept, **changed)  # type: ignore[arg-type]  # one of the fields
    assert other.memory.restore(until_ns) is None
    assert other.count("reads", "refused") == 1
    assert other.known.engine.closed_ns is None
    assert reason in capsys.readouterr().err


def test_what_is_damaged_inside_leaves_nothing_behind(kept: Path) -> None:
    found = StateFile(kept).read()
    assert found is not None
    state, stamp = found
    without = {name: a for name, a in state.items() if name != "engine.calm.purse"}
    StateFile(kept).write(without, stamp)
    other = Process(kept)
    assert other.memory.restore(CLOSED) is None
    assert other.known.engine.closed_ns is None
    other.known.graph.advance(CLOSED)
    assert not other.known.graph.all.edges
    assert sum(d.entities for d in other.known.engine.stats().detectors) == 0


def test_a_window_closed_by_half_is_not_kept(
    tmp_path: Path, seen: dict[Signal, pa.RecordBatch]
) -> None:
    process = Process(tmp_path).see(seen)
    # The engine has closed it, and the incidents of it are not on record.
    process.memory.close(CLOSED - WINDOW)
    assert StateFile(tmp_path).read() is None


def test_it_is_written_when_it_is_time_and_there_is_news(
    tmp_path: Path, seen: dict[Signal, pa.RecordBatch]
) -> None:
    process = Process(tmp_path).see(seen)
    process.memory.keep(CLOSED)
    process.memory.keep(CLOSED)
    process.memory.close(CLOSED)
    assert process.count("writes", "written") == 1
    process.known.engine.advance(CLOSED + WINDOW)
    process.memory.close(CLOSED + WINDOW)
    assert process.count("writes", "written") == 2
    patient = Process(tmp_path / "other", every_s=3600.0).see(seen)
    patient.memory.keep(CLOSED)
    assert patient.count("writes", "written") == 0


def test_a_disk_that_refuses_costs_the_kept_state_and_nothing_more(
    tmp_path: Path, seen: dict[Signal, pa.RecordBatch], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "memory").write_text("no folder")
    process = Process(tmp_path / "memory").see(seen)
    process.memory.close(CLOSED)
    assert process.count("writes", "failed") == 1
    assert "could not be written down" in capsys.readouterr().err
    (tmp_path / "memory").unlink()
    process.memory.close(CLOSED)
    assert process.count("writes", "written") == 1
