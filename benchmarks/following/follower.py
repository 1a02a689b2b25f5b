"""A detector with its gate, as the engine runs it: what it tells of whom, and what it takes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sensorium.detect.config import DetectConfig
from sensorium.detect.gate import Gate
from sensorium.detect.protocol import Detector, Explanation, Window
from sensorium.detect.registry import build_detectors

CONFIG: Final = DetectConfig()


@dataclass
class Follower:
    """Who passed in which windows, by the name that ``named`` makes of an explanation."""

    detector: Detector
    named: Callable[[Explanation], str]
    told: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    scored: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        half_life = CONFIG.calibration_half_life_windows
        self.gate = Gate(self.detector.features, CONFIG.pass_rate, half_life)

    def take(self, window: Window) -> None:
        """Score one window, and learn from it."""
        began = time.process_time()
        scored = self.detector.score(window)
        verdicts = self.gate.judge(scored)
        passed = verdicts.passed & (window.index >= CONFIG.warmup_windows)
        for row in np.flatnonzero(passed).tolist():
            order = np.argsort(-verdicts.decades(row), kind="stable").tolist()
            told = self.detector.explain(window, scored, row, order)
            self.told[self.named(told)].append(window.index)
        if window.index >= CONFIG.warmup_windows // 2:
            self.gate.learn(scored, verdicts)
        self.detector.learn(window, scored, passed)
        self.scored += len(scored)
        self.seconds += time.process_time() - began

    def tells(self, names: tuple[str, ...], first: int, end: int) -> bool:
        """Whether any of some names passed in any of some windows."""
        return any(first <= at < end for name in names for at in self.told.get(name, ()))


def followers(
    chosen: Callable[[Detector], bool], named: Callable[[Explanation], str]
) -> dict[str, Follower]:
    """The detectors that are chosen, as they are by default, by name."""
    every = build_detectors(CONFIG, lambda _: None)
    return {d.name: Follower(d, named) for d in every if chosen(d)}
