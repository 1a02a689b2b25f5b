"""Numbers in log lines that are out of their range."""

from __future__ import annotations

import numpy as np

from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.log_value import LogValueDetector
from tests.detect.detectors.lines import Line, Reader, oddest


def _requests(rng: np.random.Generator, count: int = 20) -> list[Line]:
    """Requests that take 20 to 80 ms, of 1 to 9 items, by ever growing numbers."""
    took, of = rng.integers(20, 80, count), rng.integers(1, 10, count)
    return [
        (float(i), "1", f"request {1000 + i} took {took[i]} ms for {of[i]} items")
        for i in range(count)
    ]


def _reader(windows: int = 30) -> Reader:
    reader = Reader(lambda template: LogValueDetector(DetectConfig(), template))
    rng = np.random.default_rng(3)
    for _ in range(windows):
        reader.read(_requests(rng))
    return reader


def test_a_number_far_beyond_all_before_is_odd_and_told_with_the_range_it_had() -> None:
    reader = _reader()
    score, said = oddest(reader, reader.read([(1.0, "1", "request 1001 took 9000 ms for 3 items")]))
    assert score > 8
    assert "with 9000 as number 2, 20 to 79 in the 30 windows before that had it" in said


def test_a_number_below_all_before_is_odd_downward() -> None:
    reader = _reader()
    score, _ = oddest(reader, reader.read([(1.0, "1", "request 1001 took 50 ms for -900 items")]))
    assert score < -8


def test_what_stays_in_its_range_scores_nothing() -> None:
    reader = _reader()
    assert not reader.read([(1.0, "1", "request 1001 took 79 ms for 1 items")]).oddness.any()


def test_a_number_that_grows_with_each_line_is_never_far_out() -> None:
    reader = Reader(lambda template: LogValueDetector(DetectConfig(), template))
    scores = [
        np.abs(
            reader.read([(float(i), "1", f"session {w * 5 + i} opened") for i in range(5)]).oddness
        )
        for w in range(80)
    ]
    assert max(float(score.max()) for score in scores[15:]) < 4


def test_a_short_past_supports_no_claim() -> None:
    reader = _reader(windows=5)
    scored = reader.read([(1.0, "1", "request 1001 took 9000 ms for 3 items")])
    assert not scored.oddness.any()


def test_while_a_number_passes_its_range_does_not_widen_and_later_it_does() -> None:
    reader = _reader()
    slow: list[Line] = [(1.0, "1", "request 1001 took 9000 ms for 3 items")]
    hold = DetectConfig().hold_windows
    scores = [float(reader.read(slow, limit=5.0).oddness.max()) for _ in range(hold + 3)]
    assert min(scores[: hold + 1]) > 8
    assert scores[-1] == 0.0
