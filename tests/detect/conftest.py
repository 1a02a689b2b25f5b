"""A made-up network, built once, and windows cut from it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from sensorium.detect.config import DetectConfig
from sensorium.detect.flows.assembly import FlowAssembly
from sensorium.detect.logs.templates import TemplateMiner
from sensorium.detect.logs.window import LogWindow
from sensorium.detect.metrics.assembly import MetricAssembly
from sensorium.detect.protocol import Scored, Window
from sensorium.detect.registry import build_detectors
from sensorium.detect.testing import (
    NS,
    START_NS,
    everyday,
    everyday_logs,
    everyday_metrics,
    flow_batch,
    log_batch,
    metric_batch,
)
from sensorium.detect.windows import WindowBuffer
from sensorium.model.signals import Signal

Batches = dict[Signal, pa.RecordBatch]
WINDOW = 30 * NS


def make_batches(seed: int, seconds: float) -> Batches:
    rng = np.random.default_rng(seed)
    return {
        Signal.FLOWS: flow_batch(everyday(rng, seconds), rng),
        Signal.LOGS: TemplateMiner(0.5, 1000).assign(log_batch(everyday_logs(rng, seconds))),
        Signal.METRICS: metric_batch(everyday_metrics(rng, seconds)),
    }


@pytest.fixture(scope="session")
def quiet() -> Batches:
    """Ten quiet minutes."""
    return make_batches(1, 600.0)


def cut(batches: Batches, capacity: int = 50_000) -> list[Window]:
    """All windows of the batches, with flow windows learned as they are made."""
    flows, metrics = FlowAssembly(capacity), MetricAssembly(capacity)
    buffer = WindowBuffer(WINDOW, 60 * NS)
    for signal, batch in batches.items():
        buffer.add(signal, batch)
    windows = []
    for closed in buffer.close(START_NS * 2):
        part, start = closed.parts, closed.index * WINDOW
        built = flows.build(part[Signal.FLOWS], start) if Signal.FLOWS in part else None
        if built is not None:
            flows.learn(built, closed.index)
        lines, samples = closed.merged(Signal.LOGS), closed.merged(Signal.METRICS)
        windows.append(
            Window(
                index=closed.index,
                start_ns=start,
                end_ns=start + WINDOW,
                flows=built,
                logs=None if lines is None else LogWindow.of(lines),
                metrics=None if samples is None else metrics.build(samples, closed.index),
            )
        )
    return windows


@pytest.fixture(scope="session")
def quiet_windows(quiet: Batches) -> list[Window]:
    """The windows of the quiet minutes."""
    return cut(quiet)


class Course:
    """One detector, with those it depends on, that is led through windows one by one."""

    def __init__(self, name: str, config: DetectConfig) -> None:
        detectors = {d.name: d for d in build_detectors(config, lambda _: None)}
        self.detector = detectors[name]
        self._feeders = [detectors["flows.host"]] if name == "flows.host.joint" else []
        if name.startswith("flows.silence.") and name != "flows.silence.exporter":
            self._feeders = [detectors["flows.silence.exporter"]]
        if name == "metrics.silence.metric":
            self._feeders = [detectors["metrics.silence"]]

    def run(self, windows: list[Window]) -> list[Scored]:
        """Score and learn one window after the other."""
        return [self._step(window) for window in windows]

    def follow(self, other: Course) -> None:
        """Go on from what another course's detectors have learned."""
        pairs = zip((*self._feeders, self.detector), (*other._feeders, other.detector), strict=True)
        for mine, theirs in pairs:
            mine.restore(theirs.state())

    def _step(self, window: Window) -> Scored:
        scored = self.detector.score(window)
        for each in (*self._feeders, self.detector):
            mine = each.score(window)
            each.learn(window, mine, np.zeros(len(mine), np.bool_))
        return scored


@pytest.fixture
def course() -> Callable[..., Course]:
    """Makes the course of a detector, with given settings."""
    return lambda name, **given: Course(name, DetectConfig(**given))


@pytest.fixture(scope="session")
def cutting() -> Callable[..., list[Window]]:
    """Cuts batches into windows."""
    return cut
