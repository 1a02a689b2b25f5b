"""Records that wait for their window take bounded memory, live and when they are read back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from sensorium.app.spine import Spine, build_spine
from sensorium.config import Settings
from sensorium.detect import DetectConfig, DetectionEngine
from sensorium.detect.testing import (
    NS,
    START_NS,
    arrivals,
    everyday,
    everyday_logs,
    everyday_metrics,
    flow_batch,
    log_batch,
    metric_batch,
)
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.pipeline.arrivals import Arrivals
from sensorium.pipeline.config import PipelineConfig
from sensorium.pipeline.history import STEP_NS

WINDOW = 30 * NS
MOST = 1 << 20
Batches = dict[Signal, pa.RecordBatch]


def _seen(seconds: float, times: int = 1) -> Batches:
    rng = np.random.default_rng(3)
    flows = [flow_batch(everyday(rng, seconds), rng) for _ in range(times)]
    table = pa.Table.from_batches(flows).sort_by("time_received_ns").combine_chunks()
    return {
        Signal.FLOWS: table.to_batches()[0],
        Signal.LOGS: log_batch(everyday_logs(rng, seconds)),
        Signal.METRICS: metric_batch(everyday_metrics(rng, seconds)),
    }


def _steps(seen: Batches, every_ns: int) -> Iterator[tuple[int, Batches]]:
    """What arrived, so many nanoseconds at a time, and until when."""
    came = {signal: arrivals(signal, batch) for signal, batch in seen.items()}
    last = max(int(times.max()) for times in came.values())
    for start in range(START_NS, last + 1, every_ns):
        parts = {}
        for signal, batch in seen.items():
            at, end = np.searchsorted(came[signal], [start, start + every_ns])
            if end > at:
                parts[signal] = batch.slice(int(at), int(end - at))
        yield start + every_ns, parts


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[Spine, Observe]]:
    settings = Settings(data_dir=tmp_path, pipeline=PipelineConfig(max_waiting_bytes=MOST))
    observe = Observe()
    spine = build_spine(settings, observe)
    yield spine, observe
    spine.close()


def test_windows_close_early_where_records_take_too_much_and_none_is_lost(
    opened: tuple[Spine, Observe],
) -> None:
    spine, observe = opened
    seen = _seen(400.0, times=40)
    total = seen[Signal.FLOWS].num_rows
    most = behind = 0
    for through_ns, parts in _steps(seen, 10 * NS):
        for signal, batch in parts.items():
            spine.engine.observe(signal, batch)
        spine.pipeline.take(Arrivals(through_ns=through_ns))
        most = max(most, spine.engine.waiting_bytes)
        behind = through_ns - spine.pipeline.watermark_ns
    assert seen[Signal.FLOWS].nbytes > 10 * MOST
    assert observe.value("sensorium_windows_closed_early_total") > 3
    assert behind < 65 * NS
    # What has not ended cannot close.
    assert most < MOST + 1.2 * seen[Signal.FLOWS].nbytes * 30 / 400
    stats = spine.engine.stats()
    assert stats.records[Signal.FLOWS] == total
    assert stats.clamped_closed > 0, "stragglers counted in the next window"
    spine.pipeline.finish(through_ns, 0)
    assert spine.engine.waiting_bytes == 0


def test_what_is_read_back_teaches_the_same_and_is_not_held_all_at_once(
    opened: tuple[Spine, Observe],
) -> None:
    spine, _ = opened
    seen = _seen(900.0)
    until_ns = START_NS + 25 * WINDOW
    held = []

    def stored() -> Iterator[tuple[Signal, pa.RecordBatch]]:
        for _, parts in _steps(seen, STEP_NS):
            for signal, batch in parts.items():
                yield signal, batch
                held.append(spine.engine.waiting_bytes)

    rows = spine.pipeline.relearn(until_ns, stored())
    assert rows == sum(batch.num_rows for batch in seen.values())
    at_once = DetectionEngine(DetectConfig(), Observe())
    for signal, batch in seen.items():
        at_once.observe(signal, batch, again=True)
    assert max(held) < 0.4 * at_once.waiting_bytes
    at_once.advance(until_ns)
    expected, found = at_once.state(), spine.engine.state()
    assert set(found) == set(expected)
    for name, array in expected.items():
        if not name.startswith("templates"):  # which follow the order of arrival
            np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_a_clock_that_is_set_forward_costs_no_window_for_each_minute_of_it(
    opened: tuple[Spine, Observe],
) -> None:
    spine, _ = opened
    pipeline, closed = spine.pipeline, 0

    def count() -> None:
        nonlocal closed
        closed += 1

    pipeline.meanwhile = count
    seen = _seen(100.0)
    spine.engine.observe(Signal.FLOWS, seen[Signal.FLOWS])
    pipeline.take(Arrivals(through_ns=START_NS + 100 * NS))
    later = START_NS + 365 * 86_400 * NS
    pipeline.take(Arrivals(through_ns=later))
    assert later - pipeline.watermark_ns < 2 * 65 * NS
    assert spine.engine.stats().windows == 4, "those that have records were all judged"
    # Six hours of windows, in which incidents settle, and a step for the rest.
    assert closed < 6 * 120 + 20
    # What comes then is taken as ever.
    spine.engine.observe(
        Signal.FLOWS, flow_batch(everyday(np.random.default_rng(4), 40.0), np.random.default_rng(4))
    )
    before = closed
    pipeline.take(Arrivals(through_ns=later + 30 * NS))
    assert closed == before + 1


def _say_full(spine: Spine) -> None:
    """Let no window be put on record, as where the disk is full."""
    with spine.records.writing() as connection:
        connection.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON meta BEGIN SELECT RAISE(FAIL, 'full'); END")
        )


def test_while_windows_cannot_be_put_on_record_what_waits_is_bounded_and_the_rest_is_counted(
    opened: tuple[Spine, Observe],
) -> None:
    spine, observe = opened
    seen = _seen(400.0, times=40)
    total = most = turns_failed = 0
    for through_ns, parts in _steps(seen, 10 * NS):
        if through_ns == START_NS + 60 * NS:
            _say_full(spine)
        for signal, batch in parts.items():
            spine.pipeline._keep(signal, batch)
            total += batch.num_rows
        try:
            spine.pipeline.take(Arrivals(through_ns=through_ns))
        except DatabaseError:
            turns_failed += 1
        most = max(most, spine.engine.waiting_bytes)
    assert turns_failed > 10
    assert seen[Signal.FLOWS].nbytes > 10 * MOST
    assert most < MOST + 1.2 * seen[Signal.FLOWS].nbytes * 30 / 400
    unscored = sum(
        observe.value("sensorium_records_unscored_total", {"signal": one.value}) for one in seen
    )
    assert sum(spine.engine.stats().records.values()) + unscored == total
    spine.telemetry.flush()
    assert (
        sum(observe.value("sensorium_store_rows_total", {"signal": one.value}) for one in seen)
        == total
    )
    with spine.records.writing() as connection:
        connection.execute(text("DROP TRIGGER full"))
    stands_ns = spine.pipeline.watermark_ns
    spine.pipeline.take(Arrivals(through_ns=through_ns))
    assert spine.pipeline.watermark_ns > stands_ns + 200 * NS
    assert not spine.pipeline.is_full
