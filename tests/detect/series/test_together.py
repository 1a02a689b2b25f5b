"""Several series scored together: a slow twin, and what every streaming detector must hold."""

from __future__ import annotations

import io

import numpy as np
import pytest

from sensorium.detect.series.together import COLUMNS_AT_MOST, RowsTogether, TogetherDetector
from sensorium.errors import SensoriumError


def machine(rows: int, seed: int = 3) -> np.ndarray:
    """Load, and four metrics that follow it, and one that never changes."""
    rng = np.random.default_rng(seed)
    load = np.cumsum(rng.normal(0, 1, rows)) * 0.05 + rng.normal(0, 1, rows)
    follow = [load * k + rng.normal(0, 0.1, rows) for k in (1.0, -2.0, 30.0, 1e-6)]
    return np.column_stack([load, *follow, np.full(rows, 5.0)])


def scored(values: np.ndarray, history: int, batch: int = 10**9) -> RowsTogether:
    detector = TogetherDetector(values.shape[1])
    detector.learn(None, values[:history])
    late = values[history:]
    parts = [detector.score(None, late[i : i + batch]) for i in range(0, len(late), batch)]
    return RowsTogether(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def same(one: RowsTogether, other: RowsTogether) -> None:
    for name, mine, theirs in zip(one._fields, one, other, strict=True):
        np.testing.assert_array_equal(mine, theirs, name)


def slow_oddness(history: np.ndarray, rows: np.ndarray) -> list[float]:
    """The distances as the module's head says them, with nothing kept from one row to the next."""
    mean, high, low = history.mean(axis=0), history.max(axis=0), history.min(axis=0)
    largest = np.maximum(abs(high), abs(low))
    floor = 0.1 * np.maximum(high - low, 0.1 * largest)
    scale = history.std(axis=0) + floor
    most = np.where(high - low <= 1e-9 * largest, 6.0, 20.0)
    held = np.clip((history - mean) / scale, -20, 20)
    spread, seen = held.T @ held / len(history), len(history)
    centre, found = np.zeros(len(mean)), []
    inverse = np.linalg.inv(spread + 0.1 * np.eye(len(mean)))
    before = len(history) - len(history) // 2
    for i, row in enumerate(rows):
        away = np.clip((row - mean) / scale, -most, most) - centre
        odd = away @ inverse @ away / len(mean)
        found.append(odd)
        seen += 1
        spread = (1 - 1 / seen) * spread + min(1, 1 / odd) / seen * np.outer(away, away)
        centre = centre + (1 - 0.5 ** (1 / 4000)) * np.clip(away, -3, 3)
        if (before + i + 1) % 64 == 0:
            inverse = np.linalg.inv(spread + 0.1 * np.eye(len(mean)))
    return found


def test_it_agrees_with_a_slow_twin() -> None:
    values = machine(900)
    late = values[600:]
    late[200] = 40.0
    odd = slow_oddness(values[:600], late)
    averaged = [np.mean(odd[max(i - 3, 0) : i + 1]) for i in range(3, len(odd))]
    score = scored(np.concatenate([values[:600], late]), 600).score[3:]
    np.testing.assert_allclose(score / score[0], np.array(averaged) / averaged[0], rtol=1e-6)


def test_a_combination_is_odd_where_no_value_is() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(0, 1, (4000, 1)) + rng.normal(0, 0.1, (4000, 6))
    values[3500] = [2, 2, 2, -2, -2, -2]
    found = scored(values, 2000)
    at = 1500
    assert np.nanargmax(found.score) in range(at, at + 4)
    assert found.score[at] > 1 > np.delete(found.score, range(at, at + 4)).max()
    assert found.blamed[at].min() >= 0
    assert found.decades[at] > 4


def test_the_division_into_batches_changes_nothing() -> None:
    values = machine(700)
    same(scored(values, 300), scored(values, 300, batch=37))


def test_what_comes_later_changes_nothing() -> None:
    values = machine(700)
    other = values.copy()
    other[500:] *= -3
    one, two = scored(values, 300), scored(other, 300)
    same(RowsTogether(*(c[:200] for c in one)), RowsTogether(*(c[:200] for c in two)))


def test_units_of_columns_change_nothing() -> None:
    values = machine(700)
    factors = np.array([1.0, 1e6, 1e-3, 8.0, 1e9, 2.0])
    np.testing.assert_allclose(
        scored(values * factors, 300).score, scored(values, 300).score, rtol=1e-6
    )


def test_it_goes_on_where_a_saved_state_was_taken() -> None:
    values = machine(800)
    whole = scored(values, 300).score
    first = TogetherDetector(6)
    first.learn(None, values[:300])
    first.score(None, values[300:500])
    kept = io.BytesIO()
    np.savez(kept, **first.state())
    kept.seek(0)
    again = TogetherDetector.from_state(dict(np.load(kept, allow_pickle=False)))
    np.testing.assert_array_equal(again.score(None, values[500:]).score, whole[200:])


@pytest.mark.parametrize("broken", ["spread", "rarity.counts", "counter"])
def test_a_state_of_something_else_is_refused(broken: str) -> None:
    state = TogetherDetector(4).state()
    state[broken] = np.zeros(3)
    with pytest.raises(SensoriumError, match="not the state"):
        TogetherDetector.from_state(state)


def test_missing_values_say_nothing_and_lose_nothing() -> None:
    values = machine(900)
    holes = values.copy()
    holes[400:420, 2] = np.nan
    holes[500] = np.nan
    holes[510, 1] = np.inf
    found = scored(holes, 300)
    assert np.isnan(found.score[200])
    assert np.isnan(found.score).sum() == 1
    assert np.nanmax(found.score) < 1


@pytest.mark.parametrize("rows", [0, 3, 9])
def test_without_a_history_nothing_is_claimed(rows: int) -> None:
    found = scored(machine(100), rows)
    assert not found.score.any()
    assert (found.blamed == -1).all()


def test_what_never_changed_may_change_and_is_told() -> None:
    values = np.full((900, 3), 7.0)
    values[600:] = 8.0
    found = scored(values, 400)
    assert not found.score[:200].any()
    assert found.score[200:210].max() >= 1


def test_of_a_counter_the_increase_counts_and_a_restart_does_not() -> None:
    rng = np.random.default_rng(1)
    octets = np.cumsum(rng.uniform(90, 110, 2000))
    octets[1200:] -= octets[1200]
    values = np.column_stack([octets, rng.normal(0, 1, 2000)])
    assert np.nanmax(scored(values, 600).score) < 1


@pytest.mark.parametrize("columns", [0, COLUMNS_AT_MOST + 1])
def test_too_many_columns_are_refused(columns: int) -> None:
    with pytest.raises(SensoriumError, match="cannot be scored together"):
        TogetherDetector(columns)
