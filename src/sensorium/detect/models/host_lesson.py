"""What a model of hosts is trained on: their vectors, window by window, as stage one scored them.

A fresh engine reads the flows of a stretch of time. Hosts that passed are left out, and so are the
windows of warm-up. The last fifth of the time is held out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from sensorium.detect.arrays import F64
from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.host import FEATURES as HOST_FEATURES
from sensorium.detect.detectors.host import HostDetector
from sensorium.detect.detectors.joint import host_vectors
from sensorium.detect.engine import DetectionEngine, Judged
from sensorium.detect.models.reservoir import Reservoir
from sensorium.detect.names import KIND_OF
from sensorium.detect.protocol import Window
from sensorium.model.signals import Signal
from sensorium.observe.facade import Observe

NAMES: Final = tuple(feature.name for feature in HOST_FEATURES)
HELD_OUT: Final = 0.2
_FIT_MOST: Final = 20_000
_HELD_OUT_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class HostLesson:
    """Vectors to fit to (n, f) and held out (m, f), of hosts in ``windows`` windows.

    ``since_ns`` to ``until_ns`` are the windows' ends in time; ``seen`` is how many vectors they
    are a sample of.
    """

    fit: F64
    held_out: F64
    since_ns: int
    until_ns: int
    windows: int
    seen: int


class HostLessons:
    """Reads flows from ``since_ns`` to ``until_ns`` (Unix ns) and gathers a lesson, in bounded
    memory; ``seed`` decides what is sampled of more vectors than are kept."""

    def __init__(
        self, config: DetectConfig, since_ns: int, until_ns: int, *, seed: int = 0
    ) -> None:
        alone = replace(
            config,
            switched_off=tuple(name for name in KIND_OF if name != HostDetector.name),
            overrides=(),
        )
        self._engine = DetectionEngine(alone, Observe(), witness=self._witness)
        # A window is learned from once something has arrived that is too late for it.
        self._behind_ns = (config.lateness_seconds + config.window_seconds) * 1_000_000_000
        self._cut_ns = until_ns - round((until_ns - since_ns) * HELD_OUT)
        self._fit = Reservoir(_FIT_MOST, len(NAMES), seed)
        self._held_out = Reservoir(_HELD_OUT_MOST, len(NAMES), seed + 1)
        self._first_ns = self._last_ns = 0
        self._windows = 0

    def read(self, batch: pa.RecordBatch | None, through_ns: int) -> None:
        """Take flows in, all that arrived up to ``through_ns``."""
        if batch is not None:
            self._engine.observe(Signal.FLOWS, batch)
        self._engine.advance(through_ns - self._behind_ns)

    def lesson(self) -> HostLesson:
        """What has been gathered."""
        return HostLesson(
            fit=self._fit.vectors,
            held_out=self._held_out.vectors,
            since_ns=self._first_ns,
            until_ns=self._last_ns,
            windows=self._windows,
            seen=self._fit.seen + self._held_out.seen,
        )

    def _witness(self, window: Window, judged: list[Judged]) -> None:
        ((_, scored, verdicts, _),) = judged
        vectors = host_vectors(scored)[~verdicts.passed]
        if not len(vectors):
            return
        self._first_ns = self._first_ns or window.start_ns
        self._last_ns = window.end_ns
        self._windows += 1
        (self._fit if window.end_ns <= self._cut_ns else self._held_out).add(vectors)
