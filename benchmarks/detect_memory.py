"""What it costs to keep what detection has learned: the copy, the file, and the way back.

The copy is made by the pipeline's thread between two windows; the file is written by another. Hosts
talk in every one of twenty windows, which is more than most do.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.detect_stream import traffic
from benchmarks.report import Claim, arguments, report
from sensorium.detect.config import DetectConfig
from sensorium.detect.engine import DetectionEngine
from sensorium.detect.testing import NS, START_NS, in_batches
from sensorium.model.signals import Signal
from sensorium.observe.facade import Observe
from sensorium.state.file import StateFile


def learned(hosts: int) -> DetectionEngine:
    """An engine that has seen ten minutes of a network of so many hosts."""
    engine = DetectionEngine(DetectConfig(), Observe())
    for part in in_batches(traffic(hosts * 40, hosts), 20_000):
        engine.observe(Signal.FLOWS, part)
        engine.advance(int(part.column("time_received_ns")[-1].as_py()) - 65 * NS)
    engine.advance(START_NS + 700 * NS)
    return engine


def back(file: StateFile, engine: DetectionEngine) -> None:
    """What a start does."""
    found = file.read()
    assert found is not None
    engine.restore(found[0])


def cpu_ms(work: Callable[[], object]) -> float:
    """Milliseconds of processor time, of all threads."""
    before = time.process_time()
    work()
    return 1e3 * (time.process_time() - before)


def kept(hosts: int) -> Iterator[Claim]:
    """What it costs with a network of so many hosts."""
    engine = learned(hosts)
    state = engine.state()
    yield Claim(f"copy, {hosts:,} hosts", cpu_ms(engine.state), "ms of processor time")
    with tempfile.TemporaryDirectory() as folder:
        file = StateFile(Path(folder))
        wrote = cpu_ms(partial(file.write, state, {}))
        back(file, DetectionEngine(DetectConfig(), Observe()))  # compiled code is loaded once
        came = cpu_ms(partial(back, file, DetectionEngine(DetectConfig(), Observe())))
        size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
    yield Claim(f"written to disk, {hosts:,} hosts", wrote, "ms of processor time")
    yield Claim(f"read and restored, {hosts:,} hosts", came, "ms of processor time")
    yield Claim(f"on disk, {hosts:,} hosts", size, "MB")


def main() -> None:
    """Measure networks of several sizes."""
    sizes = (1_000,) if arguments(__doc__).quick else (1_000, 50_000)
    report("What is learned, kept", [claim for hosts in sizes for claim in kept(hosts)])


if __name__ == "__main__":
    main()
