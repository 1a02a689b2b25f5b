"""The detector and its gate over windows, as the engine runs them, and forked at will."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from benchmarks.beacons.network import Beacon, planted
from sensorium.detect.calm import Calm
from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.beacon import BeaconDetector
from sensorium.detect.flows.assembly import FlowAssembly
from sensorium.detect.gate import Gate
from sensorium.detect.protocol import Window
from sensorium.detect.testing import NS, START_NS, flow_batch
from sensorium.detect.windows import Part, WindowBuffer
from sensorium.model.signals import Signal

Windows = Mapping[int, Sequence[Part]]
_CONFIG = DetectConfig()
WINDOW_NS = _CONFIG.window_seconds * NS


def cut(batch: pa.RecordBatch) -> Windows:
    """The parts of each window."""
    buffer = WindowBuffer(WINDOW_NS, _CONFIG.lateness_seconds * NS)
    buffer.add(Signal.FLOWS, batch)
    closed = buffer.close(2 * START_NS)
    return {window.index: window.parts[Signal.FLOWS] for window in closed}


@dataclass(slots=True)
class Watch:
    """What has been learned so far, and which pairs passed first when (window)."""

    flows: FlowAssembly = field(default_factory=lambda: FlowAssembly(_CONFIG.max_entities))
    detector: BeaconDetector = field(default_factory=lambda: BeaconDetector(_CONFIG))
    gate: Gate = field(
        default_factory=lambda: Gate(
            BeaconDetector.features, _CONFIG.pass_rate, _CONFIG.calibration_half_life_windows
        )
    )
    calm: Calm = field(default_factory=lambda: Calm(_CONFIG.pass_rate, _CONFIG.history_windows))
    passed: dict[str, int] = field(default_factory=dict)

    def see(self, index: int, parts: Sequence[Part]) -> None:
        """Take one window in."""
        start = index * WINDOW_NS
        flows = self.flows.build(parts, start)
        window = Window(index=index, start_ns=start, end_ns=start + WINDOW_NS, flows=flows)
        scored = self.detector.score(window)
        verdicts = self.gate.judge(scored)
        warm = start >= START_NS + _CONFIG.warmup_windows * WINDOW_NS
        for place in np.flatnonzero(verdicts.passed & warm).tolist():
            told = self.detector.explain(window, scored, place, [0])
            self.passed.setdefault(told.entity.key, index)
        if self.calm.admits([verdicts]):
            self.gate.learn(scored, verdicts)
        self.detector.learn(window, scored, verdicts.passed & warm)
        self.flows.learn(flows, index)

    def fork(self) -> Watch:
        """The same past, for another future."""
        return deepcopy(self)


def until(watch: Watch, windows: Windows, first: int, end: int) -> Iterator[int]:
    """See the windows of [first, end), telling each after it was seen."""
    for index in range(first, end):
        if index in windows:
            watch.see(index, windows[index])
            yield index


def seconds_to_find(
    beacon: Beacon, seed: int, watch: Watch, windows: Windows, begin: float, end: float
) -> float | None:
    """How long after its first call a planted beacon passes; None where it does not."""
    rng = np.random.default_rng(seed)
    talks = planted(beacon, rng, begin + rng.uniform(0, 1800), end)
    extra = cut(flow_batch(talks, rng))
    pair = f"{talks.client[0]}>{talks.server[0]}"
    both = {i: [*windows.get(i, ()), *extra.get(i, ())] for i in {*windows, *extra}}
    mine = watch.fork()
    first = START_NS // WINDOW_NS + int(begin / _CONFIG.window_seconds)
    for index in until(mine, both, first, max(both) + 1):
        if pair in mine.passed:
            return (index + 1) * _CONFIG.window_seconds - START_NS / NS - float(talks.at.min())
    return None
