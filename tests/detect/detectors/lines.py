"""Log windows for tests of detectors that read lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import pyarrow as pa

from sensorium.detect.logs.templates import Template, TemplateMiner
from sensorium.detect.logs.window import LogWindow
from sensorium.detect.protocol import Detector, Explanation, Scored, Window
from sensorium.detect.testing import log_batch

HOST = "10.2.0.10"

Line = tuple[float, str, str]
"""Seconds within its window, the process, and the text."""


class Makes(Protocol):
    """What makes a detector from the way to name a template."""

    def __call__(self, template: Callable[[int], Template | None]) -> Detector: ...


class Reader:
    """A detector that is given lines of one program, window by window."""

    def __init__(self, makes: Makes) -> None:
        self._miner = TemplateMiner(0.7, 1000)
        self.detector = makes(self._miner.template)
        self._index = 0
        self.window: Window | None = None

    def read(self, lines: Sequence[Line], *, limit: float = 1e9) -> Scored:
        """Score a window and learn it; what reaches ``limit`` counts as passed."""
        start = self._index * 30.0
        batch = log_batch([(start + at, HOST, 9, "app", text) for at, _, text in sorted(lines)])
        at = batch.schema.get_field_index("proc_id")
        processes = pa.array([process for _, process, _ in sorted(lines)], pa.string())
        batch = batch.set_column(at, batch.schema.field(at), processes)
        logs = LogWindow.of(self._miner.assign(batch))
        self.window = Window(self._index, self._index * 30, self._index * 30 + 30, logs=logs)
        scored = self.detector.score(self.window)
        self.told = [self._tell(scored, row) for row in range(len(scored))]
        self.detector.learn(self.window, scored, (abs(scored.oddness) >= limit).any(axis=1))
        self._index += 1
        return scored

    def _tell(self, scored: Scored, row: int) -> Explanation:
        assert self.window is not None
        order = abs(scored.oddness[row]).argsort()[::-1].tolist()
        return self.detector.explain(self.window, scored, row, order)


def oddest(reader: Reader, scored: Scored) -> tuple[float, str]:
    """The strongest score of a window, signed, and the sentence that belongs to it."""
    row = int(abs(scored.oddness).max(axis=1).argmax())
    column = int(abs(scored.oddness[row]).argmax())
    return float(scored.oddness[row, column]), reader.told[row].summary
