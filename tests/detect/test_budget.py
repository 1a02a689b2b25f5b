"""A storm is held at the pass rate, and what passes of it shows its cause and what is new."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.budget import Asking, PassBudget
from sensorium.state.arrays import StateError


def asking(
    detector: str, scored: int, odd: dict[int, float] | None = None, rate: float = 0.001
) -> Asking:
    """So many entities, of which the odd ones, by key, have the probabilities given."""
    keys = np.arange(scored, dtype=np.uint64)
    probability = np.full(scored, 0.5)
    for key, chance in (odd or {}).items():
        probability[key] = chance
    return Asking(detector, keys, probability, -np.log10(probability), probability <= rate)


def passing(budget: PassBudget, *asked: Asking) -> list[list[int]]:
    masks = budget.spend(asked)
    assert all((mask <= each.passed).all() for mask, each in zip(masks, asked, strict=True))
    return [each.keys[mask].tolist() for mask, each in zip(masks, asked, strict=True)]


def storm(first: int, last: int, chance: float = 1e-6) -> dict[int, float]:
    return dict.fromkeys(range(first, last), chance)


def test_what_there_is_budget_for_passes_as_it_is() -> None:
    budget = PassBudget(0.001, burst=100, floor=4)
    assert passing(budget, asking("a", 900, storm(0, 90))) == [list(range(90))]
    assert passing(budget, asking("a", 900, storm(0, 10))) == [list(range(10))]


def test_over_a_long_storm_no_more_pass_than_the_rate() -> None:
    budget = PassBudget(0.001, burst=100, floor=4)
    passed = [
        len(passing(budget, asking("a", 20_000, storm(0, 5_000, 1e-9)))[0]) for _ in range(500)
    ]
    assert passed[0] == 120
    assert set(passed[1:]) == {20}, "0.001 of what was scored"
    assert sum(passed) <= 0.001 * 500 * 20_000 + 100


def test_in_a_small_network_the_floor_passes_in_every_window() -> None:
    budget = PassBudget(0.001, burst=10, floor=4)
    passed = [len(passing(budget, asking("a", 50, storm(0, 40)))[0]) for _ in range(50)]
    assert passed[1:] == [4] * 49


def test_what_a_storm_takes_is_saved_up_again() -> None:
    budget = PassBudget(0.001, burst=100, floor=4)
    passing(budget, asking("a", 1_000, storm(0, 1_000)))
    for _ in range(50):
        passing(budget, asking("a", 1_000))
    assert len(passing(budget, asking("a", 1_000, storm(0, 1_000)))[0]) == 51
    for _ in range(1_000):
        passing(budget, asking("a", 1_000))
    assert len(passing(budget, asking("a", 1_000, storm(0, 1_000)))[0]) == 100


def test_the_oddest_of_each_detector_pass_however_many_another_has() -> None:
    budget = PassBudget(0.001, burst=8, floor=8)
    pairs = asking("flows.pair", 10_000, storm(0, 10_000, 1e-12))
    hosts = asking("flows.host", 500, {7: 1e-5, **storm(100, 400, 1e-4)})
    logs = asking("logs.template", 50, {3: 9e-4})
    of_pairs, of_hosts, of_logs = passing(budget, pairs, hosts, logs)
    assert 7 in of_hosts
    assert of_logs == [3]
    assert len(of_pairs) + len(of_hosts) + len(of_logs) == 18, "8, and 0.001 of what was scored"
    assert len(of_hosts) == 8


def test_what_is_new_passes_beside_what_goes_on() -> None:
    budget = PassBudget(0.001, burst=8, floor=8)
    goes_on = storm(0, 300, 1e-9)
    for _ in range(100):
        passing(budget, asking("a", 400, goes_on))
    (now,) = passing(budget, asking("a", 400, {**goes_on, 390: 1e-4}))
    assert 390 in now, "though three hundred are odder"
    assert 0 in now, "though it has passed a hundred times"


def test_what_is_known_of_a_storm_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sensorium.detect.budget._MOST_TOLD", 50)
    budget = PassBudget(0.001, burst=20, floor=20)
    for window in range(100):
        odd = storm(100 * window, 100 * window + 100)
        passing(budget, asking("a", 10_000, odd))
        assert len(budget.state()["told.a.keys"]) <= 50 + 30
    assert set(passing(budget, asking("a", 10_000, storm(0, 100)))[0]) <= set(range(100))


def test_who_has_passed_is_forgotten_when_the_storm_is_over() -> None:
    budget = PassBudget(0.001, burst=4, floor=4)
    for _ in range(100):
        passing(budget, asking("a", 100, storm(0, 50)))
    passing(budget, asking("a", 100))
    assert passing(budget, asking("a", 100, storm(0, 50))) == [[0, 1, 2, 3]]


@given(
    st.lists(
        st.lists(
            st.dictionaries(st.integers(0, 59), st.sampled_from([1e-12, 1e-6, 1e-4, 1e-3])),
            min_size=2,
            max_size=2,
        ),
        max_size=12,
    ),
    st.integers(1, 30),
    st.integers(1, 12),
)
def test_it_never_passes_more_than_there_is_and_goes_on_where_it_was_kept(
    windows: list[list[dict[int, float]]], burst: int, floor: int
) -> None:
    budget, room = PassBudget(0.001, burst, floor), float(burst)
    for odd in windows:
        asked = [asking(name, 60, one) for name, one in zip("ab", odd, strict=True)]
        again = PassBudget(0.001, burst, floor)
        again.restore(budget.state())
        room = min(room + 0.12, max(burst, 20 * 0.12))
        found = passing(budget, *asked)
        assert found == passing(again, *asked)
        wanted, passed = sum(map(len, odd)), sum(map(len, found))
        assert passed == min(wanted, max(int(room), floor))
        room = max(room - passed, 0.0)


def test_a_kept_state_of_before_budgets_is_taken_and_a_broken_one_refused() -> None:
    budget = PassBudget(0.001, 7, 2)
    budget.restore({})
    assert budget.state()["saved"] == 7.0
    for wrong in (-1.0, np.nan, np.inf):
        with pytest.raises(StateError, match="budget"):
            budget.restore({"saved": np.array(wrong)})
