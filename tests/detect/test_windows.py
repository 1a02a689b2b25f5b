"""Which window a record falls into, and when windows close."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sensorium.detect.testing import START_NS, log_batch
from sensorium.detect.windows import WindowBuffer
from sensorium.model.signals import Signal

NS = 1_000_000_000
WINDOW = 30 * NS


def _logs(events: list[float], arrivals: list[float]) -> pa.RecordBatch:
    batch = log_batch([(0.0, "10.0.0.1", 9, "app", "x")] * len(events))
    for name, seconds in (("time_ns", events), ("observed_time_ns", arrivals)):
        values = START_NS + (np.array(seconds) * NS).astype(np.int64)
        at = batch.schema.get_field_index(name)
        batch = batch.set_column(at, batch.schema.field(at), pa.array(values))
    return batch


def _rows(buffer: WindowBuffer, until: float) -> dict[int, int]:
    closed = buffer.close(START_NS + int(until * NS))
    first = START_NS // WINDOW
    merged = {c.index - first: c.merged(Signal.LOGS) for c in closed}
    return {index: batch.num_rows for index, batch in merged.items() if batch is not None}


def test_records_fall_into_the_window_of_their_event_time() -> None:
    buffer = WindowBuffer(WINDOW, 60 * NS)
    buffer.add(Signal.LOGS, _logs([1, 29.9, 30, 65], [2, 31, 31, 66]))
    assert _rows(buffer, 59) == {0: 2}
    assert _rows(buffer, 90) == {1: 1, 2: 1}


def test_a_wrong_clock_is_moved_to_what_is_possible_and_counted() -> None:
    buffer = WindowBuffer(WINDOW, 60 * NS)
    buffer.add(Signal.LOGS, _logs([-5000, 9999], [100, 100]))
    assert buffer.clamped.late == 1
    assert buffer.clamped.future == 1
    assert _rows(buffer, 1000) == {1: 1, 3: 1}


def test_a_record_without_event_time_takes_its_arrival() -> None:
    buffer = WindowBuffer(WINDOW, 60 * NS)
    batch = _logs([0], [40])
    at = batch.schema.get_field_index("time_ns")
    batch = batch.set_column(at, batch.schema.field(at), pa.array([0], pa.int64()))
    buffer.add(Signal.LOGS, batch)
    assert _rows(buffer, 1000) == {1: 1}
    assert buffer.clamped.late == 0


def test_a_record_of_a_closed_window_is_scored_in_the_oldest_open_one() -> None:
    buffer = WindowBuffer(WINDOW, 60 * NS)
    buffer.add(Signal.LOGS, _logs([10], [10]))
    assert _rows(buffer, 60) == {0: 1}
    buffer.add(Signal.LOGS, _logs([50], [100]))
    assert buffer.clamped.after_close == 1
    assert _rows(buffer, 90) == {2: 1}


def test_windows_that_may_still_grow_at_the_end_of_the_stream_are_not_complete() -> None:
    buffer = WindowBuffer(WINDOW, 60 * NS)
    buffer.add(Signal.LOGS, _logs([10, 40, 100], [10, 40, 100]))
    closed = buffer.close(START_NS + 10_000 * NS)
    assert [c.complete for c in closed] == [True, False, False]


def test_an_empty_batch_opens_no_window() -> None:
    buffer = WindowBuffer(WINDOW, 60 * NS)
    buffer.add(Signal.LOGS, _logs([], []))
    assert buffer.close(START_NS * 2) == []
