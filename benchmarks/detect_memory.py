"""What it costs to keep what detection has learned: the copy, the file, and the way back.

The copy is made by the pipeline's thread between two windows; the file is written by another. Hosts
talk in every one of twenty windows, which is more than most do.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.detect_stream import traffic
from benchmarks.report import arguments
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


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of processor and of wall time."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return 1e3 * (time.process_time() - cpu), 1e3 * (time.perf_counter() - wall)


def main() -> None:
    """Measure networks of several sizes."""
    quick = arguments(__doc__).quick
    print("hosts    copy ms (cpu/wall)    write ms    read, restore ms    MB")
    for hosts in (1_000,) if quick else (1_000, 50_000):
        engine = learned(hosts)
        engine.state()
        copied = timed(engine.state)
        with tempfile.TemporaryDirectory() as folder:
            file, state = StateFile(Path(folder)), engine.state()
            wrote = timed(partial(file.write, state, {}))
            came = timed(partial(back, file, DetectionEngine(DetectConfig(), Observe())))
            size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
        print(
            f"{hosts:>6,}    {copied[0]:.0f} / {copied[1]:.0f}    {wrote[0]:.0f} / {wrote[1]:.0f}"
            f"    {came[0]:.0f} / {came[1]:.0f}    {size:.1f}"
        )


if __name__ == "__main__":
    main()
