"""What the benchmark of beacons holds ours against, and what it plants."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.beacons.network import Beacon, planted
from benchmarks.beacons.rita import rita_score


def test_ritas_score_of_a_clock_is_nearly_one_and_of_calls_in_one_hour_low() -> None:
    at = np.arange(0.0, 86_400.0, 60.0)
    assert rita_score(at, np.full(len(at), 500.0), 0.0, 24) == 1.0
    rng = np.random.default_rng(0)
    once = np.sort(rng.uniform(0, 3600, 60))
    assert rita_score(once, rng.lognormal(7, 1, 60), 0.0, 24) < 0.5


def test_ritas_score_is_the_mean_of_its_four_parts() -> None:
    at = np.array([0.0, 100, 200, 300, 700])  # one hour: neither lasting nor flat
    sizes = np.array([10.0, 10, 10, 10, 10])
    # Quartiles of 100, 100, 100, 400 are 100, 100 and 175: the median is the lower one, no skew.
    counts = np.histogram(at, 24, (0, 86_400))[0]
    flat = max(1 - counts.std() / counts.mean(), 0.0)
    assert rita_score(at, sizes, 0.0, 24) == pytest.approx((1.0 + 1.0 + 0.0 + flat) / 4)


@pytest.mark.parametrize("beacon", [Beacon(60, 0.3, 0.0), Beacon(300, 0.0, 0.2)])
def test_a_planted_beacon_keeps_its_pace_its_jitter_and_its_gaps(beacon: Beacon) -> None:
    talks = planted(beacon, np.random.default_rng(1), 1000.0, 80_000.0)
    gaps = np.diff(talks.at)
    assert talks.at.min() >= 1000
    assert talks.at.max() < 80_000
    assert gaps.min() >= beacon.pause * (1 - beacon.jitter) - 1e-6
    missed = 1 - len(talks.at) * beacon.pause / (80_000 - 1000)
    assert missed == pytest.approx(beacon.missed, abs=0.08)
