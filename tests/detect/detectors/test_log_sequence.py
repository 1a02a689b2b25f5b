"""Log lines that come out of sequence."""

from __future__ import annotations

import numpy as np

from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.log_sequence import LogSequenceDetector
from tests.detect.detectors.lines import Line, Reader, oddest

STEPS = ("job accepted", "inputs copied", "result computed", "outputs written", "job done")


def _job(process: int, begins: float, steps: tuple[str, ...] = STEPS) -> list[Line]:
    return [(begins + i / 10, str(process), step) for i, step in enumerate(steps)]


def _reader(windows: int = 25) -> Reader:
    """Four jobs a window, of processes of their own, whose lines lie among each other."""
    reader = Reader(lambda template: LogSequenceDetector(DetectConfig(), template))
    for w in range(windows):
        reader.read([one for j in range(4) for one in _job(w * 4 + j, 1.0 + j * 0.07)])
    return reader


def test_a_step_that_is_left_out_is_odd_and_told_with_what_should_have_come() -> None:
    reader = _reader()
    score, said = oddest(reader, reader.read(_job(900, 1.0, (*STEPS[:2], *STEPS[3:]))))
    assert score > 1.5
    assert '"app: outputs written" after "app: inputs copied"' in said
    assert 'which "app: result computed" followed in 100.0% of' in said


def test_steps_in_their_order_say_nothing_however_processes_interleave() -> None:
    reader = _reader()
    jobs = [one for j in range(6) for one in _job(900 + j, 1.0 + j * 0.03)]
    assert float(reader.read(jobs).oddness.max()) < 0.1


def test_lines_that_come_in_any_order_make_no_sequence() -> None:
    reader = Reader(lambda template: LogSequenceDetector(DetectConfig(), template))
    rng = np.random.default_rng(2)
    texts = ("page served", "query answered", "mail sent", "cache filled", "user seen")
    odd = [
        float(
            reader.read([(float(i), "1", texts[rng.integers(5)]) for i in range(8)]).oddness.max()
        )
        for _ in range(60)
    ]
    assert max(odd[10:]) < 1.5


def test_a_sequence_goes_on_from_one_window_to_the_next() -> None:
    reader = _reader()
    reader.read(_job(900, 29.0, STEPS[:2]))
    assert float(reader.read(_job(900, 0.0, STEPS[2:])).oddness.max()) < 0.1
    reader.read(_job(901, 29.0, STEPS[:2]))
    assert float(reader.read(_job(901, 0.0, STEPS[3:])).oddness.max()) > 1.5


def test_a_break_that_has_become_usual_is_none() -> None:
    reader = _reader()
    short = (*STEPS[:2], *STEPS[3:])
    scores = [float(reader.read(_job(900 + w, 1.0, short)).oddness.max()) for w in range(40)]
    assert scores[0] > 1.5
    assert scores[-1] < 0.7


def test_a_line_that_is_new_altogether_is_left_to_those_who_watch_for_that() -> None:
    reader = _reader()
    assert float(reader.read([*_job(900, 1.0), (9.0, "900", "disk is full")]).oddness.max()) < 0.1
