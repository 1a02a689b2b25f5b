"""What an entity is expected to do, from its own past and from that of others."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.detect.baseline import Baseline

ROW = np.array([0])


def _alone(values: list[float], length: int = 60) -> Baseline:
    baseline = Baseline(np.array([0.1]), length, population=False)
    baseline.reset(ROW)
    for value in values:
        baseline.insert(ROW, np.array([[value]]))
    return baseline


def test_location_and_spread_are_those_of_the_bulk() -> None:
    values = np.random.default_rng(1).normal(100, 5, 60).tolist()
    expected = _alone(values).expect(ROW)
    assert expected.location[0, 0] == pytest.approx(100, abs=2)
    assert expected.rise[0, 0] == pytest.approx(5, rel=0.5)
    assert expected.fall[0, 0] == pytest.approx(5, rel=0.5)


def test_one_wild_value_moves_nothing_but_is_no_news_again() -> None:
    values = [*np.random.default_rng(1).normal(100, 1, 59).tolist(), 200.0]
    expected = _alone(values).expect(ROW)
    assert expected.location[0, 0] == pytest.approx(100, abs=1)
    assert expected.fall[0, 0] < 3
    assert abs(expected.sigmas(np.array([[200.0]]))[0, 0]) < 3
    assert expected.sigmas(np.array([[400.0]]))[0, 0] > 5


def test_a_constant_past_leaves_the_floor_as_spread() -> None:
    expected = _alone([7.0] * 30).expect(ROW)
    assert expected.span[0, 0] == 0
    assert expected.rise[0, 0] == pytest.approx(0.1, rel=0.05)
    assert np.isfinite(expected.sigmas(np.array([[8.0]]))).all()


def test_only_the_latest_values_count() -> None:
    expected = _alone([0.0] * 30 + [50.0] * 10, length=10).expect(ROW)
    assert expected.location[0, 0] == 50.0


def test_gaps_are_no_values() -> None:
    expected = _alone([1.0, np.nan, 3.0, np.nan, 2.0]).expect(ROW)
    assert expected.seen[0, 0] == 3
    assert expected.location[0, 0] == 2.0


def test_a_stranger_without_population_is_unknown() -> None:
    expected = _alone([1.0] * 10).expect(np.array([-1]))
    assert np.isnan(expected.sigmas(np.array([[5.0]]))).all()


def test_a_stranger_is_expected_to_be_like_the_others_and_soon_like_itself() -> None:
    rng = np.random.default_rng(2)
    baseline = Baseline(np.array([0.1]), 60, population=True)
    rows = np.arange(20)
    baseline.reset(rows)
    homes = rng.normal(10, 2, 20)
    for _ in range(30):
        baseline.insert(rows, (homes + rng.normal(0, 0.1, 20))[:, None])
    stranger = baseline.expect(np.array([-1]))
    assert stranger.location[0, 0] == pytest.approx(10, abs=1)
    assert stranger.rise[0, 0] > 1.5
    own = baseline.expect(np.array([3]))
    assert own.location[0, 0] == pytest.approx(homes[3], abs=0.2)
    assert own.rise[0, 0] < 0.6


def test_a_row_that_was_reset_has_no_past() -> None:
    baseline = _alone([5.0] * 20)
    baseline.reset(ROW)
    assert baseline.expect(ROW).seen[0, 0] == 0


def test_no_population_at_all_claims_nothing() -> None:
    baseline = Baseline(np.array([0.1]), 10, population=True)
    assert np.isnan(baseline.expect(np.array([-1])).sigmas(np.array([[3.0]]))).all()
