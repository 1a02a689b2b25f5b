"""A stale marker is a series that has ended: to detection, its absence."""

from __future__ import annotations

import struct

from sensorium.detect.metrics.assembly import MetricAssembly
from sensorium.detect.testing import metric_batch

# The NaN with these bits, as Prometheus writes it.
STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
LABELS = {"job": "app", "instance": "10.0.0.9:8000"}


def test_a_series_and_a_target_of_which_only_stale_markers_come_are_absent() -> None:
    assembly = MetricAssembly(100)
    here = assembly.build(metric_batch([(1, "load", LABELS, 2.0, "gauge")]), 0)
    assert len(here.keys) == len(here.targets.keys) == 1
    gone = assembly.build(metric_batch([(16, "load", LABELS, STALE, "gauge")]), 1)
    assert len(gone.keys) == len(gone.targets.keys) == 0


def test_a_stale_marker_does_not_hide_the_samples_before_it() -> None:
    points = [(1, "load", LABELS, 2.0, "gauge"), (5, "load", LABELS, STALE, "gauge")]
    window = MetricAssembly(100).build(metric_batch(points), 0)
    assert window.values.tolist() == [2.0]
    assert len(window.targets.keys) == 1
