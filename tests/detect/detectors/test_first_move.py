"""Series that never moved and now do."""

from __future__ import annotations

import numpy as np

from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.first_move import FirstMoveDetector
from sensorium.detect.metrics.assembly import MetricAssembly
from sensorium.detect.protocol import Scored, Window
from sensorium.detect.testing import metric_batch


def _run(windows: int, moves: dict[tuple[str, int], float]) -> list[Scored]:
    """Forty carriers that are always 1 and forty pools that move now and then."""
    assembly, detector = MetricAssembly(10_000), FirstMoveDetector(DetectConfig())
    found = []
    for index in range(windows):
        rows = []
        for port in range(40):
            labels = {"port": str(port), "instance": "10.0.0.1:9100"}
            pool = 2.0 if index == 9 + port % 31 else 1.0
            carrier = moves.get((str(port), index), 1.0)
            rows.append((index * 30.0, "pool", labels, pool, "gauge"))
            rows.append((index * 30.0, "carrier", labels, carrier, "gauge"))
        metrics = assembly.build(metric_batch(rows), index)
        window = Window(index, index * 30, index * 30 + 30, metrics=metrics)
        scored = detector.score(window)
        detector.learn(window, scored, scored.oddness[:, 0] > 2)
        found.append(scored)
    return found


def test_what_hardly_ever_moves_is_odder_than_what_does_now_and_then() -> None:
    scored = _run(40, {("7", 38): 0.0})[38]
    by_value = dict(zip(scored.values[:, 0].tolist(), scored.oddness[:, 0].tolist(), strict=True))
    assert by_value[0.0] > 3.5
    assert by_value[2.0] < 2.5


def test_what_stands_still_is_counted_but_says_nothing() -> None:
    scored = _run(12, {})[11]
    assert scored.unmoved > 40
    assert (scored.expected == 1.0).all()


def test_a_series_that_stays_away_from_its_old_value_stays_odd() -> None:
    moves = {("7", index): 0.0 for index in range(38, 44)}
    for scored in _run(44, moves)[38:]:
        assert 0.0 in scored.values[:, 0]


def test_little_history_supports_no_claim() -> None:
    assert all(len(scored) == 0 for scored in _run(8, {("7", 6): 0.0}))
    early = _run(10, {("7", 9): 0.0})[9]
    assert float(np.max(early.oddness, initial=0.0)) < 3.0
