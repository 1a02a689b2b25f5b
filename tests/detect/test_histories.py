"""Histories kept in order say what sorting the values each time would say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.arrays import F64
from sensorium.detect.baseline import Baseline, _expected_extremes
from sensorium.detect.histories import Histories
from sensorium.detect.kernels.coding import code_of, value_of

VALUES = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-1e6, 1e6, width=32),
    st.sampled_from([float("nan"), float("inf"), 0.0, 7.0]),
)


def coded(values: list[float]) -> F64:
    """The finite ones among values, as half-precision floats."""
    known = np.array(values, np.float64)
    known = np.clip(known[np.isfinite(known)], -65504, 65504)
    return known.astype(np.float32).astype(np.float16).astype(np.float64)


def slow(past: list[float], length: int) -> tuple[float, float, float, float, int]:
    """Location, rise, fall, span and count of the latest finite values, by sorting them."""
    known = np.sort(coded(past[-length:]))
    if not len(known):
        return np.nan, np.nan, np.nan, np.nan, 0
    lowest, low, middle, high, highest = np.quantile(known, [0.0, 0.1, 0.5, 0.9, 1.0])
    mad = 1.4826 * np.median(np.abs(known - middle))
    extreme = _expected_extremes(length)[len(known)]
    rise = max(mad, (high - middle) / 1.2816, (highest - middle) / extreme)
    fall = max(mad, (middle - low) / 1.2816, (middle - lowest) / extreme)
    return middle, rise, fall, highest - lowest, len(known)


@given(st.lists(VALUES, max_size=40), st.integers(2, 12))
def test_a_history_in_order_is_that_found_by_sorting(past: list[float], length: int) -> None:
    baseline = Baseline(np.array([0.0]), length, population=False)
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


@given(st.lists(st.lists(VALUES, min_size=1, max_size=6), min_size=1, max_size=20))
def test_a_stranger_is_told_what_all_values_together_say(pasts: list[list[float]]) -> None:
    baseline = Baseline(np.array([0.0]), 8, population=True)
    rows = np.arange(len(pasts))
    baseline.reset(rows)
    for row, past in enumerate(pasts):
        for value in past:
            baseline.insert(np.array([row]), np.array([[value]]))
    pool = coded([v for past in pasts for v in past])
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
    least = max(within / 4, abs(middle) / 1024)
    spread = max(np.sqrt(within**2 + between**2), least) * np.sqrt(2.0)
    assert found.location[0, 0] == pytest.approx(middle, rel=1e-9, abs=1e-9)
    assert found.rise[0, 0] == pytest.approx(spread, rel=1e-9, abs=1e-9)


@given(st.one_of(VALUES, st.floats(-70_000, 70_000), st.floats(-1e-4, 1e-4)))
def test_a_value_is_kept_as_the_nearest_half_precision_float(value: float) -> None:
    code = code_of(value, np.int16(0))
    if not np.isfinite(value):
        assert code == 32767
        return
    assert value_of(code) == coded([value])[0]


@given(st.lists(st.floats(-65504, 65504), min_size=2, max_size=30))
def test_codes_sort_as_their_values_do(values: list[float]) -> None:
    codes = [code_of(value, np.int16(0)) for value in sorted(values)]
    assert codes == sorted(codes)


MOVES = st.lists(
    st.tuples(st.sampled_from(["add", "add", "add", "forget"]), st.sets(st.integers(0, 40))),
    max_size=60,
)


@pytest.mark.parametrize("exact", [False, True])
@given(MOVES, st.integers(1, 9), st.sampled_from([2, 5, 12]))
def test_each_row_keeps_its_own_past_however_others_grow_and_leave(
    exact: bool, moves: list[tuple[str, set[int]]], features: int, length: int
) -> None:
    histories = Histories(features, length, exact=exact, places=features * length)
    known: dict[int, list[F64]] = {}
    for turn, (what, rows) in enumerate(moves):
        at = np.array(sorted(rows), np.int64)
        if what == "forget":
            histories.forget(at)
            for row in rows:
                known.pop(row, None)
            continue
        histories.forget(np.array([row for row in at if row not in known], np.int64))
        new = (at[:, None] * 100 + turn + np.arange(features) * 0.5).astype(np.float64)
        histories.insert(at, new)
        for row, values in zip(at.tolist(), new, strict=True):
            known[row] = [*known.get(row, []), values][-length:]
    kept = histories.state()
    ends = np.cumsum(kept["counts"].astype(np.int64))
    held = iter(np.split(kept["values"], ends[:-1]) if len(ends) else [])
    for row in range(len(kept["counts"])):
        for feature in range(features):
            wanted = sorted(float(values[feature]) for values in known.get(row, []))
            told = [value_of(code) for code in next(held)]
            assert told == (wanted if exact else coded(wanted).tolist())


@given(
    st.lists(st.lists(VALUES, min_size=5, max_size=5), min_size=1, max_size=40),
    st.sampled_from([7, 33]),
)
def test_features_described_together_are_those_described_alone(
    past: list[list[float]], length: int
) -> None:
    extremes, others = _expected_extremes(length), np.full((3, 5), 0.7)
    row, together = np.array([0]), Histories(5, length)
    alone = [Histories(1, length) for _ in range(5)]
    for histories in (together, *alone):
        histories.forget(row)
    for values in past:
        together.insert(row, np.array([values]))
        for histories, value in zip(alone, values, strict=True):
            histories.insert(row, np.array([[value]]))
    told = together.expect(row, extremes, others, np.full(5, 0.1), 3.0)
    each = [h.expect(row, extremes, others[:, :1], np.full(1, 0.1), 3.0) for h in alone]
    for place, column in enumerate(told):
        assert column[0].tolist() == [one[place][0, 0] for one in each]


def test_memory_follows_how_long_each_past_is() -> None:
    once, often = Histories(18, 60), Histories(18, 60)
    rows = np.arange(2_000)
    for histories, windows in ((once, 1), (often, 60)):
        histories.forget(rows)
        for _ in range(windows):
            histories.insert(rows, np.ones((len(rows), 18)))
    assert once.nbytes < 200 * len(rows)
    assert often.nbytes < 4_000 * len(rows)
    often.forget(rows)
    for _ in range(5):
        often.insert(rows, np.ones((len(rows), 18)))
    assert often.nbytes < 4_000 * len(rows)
