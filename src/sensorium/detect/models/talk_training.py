"""A model of first contacts from stored flows, and what it reaches on the last fifth of them.

The edges of each window are learned from as they stood before it, beside edges that did not come.
Hosts that passed are left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa

from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.edge import EdgeDetector, edges_of, memory_of
from sensorium.detect.engine import DetectionEngine, Judged
from sensorium.detect.models.card import ModelCard, ModelKind
from sensorium.detect.models.host_training import TooLittleError
from sensorium.detect.models.talk_model import TalkModel
from sensorium.detect.names import KIND_OF
from sensorium.detect.protocol import Window
from sensorium.links.learning.evaluation import area
from sensorium.links.network.names import COLUMN, FEATURES
from sensorium.links.network.plain import PlainScorer
from sensorium.links.network.temporal import Lessons, fit
from sensorium.model.signals import Signal
from sensorium.observe.facade import Observe

NAME: Final = EdgeDetector.name
HELD_OUT: Final = 0.2
FIT_LEAST: Final = 500
HELD_OUT_LEAST: Final = 50


class TalkLessons:
    """Reads flows from ``since_ns`` to ``until_ns`` (Unix ns) and notes edges, in bounded memory.

    ``seed`` decides which edges that did not come they are told from.
    """

    def __init__(
        self, config: DetectConfig, since_ns: int, until_ns: int, *, seed: int = 0
    ) -> None:
        alone = replace(
            config,
            switched_off=tuple(name for name in KIND_OF if name != NAME),
            overrides=(),
            warmup_windows=1,
        )
        self._engine = DetectionEngine(alone, Observe(), witness=self._witness)
        self._behind_ns = (config.lateness_seconds + config.window_seconds) * 1_000_000_000
        self._cut_ns = until_ns - round((until_ns - since_ns) * HELD_OUT)
        self._memory = memory_of(config)
        self.fit, self.held_out = Lessons(seed), Lessons(seed + 1)
        self.since_ns = self.until_ns = self.windows = 0

    def read(self, batch: pa.RecordBatch | None, through_ns: int) -> None:
        """Take flows in, all that arrived up to ``through_ns``."""
        if batch is not None:
            self._engine.observe(Signal.FLOWS, batch)
        self._engine.advance(through_ns - self._behind_ns)

    def _witness(self, window: Window, judged: list[Judged]) -> None:
        ((_, scored, verdicts, _),) = judged
        if window.flows is None:
            return
        client, server = edges_of(window.flows)
        keys = window.flows.addresses.keys
        kept = ~np.isin(keys[client], scored.keys[verdicts.passed])
        source, target = keys[client[kept]], keys[server[kept]]
        if not len(source):
            return
        lessons = self.fit if window.end_ns <= self._cut_ns else self.held_out
        lessons.take(self._memory, source, target, window.index)
        self._memory.learn(source, target, window.index, np.ones(len(source), np.bool_))
        self.since_ns = self.since_ns or window.start_ns
        self.until_ns = window.end_ns
        self.windows += 1


def train_talk(lessons: TalkLessons, *, seed: int = 0) -> tuple[ModelCard, dict[str, bytes]]:
    """Fit a model and judge it; the card is a draft for :meth:`ModelRegistry.add`.

    TooLittleError where fewer than 500 edges were noted, or fewer than 50 are held out; a
    SensoriumError where torch is not installed.
    """
    noted, held_out = len(lessons.fit), len(lessons.held_out)
    known, came = lessons.held_out.rows
    first = known[:, COLUMN["new"]] > 0
    both = 0 < came[first].sum() < first.sum()
    if noted < FIT_LEAST or held_out < HELD_OUT_LEAST or not both:
        raise TooLittleError(
            f"there are {noted:,} edges to fit to and {held_out:,} held out;"
            f" {FIT_LEAST} and {HELD_OUT_LEAST} are needed, of first contacts too",
            unaffected="no model was added; what is active stays so",
            next_step="let it watch for longer, or give a longer --since",
        )
    scorer = fit(lessons.fit, seed)
    seen, seen_came = lessons.fit.rows
    model = TalkModel(scorer, scorer.claimed(seen[seen_came > 0]))
    odd, usual = known[first & (came == 0)], known[first & (came > 0)]
    card = ModelCard(
        name=NAME,
        kind=ModelKind.TALK,
        features=FEATURES,
        since_ns=lessons.since_ns,
        until_ns=lessons.until_ns,
        rows=noted,
        settings={"seed": seed, "of_windows": lessons.windows},
        scores={
            "held_out": float(held_out),
            "first_contacts": float(first.sum()),
            "told_from_absent": area(scorer.score(odd), scorer.score(usual)),
            "told_untrained": area(PlainScorer().score(odd), PlainScorer().score(usual)),
        },
    )
    return card, model.files()
