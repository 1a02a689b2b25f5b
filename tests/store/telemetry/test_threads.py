"""Writers and readers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from tests.store.telemetry import batches


def test_threads_write_and_ask_without_losing_or_mixing_anything(
    tmp_path: Path, observe: Observe
) -> None:
    store = open_telemetry(TelemetryConfig(batch_rows=50), observe, data_dir=tmp_path)

    def write(part: int) -> None:
        for turn in range(10):
            start = batches.NOON + (part * 10 + turn) * 10**12
            store.insert(Signal.FLOWS, batches.flows(20, start_ns=start))

    def ask(part: int) -> None:
        for _ in range(20):
            answer = store.query(
                "SELECT {part:UInt8} AS part, count() AS n FROM flows", {"part": part}
            )
            assert answer.column("part").to_pylist() == [part]

    with ThreadPoolExecutor(6) as threads:
        tasks = [threads.submit(write, part) for part in range(3)]
        tasks += [threads.submit(ask, part) for part in range(3)]
        for task in tasks:
            task.result()
    store.flush()
    answer = store.query("SELECT count() AS n, uniqExact(time_flow_end_ns) AS d FROM flows")
    assert answer.to_pylist() == [{"n": 600, "d": 600}]
    store.close()
