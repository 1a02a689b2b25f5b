"""Metrics of several processes that serve as one, added up.

Each process keeps its values in files of one folder, by its name; any of them reads all the files
when it is scraped. Whoever takes the place of a process that died has its name and goes on with its
counts, so that a sum never falls. The files are those of ``prometheus_client``'s multiprocess mode.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector, values
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from sensorium import __version__

T = TypeVar("T")
# Where prometheus_client looks for the folder.
_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_TRIES: Final = 20


class SharedMetrics:
    """The metrics of all processes of a folder, seen from the one called ``name``.

    From its making on, every metric of this process is kept there: make it before any metric, once
    in a process. ``name`` has letters and digits only, and is no other living process's.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.folder = folder
        os.environ[_VARIABLE] = str(folder)
        values.ValueClass = values.MultiProcessValue(lambda: name)  # type: ignore[no-untyped-call]  # the library's
        (folder / f"{name}.pid").write_text(str(os.getpid()), encoding="ascii")
        self.registry = CollectorRegistry()
        self.registry.register(_Sums(folder))
        self.registry.register(_Processes(folder))

    def died(self, name: str) -> None:
        """Let go of what the process called ``name`` had at this moment; its counts remain."""
        mark_process_dead(name, str(self.folder))  # type: ignore[no-untyped-call]  # the library's
        (self.folder / f"{name}.pid").unlink(missing_ok=True)


class _Sums(Collector):
    """What was counted, added up."""

    def __init__(self, folder: Path) -> None:
        self._collector = MultiProcessCollector(None, str(folder))  # type: ignore[no-untyped-call]  # the library's

    def collect(self) -> Iterable[Metric]:
        return _read(lambda: list(self._collector.collect()))  # type: ignore[no-untyped-call]  # the library's

    def describe(self) -> Iterable[Metric]:
        """Nothing is known before it is read; a registry would collect it to learn the names."""
        return ()


def _read(read: Callable[[], T]) -> T:
    """Read files that others write: a file that has just been made holds nothing for a moment."""
    for _ in range(_TRIES):
        try:
            return read()
        except (struct.error, ValueError, RuntimeError, FileNotFoundError):
            continue
    return read()


class _Processes(Collector):
    """The standard ``process_*`` metrics of each process, named as ``worker``; the version."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        version = GaugeMetricFamily(
            "sensorium_build_info", "Always 1; the version is a label.", labels=("version",)
        )
        version.add_metric((__version__,), 1)
        yield version
        families: dict[str, Metric] = {}
        for file in sorted(self._folder.glob("*.pid")):
            for family in _process(file):
                known = families.setdefault(family.name, family)
                labelled = [_labelled(sample, file.stem) for sample in family.samples]
                known.samples = labelled if known is family else [*known.samples, *labelled]
        yield from families.values()

    def describe(self) -> Iterable[Metric]:
        """As above."""
        return ()


def _process(file: Path) -> Iterator[Metric]:
    try:
        pid = file.read_text(encoding="ascii")
        status = Path("/proc", pid, "status").read_text(encoding="utf-8")
    except OSError:  # it has just ended
        return
    yield from ProcessCollector(pid=lambda: pid, registry=None).collect()
    peak = status.partition("VmHWM:")[2].split()
    if peak:
        yield GaugeMetricFamily(
            "sensorium_process_peak_resident_bytes",
            "Most memory the process has held, in bytes.",
            value=float(peak[0]) * 1024,
        )


def _labelled(sample: Sample, worker: str) -> Sample:
    return sample._replace(labels={**sample.labels, "worker": worker})
