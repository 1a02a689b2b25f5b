from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.detect.series import SeriesDetector, alarms
from sensorium.detect.series import shape as kernels
from sensorium.detect.series.alarm import Reason
from sensorium.detect.series.scoring import SHAPE
from sensorium.detect.series.shape import LOOK_BACK

MINUTE = 60 * 10**9


def beat(phase: np.ndarray) -> np.ndarray:
    """One beat of a heart, roughly: a small wave, a spike, a wave."""

    def wave(at: float, width: float) -> np.ndarray:
        return np.exp(-(((phase - at) / width) ** 2))

    return 0.2 * wave(0.2, 0.04) + wave(0.4, 0.03) + 0.4 * wave(0.65, 0.06)


def working_day(phase: np.ndarray) -> np.ndarray:
    return np.maximum(0.1, np.sin(np.pi * np.clip((phase - 0.25) / 0.5, 0.0, 1.0)))


def job(phase: np.ndarray) -> np.ndarray:
    return 1.0 * (phase < 0.15) + 0.5 * ((phase > 0.5) & (phase < 0.6))


WAVES = {"beat": beat, "working day": working_day, "job": job}


def missing(cycle: np.ndarray) -> np.ndarray:
    return np.full(len(cycle), np.median(cycle))


def shifted(cycle: np.ndarray) -> np.ndarray:
    return np.roll(cycle, len(cycle) // 3)


def flattened(cycle: np.ndarray) -> np.ndarray:
    return cycle.mean() + 0.15 * (cycle - cycle.mean())


def twice_as_fast(cycle: np.ndarray) -> np.ndarray:
    return np.concatenate([cycle[::2], cycle[1::2]])


SPOILT = {f.__name__: f for f in (missing, shifted, flattened, twice_as_fast)}


def repeated(wave: str, rows: int, cycles: int, seed: int = 1) -> list[np.ndarray]:
    """Cycles of a wave that are a little longer, shorter, higher and lower, with noise."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(cycles):
        n = rows + int(rng.integers(-1, 2))
        made.append((1 + rng.normal(0, 0.03)) * WAVES[wave](np.arange(n) / n))
    return [cycle + rng.normal(0, 0.02, len(cycle)) for cycle in made]


def odd_shapes(values: np.ndarray, times: np.ndarray | None = None) -> np.ndarray:
    """The rows that end an odd shape, before the budget of alarms."""
    rows = SeriesDetector().score(times, values)
    return np.flatnonzero((rows.oddness >= 1) & (rows.reason == SHAPE))


def found_period(values: np.ndarray) -> int:
    detector = SeriesDetector()
    detector.score(None, values)
    return int(detector.state()["shapes.clock"][kernels.PERIOD])


def by_definition(values: np.ndarray, scale: np.ndarray, m: int) -> float:
    """The distance of the last window to the nearest that it does not overlap."""
    held = np.clip(values, scale[kernels.LOW], scale[kernels.HIGH])[-(LOOK_BACK - 1) :]
    windows = np.lib.stride_tricks.sliding_window_view(held / scale[kernels.DEVIATION], m)
    away = windows - windows.mean(axis=1, keepdims=True)
    return float(np.sqrt(((away[:-m] - away[-1]) ** 2).mean(axis=1).min()))


@settings(max_examples=3)
@given(st.sampled_from(["job", "working day"]), st.integers(20, 120), st.integers(0, 2**32))
def test_distances_are_those_that_the_definition_gives(wave: str, rows: int, seed: int) -> None:
    values = 1e6 + 10 * np.concatenate(repeated(wave, rows, 7_000 // rows, seed))
    values[4700:4705] = 1e9
    detector, last = SeriesDetector(), 0
    for end in (2000, 2001, 4095, *range(4098, 4104), 4703, 5000, 6143, 6145, 6146):
        detector.score(None, values[last:end])
        state, last = detector.state(), end
        clock, scale = state["shapes.clock"], state["shapes.scale"]
        m = int(clock[kernels.PERIOD])
        assert abs(m - rows) <= 1
        found = state["shapes.distances"][clock[kernels.FILLED] % m]
        wanted = by_definition(values[:end], scale, m)
        assert found == pytest.approx(wanted, rel=1e-6, abs=1e-4)


@pytest.mark.parametrize("rows", [20, 100, 288])
@pytest.mark.parametrize("wave", WAVES)
def test_the_period_of_what_repeats_itself_is_found(wave: str, rows: int) -> None:
    values = np.concatenate(repeated(wave, rows, 12))
    values += 5.0 * np.arange(len(values)) / len(values)
    assert found_period(values) == pytest.approx(rows, abs=1)


@pytest.mark.parametrize("draw", ["normal", "pareto", "walk", "constant", "line", "spikes"])
def test_of_what_does_not_repeat_itself_no_shape_is_judged(draw: str) -> None:
    rng = np.random.default_rng(6)
    values = {
        "normal": rng.normal(size=9000),
        "pareto": rng.pareto(1.0, 9000),
        "walk": np.cumsum(rng.normal(size=9000)),
        "constant": np.full(9000, 7.0),
        "line": np.arange(9000.0),
        "spikes": (rng.random(9000) < 0.01) * 1.0,
    }[draw]
    assert found_period(values) == 0
    assert not len(odd_shapes(values))


@pytest.mark.parametrize("spoilt", SPOILT)
@pytest.mark.parametrize(("wave", "rows"), [("beat", 90), ("working day", 144), ("job", 40)])
def test_an_odd_shape_is_an_alarm_and_only_then(wave: str, rows: int, spoilt: str) -> None:
    cycles = repeated(wave, rows, 40, seed=rows)
    cycles[25] = SPOILT[spoilt](cycles[25])
    first = sum(len(cycle) for cycle in cycles[:25])
    found = odd_shapes(np.concatenate(cycles))
    assert len(found)
    assert first <= found[0]
    assert found[-1] < first + 2 * rows + 2


def test_an_odd_shape_is_told_with_what_it_would_have_been() -> None:
    cycles = repeated("job", 60, 70)
    cycles[60][:9] -= 1.0
    values = 50 + 10 * np.concatenate(cycles)
    rows = SeriesDetector().score(None, values)
    last = [one for one in alarms("load", None, rows) if one.reason is Reason.SHAPE][-1]
    assert sorted([last.seen, last.nearest]) == pytest.approx([50, 60], abs=1.5)
    assert last.tail_probability < 0.01
    assert last.sentence.startswith("the last 60 rows of load have a shape unlike any before: ")


def test_while_an_odd_shape_is_in_the_window_only_what_is_odder_is_told() -> None:
    cycles = repeated("working day", 144, 20)
    cycles[15] = missing(cycles[15])
    rows = SeriesDetector().score(None, np.concatenate(cycles))
    odd = rows.oddness[(rows.oddness >= 1) & (rows.reason == SHAPE)]
    assert 1 <= len(odd) < 12
    assert (odd[1:] > 1.1 * odd[:-1]).all()


def test_one_odd_shape_does_not_hide_the_next() -> None:
    cycles = repeated("beat", 80, 40)
    cycles[20], cycles[30] = missing(cycles[20]), twice_as_fast(cycles[30])
    found = odd_shapes(np.concatenate(cycles))
    assert set((found // 800).tolist()) == {2, 3}


def test_a_shape_that_stays_becomes_usual() -> None:
    cycles = repeated("beat", 50, 80)
    cycles[30:] = [shifted(cycle) + missing(cycle) for cycle in repeated("job", 50, 50)]
    found = odd_shapes(np.concatenate(cycles))
    assert len(found)
    assert found[0] >= 30 * 49
    assert found[-1] < 34 * 51


def test_nothing_is_said_of_windows_across_a_gap() -> None:
    values = np.concatenate(repeated("working day", 96, 30))
    values = np.concatenate([values[:2000], values[2050:]])
    times = 1_700_000_000 * 10**9 + np.arange(len(values)) * 5 * MINUTE
    assert len(odd_shapes(values, times))
    times[2000:] += 50 * 5 * MINUTE
    assert not len(odd_shapes(values, times))
