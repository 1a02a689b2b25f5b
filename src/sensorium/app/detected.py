"""A recording through detection alone: what each window scored, and what passed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sensorium.app.spine import build_spine
from sensorium.config import Settings
from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.engine import Judged
from sensorium.detect.protocol import Detector, Scored, Window
from sensorium.detect.stats import DetectStats
from sensorium.ingest.recording import Recording
from sensorium.model.anomaly import Anomaly
from sensorium.observe import Observe
from sensorium.pipeline.arrivals import recorded_arrivals


@dataclass(frozen=True, slots=True)
class Row:
    """What one detector said of one entity in one window that began at ``start_ns`` (Unix ns)."""

    start_ns: int
    detector: str
    entity: str
    score: float
    tail_probability: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Detected:
    """All ``rows`` after the warm-up in order of time, the ``anomalies`` among them with their
    explanations, and the counts; ``began_ns`` to ``ended_ns`` is the recording's time."""

    began_ns: int
    ended_ns: int
    window_ns: int
    stats: DetectStats
    anomalies: list[Anomaly] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


class _Scribe:
    """Writes down every window; each entity is named once."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._names: dict[tuple[str, int], str] = {}

    def __call__(self, window: Window, judged: list[Judged]) -> None:
        for detector, scored, verdicts, told in judged:
            passed = told.verdicts.passed.tolist()
            score, tail = verdicts.score.tolist(), verdicts.probability.tolist()
            self.rows += [
                Row(
                    start_ns=window.start_ns,
                    detector=detector.name,
                    entity=self._name(window, detector, scored, place),
                    score=score[place],
                    tail_probability=tail[place],
                    passed=passed[place],
                )
                for place in range(len(scored))
            ]

    def _name(self, window: Window, detector: Detector, scored: Scored, place: int) -> str:
        key = detector.name, int(scored.keys[place])
        if key not in self._names:
            order = list(range(len(detector.features)))
            self._names[key] = detector.explain(window, scored, place, order).entity.key
        return self._names[key]


def detect_recording(
    folder: Path, settings: Settings, report: Callable[[float], None] = lambda _done: None
) -> Detected:
    """Decode a recording and score its windows; nothing is grouped, investigated or kept."""
    recording = Recording.open(folder)
    scribe, anomalies = _Scribe(), list[Anomaly]()
    with tempfile.TemporaryDirectory(prefix="sensorium-detect-") as data:
        settings = replace(settings, data_dir=Path(data))
        spine = build_spine(settings, Observe(), reader=scribe)
        behind = (settings.detect.lateness_seconds + settings.pipeline.slack_s) * 1_000_000_000
        try:
            for arrivals in recorded_arrivals(recording):
                spine.pipeline.keep(arrivals)
                anomalies += spine.engine.advance(arrivals.through_ns - behind)
                report(arrivals.progress)
            began, ended = recording.manifest.started_ns, recording.manifest.ended_ns
            anomalies += spine.engine.advance(ended + behind)
            stats = spine.engine.stats()
        finally:
            spine.close()
    return Detected(began, ended, spine.engine.window_ns, stats, anomalies, scribe.rows)


def strongest(found: Detected, led_by: str) -> tuple[I64, F64, Bool]:
    """Of each window, oldest first: when it began (Unix ns), the decades (-log10) of the most
    improbable entity of detectors of a signal (``flows``), and whether any of them passed."""
    rows = [row for row in found.rows if row.detector.startswith(led_by)]
    starts = np.array(sorted({row.start_ns for row in found.rows}), np.int64)
    decades, passed = np.zeros(len(starts)), np.zeros(len(starts), np.bool_)
    place = {start: at for at, start in enumerate(starts.tolist())}
    for row in rows:
        at = place[row.start_ns]
        decades[at] = max(decades[at], -np.log10(max(row.tail_probability, 1e-12)))
        passed[at] |= row.passed
    return starts, decades, passed
