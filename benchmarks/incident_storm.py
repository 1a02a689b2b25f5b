"""What a storm costs the pipeline's one thread: 100 to 25,600 anomalies of one window, grouped.

The anomalies are of an outage of a large network, as :func:`tests.incident.storms.outage` makes
them. Beside ours is the slow twin of the tests, which compares every group with every other and
adds all up anew, every time; it is given no more than it can do in a few seconds. A second storm
in the next window, and a window of one incident that has 26,000 anomalies already, tell what a
storm that lasts costs. Processor time and memory allocated by Python, of one thread.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Sequence

import pytest
from rich.table import Table

from benchmarks.report import Claim, arguments, number, report, wide_console
from sensorium.incident import IncidentManager
from sensorium.model.anomaly import Anomaly
from tests.incident import storms, streams
from tests.incident.slow_grouping import slow_manager
from tests.incident.streams import WINDOW, at

START = 600
SIZES = (100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600)
SLOW_SIZES = (100, 200)
GOAL = 10_000
HELD = 26_000


def fold(manager: IncidentManager, anomalies: Sequence[Anomaly], second: int) -> float:
    """Processor seconds of one window."""
    started = time.process_time()
    manager.fold(anomalies, at(second))
    return time.process_time() - started


def storm(manager: IncidentManager, size: int) -> tuple[float, float, float]:
    """Seconds of a window with a storm, of the next with another, and of a quiet one after."""
    gc.collect()  # what a larger storm left behind is not this one's
    first, second = storms.outage(1, size, START), storms.outage(2, size, START + WINDOW)
    return (
        fold(manager, first, START + WINDOW),
        fold(manager, second, START + 2 * WINDOW),
        fold(manager, [], START + 3 * WINDOW),
    )


def slow_storm(size: int) -> float:
    """Seconds of a window with a storm, for the twin."""
    with pytest.MonkeyPatch.context() as patch:
        manager = slow_manager(patch, streams.manager)
        return fold(manager, storms.outage(1, size, START), START + WINDOW)


def memory(size: int) -> float:
    """MiB that are held once a storm has been grouped, the anomalies not counted."""
    stream, manager = storms.outage(1, size, START), streams.manager()
    tracemalloc.start()
    manager.fold(stream, at(START + WINDOW))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / 2**20


def long_incident(held: int, joining: int = 100) -> float:
    """Seconds of a window in which ``joining`` anomalies join an incident of ``held``."""
    manager = streams.manager()
    windows = held // 1300
    for place in range(windows + 1):
        second = START + place * WINDOW
        hosts = [
            f"10.50.{n // 250}.{n % 250}" for n in range(joining if place == windows else 1300)
        ]
        vain = [streams.feature("failed", 80, 0)]
        wave = [streams.pair(second, host, streams.APP, 8000, vain) for host in hosts]
        seconds = fold(manager, wave, second + WINDOW)
    (incident,) = manager.incidents()
    if len(incident.anomaly_ids) < held:
        raise RuntimeError(f"the incident holds {len(incident.anomaly_ids)} of {held} anomalies")
    return seconds


def main() -> None:
    """Measure, print the growth, report."""
    quick = arguments(__doc__).quick
    storm(streams.manager(), 100)
    table = Table(title="Processor time of a window, by its anomalies", title_justify="left")
    for heading in (
        "anomalies",
        "grouped, s",
        "µs each",
        "next storm, s",
        "quiet, s",
        "MiB",
        "all compared, s",
    ):
        table.add_column(heading, justify="right")
    for size in SIZES[:6] if quick else SIZES:
        first, second, quiet = storm(streams.manager(), size)
        slow = number(slow_storm(size)) if size in SLOW_SIZES else ""
        figures = (first, first / size * 1e6, second, quiet, memory(size))
        table.add_row(f"{size:,}", *map(number, figures), slow)
    wide_console().print(table)
    first, second, _ = storm(streams.manager(), GOAL)
    report(
        "Grouping in a storm",
        [
            Claim(f"{GOAL:,} anomalies of one window", first, "s", goal="<= 2"),
            Claim(f"{GOAL:,} more in the next window", second, "s"),
            Claim(f"100 that join an incident of {HELD:,}", long_incident(HELD), "s"),
        ],
    )


if __name__ == "__main__":
    main()
