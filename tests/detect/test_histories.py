"""Histories kept in order say what sorting the values each time would say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.detect.baseline import Baseline, _expected_extremes

VALUES = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-1e6, 1e6, width=32),
    st.sampled_from([float("nan"), float("inf"), 0.0, 7.0]),
)


def slow(past: list[float], length: int) -> tuple[float, float, float, float, int]:
    """Location, rise, fall, span and count of the latest finite values, by sorting them."""
    known = np.array(past[-length:], np.float32).astype(float)
    known = np.sort(known[np.isfinite(known)])
    if not len(known):
        return np.nan, np.nan, np.nan, np.nan, 0
    lowest, low, middle, high, highest = np.quantile(known, [0.0, 0.1, 0.5, 0.9, 1.0])
    mad = 1.4826 * np.median(np.abs(known - middle))
    extreme = _expected_extremes(length)[len(known)]
    rise = max(mad, (high - middle) / 1.2816, (highest - middle) / extreme)
    fall = max(mad, (middle - low) / 1.2816, (middle - lowest) / extreme)
    return middle, rise, fall, highest - lowest, len(known)


@settings(max_examples=150, deadline=None)
@given(st.lists(VALUES, max_size=40), st.integers(2, 12))
def test_a_history_in_order_is_that_found_by_sorting(past: list[float], length: int) -> None:
    baseline = Baseline(np.array([0.0]), length, 64, population=False)
    row = np.array([0])
    baseline.reset(row)
    for value in past:
        baseline.insert(row, np.array([[value]]))
    location, rise, fall, span, seen = slow(past, length)
    found = baseline.expect(row)
    widen = np.sqrt(1 + 1 / max(seen, 1))
    assert found.seen[0, 0] == seen
    assert found.location[0, 0] == pytest.approx(location, rel=1e-9, abs=1e-9, nan_ok=True)
    assert found.span[0, 0] == pytest.approx(span, rel=1e-9, abs=1e-9, nan_ok=True)
    for told, wanted in ((found.rise, rise), (found.fall, fall)):
        assert told[0, 0] == pytest.approx(wanted * widen, rel=1e-9, abs=1e-9, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(VALUES, min_size=1, max_size=6), min_size=1, max_size=20))
def test_a_stranger_is_told_what_all_values_together_say(pasts: list[list[float]]) -> None:
    baseline = Baseline(np.array([0.0]), 8, 64, population=True)
    rows = np.arange(len(pasts))
    baseline.reset(rows)
    for row, past in enumerate(pasts):
        for value in past:
            baseline.insert(np.array([row]), np.array([[value]]))
    pool = np.array([v for past in pasts for v in past], np.float32).astype(float)
    pool = pool[np.isfinite(pool)]
    found = baseline.expect(np.array([-1]))
    if not len(pool):
        assert np.isnan(found.location[0, 0])
        return
    low, middle, high = np.quantile(pool, [0.1, 0.5, 0.9])
    mad = 1.4826 * np.median(np.abs(pool - middle))
    between = max(mad, (high - middle) / 1.2816, (middle - low) / 1.2816)
    own = [slow(past, 8) for past in pasts]
    settled = [max(rise, fall) for _, rise, fall, _, seen in own if seen >= 5]
    within = np.median(settled) if settled else 0.0
    spread = max(np.sqrt(within**2 + between**2), within / 4) * np.sqrt(2.0)
    assert found.location[0, 0] == pytest.approx(middle, rel=1e-9, abs=1e-9)
    assert found.rise[0, 0] == pytest.approx(spread, rel=1e-9, abs=1e-9)
