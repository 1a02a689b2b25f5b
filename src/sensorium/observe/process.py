"""Metrics of the process itself: memory, processor time, files, version."""

from __future__ import annotations

import resource
import sys
from typing import TYPE_CHECKING

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector

from sensorium import __version__

if TYPE_CHECKING:
    from sensorium.observe.facade import Observe


def register_process_metrics(observe: Observe) -> None:
    """Add the standard ``process_*`` and ``python_*`` metrics, our version and the peak memory."""
    ProcessCollector(registry=observe.registry)
    PlatformCollector(registry=observe.registry)
    GCCollector(registry=observe.registry)
    observe.gauge("sensorium_build_info", "Always 1; the version is a label.", ("version",)).labels(
        __version__
    ).set(1)
    peak = observe.gauge(
        "sensorium_process_peak_resident_bytes", "Most memory the process has held, in bytes."
    )
    peak.set_function(peak_resident_bytes)


def peak_resident_bytes() -> float:
    """The most resident memory this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else peak * 1024)  # macOS counts bytes
