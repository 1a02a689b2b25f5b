"""A flood on one server, by many who hardly ever talk with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.surge import SurgeDetector
from sensorium.detect.protocol import Window
from sensorium.detect.testing import Talks, flow_batch
from sensorium.model.signals import Signal


def test_a_flood_by_known_clients_is_the_oddest_and_names_its_target(
    quiet: dict[Signal, pa.RecordBatch], cutting: Callable[..., list[Window]]
) -> None:
    rng = np.random.default_rng(4)
    talks = [
        Talks.to(np.sort(rng.uniform(540, 569, 200)), f"10.1.0.{n}", "10.2.0.10", 80)
        for n in range(11, 18)
    ]
    flood = flow_batch(Talks.join(talks), rng)
    windows = cutting({Signal.FLOWS: pa.concat_batches([quiet[Signal.FLOWS], flood])})
    detector = SurgeDetector(DetectConfig())
    for window in windows[:18]:
        scored = detector.score(window)
        detector.learn(window, scored, np.zeros(len(scored), np.bool_))
    usual = float(np.nanmax(scored.oddness))
    scored = detector.score(windows[18])
    place = int(np.nanargmax(scored.oddness[:, 0]))
    assert scored.oddness[place, 0] > usual
    told = detector.explain(windows[18], scored, place, [0])
    assert told.hosts[1] == "10.2.0.10"
    assert told.entity.key.endswith(">10.2.0.10")
    assert "surge" in told.summary
