from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.detect.series import Rows, SeriesDetector, alarms, history_rows
from sensorium.detect.series.counter import increases
from sensorium.detect.series.scoring import score_rows
from sensorium.errors import SensoriumError
from sensorium.ingest.compiled import read_only
from tests.detect.series.slow_series import SlowDetector

MINUTE = 60 * 10**9
FIELDS = ("score", "oddness", "decades", "seen", "reference")


def every(minutes: float, rows: int) -> np.ndarray:
    return 1_700_000_000 * 10**9 + (np.arange(rows) * minutes * MINUTE).astype(np.int64)


def daily(times: np.ndarray, seed: int = 1) -> np.ndarray:
    """A daily rhythm with noise, weaker at weekends."""
    hours = times / (60 * MINUTE)
    weekend = (times // (24 * 60 * MINUTE) + 4) % 7 >= 5
    noise = np.random.default_rng(seed).normal(0, 1, len(times))
    return 50 + np.where(weekend, 10, 20) * np.sin(2 * np.pi * hours / 24) + noise


def scored(times: np.ndarray | None, values: np.ndarray, history: int) -> Rows:
    detector = SeriesDetector()
    early, late = (None, None) if times is None else (times[:history], times[history:])
    detector.learn(early, values[:history])
    return detector.score(late, values[history:])


def same(one: Rows, other: Rows) -> None:
    for name in (*FIELDS, "reason", "low", "high"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)


shapes = st.sampled_from(["noise", "steps", "walk", "constant", "spikes", "tiny", "signs"])


def series(shape: str, rows: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return {
        "noise": lambda: rng.normal(100, 5, rows),
        "steps": lambda: np.repeat(rng.integers(0, 9, rows // 10 + 1), 10)[:rows].astype(float),
        "walk": lambda: np.cumsum(rng.normal(0, 1, rows)),
        "constant": lambda: np.full(rows, 7.0),
        "spikes": lambda: rng.pareto(0.7, rows),
        "tiny": lambda: rng.normal(1e9, 1e-3, rows),
        "signs": lambda: rng.normal(0, 1e-200, rows),
    }[shape]()


@settings(max_examples=10)
@given(shapes, st.integers(0, 2**32), st.booleans(), st.sampled_from([17.0, 45.0, 240.0]))
def test_the_kernels_agree_with_their_slow_twin(
    shape: str, seed: int, timed: bool, minutes: float
) -> None:
    n, history = 700, 90
    times, values = every(minutes, n), series(shape, n, seed)
    rng = np.random.default_rng(seed)
    times = times + rng.integers(0, 5 * MINUTE, n).cumsum() + (np.arange(n) > 300) * 3000 * MINUTE
    detector = SeriesDetector()
    detector.learn(times[:history] if timed else None, values[:history])
    rows = detector.score(times[history:] if timed else None, values[history:])
    if detector.counter:
        return
    slow = SlowDetector(covered=history // 3)
    twin = np.array(
        [
            slow.score(int(t) if timed else None, float(x))
            for t, x in zip(times, values, strict=True)
        ]
    )[history:]
    np.testing.assert_allclose(rows.oddness, twin[:, 1], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(rows.score, twin[:, 0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(rows.decades, twin[:, 2], rtol=1e-9, atol=1e-9)


@given(shapes, st.integers(0, 2**32), st.lists(st.integers(0, 500), max_size=6))
def test_scores_do_not_depend_on_how_rows_are_divided(
    shape: str, seed: int, cuts: list[int]
) -> None:
    times, values = every(5, 500), series(shape, 500, seed)
    values[np.random.default_rng(seed).random(500) < 0.1] = np.nan
    whole = scored(times, values, 60)
    detector = SeriesDetector()
    detector.learn(times[:60], values[:60])
    ends = sorted({max(cut, 60) for cut in cuts} | {60, 500})
    parts = [detector.score(times[a:b], values[a:b]) for a, b in pairwise(ends)]
    for name in FIELDS:
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(joined, getattr(whole, name), name)


@given(shapes, st.integers(0, 2**32), st.integers(100, 599))
def test_what_is_said_of_a_row_does_not_depend_on_later_rows(
    shape: str, seed: int, at: int
) -> None:
    times, values = every(30, 600), series(shape, 600, seed)
    changed = values.copy()
    changed[at:] = np.random.default_rng(seed + 1).normal(0, 1e6, 600 - at)
    one, other = scored(times, values, 90), scored(times, changed, 90)
    for name in FIELDS:
        np.testing.assert_array_equal(
            getattr(one, name)[: at - 90], getattr(other, name)[: at - 90], name
        )


def test_a_detector_goes_on_from_its_saved_state() -> None:
    times = every(10, 4000)
    values = daily(times)
    detector = SeriesDetector()
    detector.learn(times[:600], values[:600])
    detector.score(times[600:2500], values[600:2500])
    file = io.BytesIO()
    np.savez(file, **detector.state())
    file.seek(0)
    with np.load(file, allow_pickle=False) as saved:
        restored = SeriesDetector.from_state(dict(saved))
    same(restored.score(times[2500:], values[2500:]), detector.score(times[2500:], values[2500:]))


def test_a_state_is_a_copy() -> None:
    detector = SeriesDetector()
    detector.learn(None, np.arange(30.0) % 7)
    state = detector.state()
    before = state["known.values"].copy()
    detector.score(None, np.array([100.0]))
    np.testing.assert_array_equal(state["known.values"], before)


@pytest.mark.parametrize("spoilt", ["known.values", "clock"])
def test_what_is_no_state_is_refused(spoilt: str) -> None:
    state = SeriesDetector().state()
    state[spoilt] = state[spoilt][:-1]
    with pytest.raises(SensoriumError, match=spoilt):
        SeriesDetector.from_state(state)
    del state[spoilt]
    with pytest.raises(SensoriumError, match=spoilt):
        SeriesDetector.from_state(state)


def test_memory_does_not_grow_with_the_series() -> None:
    detector = SeriesDetector()
    size = sum(array.nbytes for array in detector.state().values())
    values = np.random.default_rng(5).pareto(0.5, 30_000)
    detector.score(every(1, 30_000), values)
    assert sum(array.nbytes for array in detector.state().values()) == size
    assert size < 650_000


@pytest.mark.parametrize("timed", [True, False])
def test_a_constant_is_never_odd_and_its_first_change_is(timed: bool) -> None:
    times = every(5, 3000) if timed else None
    values = np.full(3000, 4.0)
    assert not scored(times, values, 300).score.any()
    values[2000:] = 5.0
    rows = scored(times, values, 300)
    (alarm,) = alarms("fans", None if times is None else times[300:], rows)
    assert alarm.row == 1700
    assert alarm.sentence == "fans is 5, always 4 before"


def test_missing_and_infinite_values_are_skipped() -> None:
    times = every(5, 2000)
    values = daily(times)
    gaps = values.copy()
    gaps[700:900] = np.nan
    gaps[1000] = np.inf
    rows = scored(times, gaps, 300)
    assert np.isnan(rows.score[400:600]).all()
    assert np.isnan(rows.score[700])
    assert np.isfinite(rows.score[600:700]).all()
    kept = np.isfinite(gaps)
    same(scored(times[kept], gaps[kept], 300), Rows(*(column[kept[300:]] for column in rows)))


def test_a_series_without_any_value_says_nothing() -> None:
    rows = scored(every(5, 400), np.full(400, np.nan), 60)
    assert np.isnan(rows.score).all()
    assert list(alarms("x", None, rows)) == []


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=80), st.booleans())
def test_no_value_raises_or_gives_a_score_that_is_no_number(
    numbers: list[float], timed: bool
) -> None:
    values = np.array(numbers, np.float64)
    rows = scored(every(5, len(values)) if timed else None, values, len(values) // 4)
    known = np.isfinite(values[len(values) // 4 :])
    for claim in (rows.score, rows.oddness, rows.decades):
        assert (claim[known] >= 0).all()
        assert np.isfinite(claim[known]).all()


def test_a_value_beyond_all_known_is_an_alarm_and_says_so() -> None:
    values = np.random.default_rng(3).normal(20, 1, 1500)
    values[1200] = 40.0
    (alarm,) = (a for a in alarms("load", None, scored(None, values, 300)) if a.row == 900)
    assert alarm.score > 10
    assert alarm.tail_probability < 1e-3
    assert alarm.sentence.startswith("load is 40, higher than ever: at most 2")


def test_memory_that_cannot_be_written_to_is_scored_by_the_same_kernels() -> None:
    kernels = [score_rows, increases]
    times, counts = np.arange(60) * 10**9, np.arange(60.0) ** 1.5
    outcomes, kinds = [], []
    for of in (np.copy, read_only):
        detector = SeriesDetector()
        detector.learn(of(times[:40]), of(counts[:40]))
        outcomes.append(detector.score(of(times[40:]), of(counts[40:])).score)
        kinds.append([len(kernel.signatures) for kernel in kernels])  # type: ignore[attr-defined]
    assert np.array_equal(*outcomes)
    assert kinds[0] == kinds[1]


def test_a_usual_value_at_an_unusual_time_is_an_alarm() -> None:
    times = every(5, 28 * 288)
    values = daily(times)
    day = 20
    values[day * 288 : (day + 1) * 288] = np.roll(values[day * 288 : (day + 1) * 288], 144)
    found = list(alarms("load", times, scored(times, values, 0)))
    odd = [alarm for alarm in found if alarm.row >= day * 288]
    assert odd
    assert all((alarm.row - 1) // 288 == day for alarm in odd)
    assert "for the time: the mean of the last rows is" in odd[0].sentence
    assert not [alarm for alarm in found if 14 * 288 < alarm.row < day * 288]


NOISE = {
    "normal": lambda rng, n: rng.normal(0, 1, n),
    "uniform": lambda rng, n: rng.uniform(0, 1, n),
    "exponential": lambda rng, n: rng.exponential(1, n),
    "counts": lambda rng, n: rng.poisson(5, n).astype(float),
    "rare events": lambda rng, n: (rng.random(n) < 0.01).astype(float),
    "walk": lambda rng, n: np.cumsum(rng.normal(0, 1, n)),
    "falling": lambda rng, n: -np.arange(n) / 100 + rng.normal(0, 1, n),
    "daily": lambda rng, n: daily(every(5, n)) + rng.normal(0, 1, n),
}


@pytest.mark.parametrize("kind", NOISE)
def test_in_noise_without_anomalies_alarms_are_fewer_than_one_in_a_thousand(kind: str) -> None:
    values = NOISE[kind](np.random.default_rng(11), 20_000)
    rows = scored(every(5, 20_000), values, 750)
    assert len(list(alarms(kind, None, rows))) < 19


def test_a_storm_raises_the_price_of_the_next_alarm_and_it_falls_again() -> None:
    values = np.random.default_rng(4).integers(0, 2, 12_000).astype(float)
    heights = 2.0 ** np.arange(8)
    values[3000:5400:300] = 1.0 + heights
    values[11_000] = 1.0 + 2.0**8
    rows = scored(None, values, 300)
    spikes = rows.score[2700:5100:300] / rows.oddness[2700:5100:300]
    assert (np.diff(spikes) < 0).all()
    later = rows.score[10_700] / rows.oddness[10_700]
    assert later > spikes[-1]


def test_after_an_alarm_only_what_is_odder_counts_for_a_third_of_the_history() -> None:
    values = np.resize([0.0, 1.0], 2000)
    values[1000], values[1001], values[1101] = 5.0, 3.0, 4.4
    rows = scored(None, values, 300)
    assert rows.score[700] > 1
    assert rows.oddness[701] > 1
    assert rows.score[701] == 0
    assert rows.score[801] > 1


def test_a_counter_is_judged_by_its_increase_and_may_start_again() -> None:
    times = every(1, 4000)
    steps = np.random.default_rng(9).uniform(50, 70, 4000)
    steps[3000] = 600.0
    values = np.cumsum(steps)
    values[2000:] -= values[1999]
    detector = SeriesDetector()
    detector.learn(times[:600], values[:600])
    assert detector.counter
    rows = detector.score(times[600:], values[600:])
    found = list(alarms("octets", times[600:], rows, counter=True, first_row=600))
    assert [alarm.row for alarm in found] == [3000]
    assert found[0].sentence.startswith("the increase of octets is 10, higher than ever")


def test_a_series_that_falls_is_no_counter() -> None:
    detector = SeriesDetector()
    detector.learn(None, np.random.default_rng(1).uniform(0, 10, 200))
    assert not detector.counter


def test_a_value_comes_back_after_long_and_is_new_again() -> None:
    values = np.tile([1.0, 2.0, 3.0, 2.5], 75_000)
    values[1000] = 9.0
    values[2000] = 9.0
    values[290_000] = 9.0
    rows = scored(None, values, 100)
    assert rows.oddness[900] > 1
    assert rows.oddness[1900] == 0
    assert rows.oddness[289_900] > 1


def test_the_history_comes_first() -> None:
    detector = SeriesDetector()
    detector.score(None, np.ones(3))
    with pytest.raises(ValueError, match="history comes before"):
        detector.learn(None, np.ones(3))
    with pytest.raises(ValueError, match="2 times for 3 values"):
        SeriesDetector().score(np.zeros(2, np.int64), np.ones(3))


@pytest.mark.parametrize(("rows", "history"), [(10, 1), (1000, 150), (5000, 750), (22_000, 750)])
def test_the_history_is_15_percent_and_at_most_750_rows(rows: int, history: int) -> None:
    assert history_rows(rows) == history
