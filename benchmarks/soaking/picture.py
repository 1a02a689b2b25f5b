"""A soak as a picture: memory over time, and below it what waited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.picture import Panel, write_chart
from benchmarks.soaking.service import Reading

_MIB = 1 << 20


def draw(path: Path, readings: Sequence[Reading]) -> None:
    """Write it as SVG."""
    minutes = [(reading.seconds - readings[0].seconds) / 60 for reading in readings]
    memory = {
        "resident": (minutes, [reading.resident / _MIB for reading in readings]),
        "anonymous": (minutes, [reading.anonymous / _MIB for reading in readings]),
    }
    waiting = {"waiting": (minutes, [float(reading.waiting) for reading in readings])}
    panels = [
        Panel("minutes", "MiB of memory", memory, log_below=False),
        Panel("minutes", "rows that wait for the store", waiting, log_below=False),
    ]
    write_chart(path, panels, columns=1)
