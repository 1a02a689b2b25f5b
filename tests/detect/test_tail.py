"""Tail probabilities learned on a stream."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.detect.baseline import Baseline
from sensorium.detect.tail import (
    DECADES,
    SIGMAS,
    TailModel,
    decades,
    decades_of,
    improbability,
)


def _model(scores: np.ndarray, windows: int = 400) -> TailModel:
    model = TailModel(SIGMAS, 10_000)
    for part in np.array_split(scores, windows):
        model.learn(part)
    return model


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("law", ["normal", "exponential", "student"])
def test_one_in_a_thousand_is_about_that_on_fresh_scores(seed: int, law: str) -> None:
    rng = np.random.default_rng(seed)
    draw = {
        "normal": lambda n: np.abs(rng.normal(size=n)),
        "exponential": lambda n: rng.exponential(size=n),
        "student": lambda n: np.abs(rng.standard_t(4, n)),
    }[law]
    model = _model(draw(20_000))
    fresh = model.survival(draw(200_000))
    assert 0.0004 < (fresh <= 0.001).mean() < 0.002


def test_few_scores_support_no_extreme_claim() -> None:
    model = _model(np.abs(np.random.default_rng(1).normal(size=50)))
    assert model.survival(np.array([6.0]))[0] > 3e-4
    many = _model(np.abs(np.random.default_rng(1).normal(size=50_000)))
    assert many.survival(np.array([6.0]))[0] < 1e-4


def test_a_higher_score_is_never_more_probable() -> None:
    rng = np.random.default_rng(4)
    for scores in (rng.exponential(size=3000), np.zeros(500), rng.integers(0, 3, 1000) * 1.0):
        probability = _model(scores).survival(np.linspace(0, 1e4, 5000))
        assert (np.diff(probability) <= 1e-12).all()
        assert probability.min() >= 1e-12
        assert probability.max() <= 1.0


def test_an_untaught_model_believes_its_prior() -> None:
    model = TailModel(DECADES, 100)
    scores = np.array([0.0, 1.0, 5.0])
    believed = (1.0 + (scores / DECADES.scale) ** 2) ** -DECADES.power
    np.testing.assert_allclose(model.survival(scores), believed)


def test_counted_shares_and_improbabilities_are_those_that_counting_finds() -> None:
    rng = np.random.default_rng(5)
    scores = np.concatenate([rng.gamma(2.0, 1.0, 50_000), np.zeros(5_000), [np.nan, np.inf, -3.0]])
    model = TailModel(SIGMAS, 10**6)
    for window in np.array_split(rng.permutation(scores), 300):
        model.learn(window)
    asked = np.array([0.2, 1.0, 2.5, 3.0])
    counted = np.array([(scores[np.isfinite(scores)] >= x).mean() for x in asked])
    np.testing.assert_allclose(model.survival(asked), counted, rtol=0.03)
    both = np.array([-2.5, 2.5, np.nan, np.inf])
    wanted = -np.log10(model.survival(np.array([2.5])))[0]
    np.testing.assert_allclose(model.improbability(both), [wanted, wanted, 0.0, 0.0])


@pytest.mark.parametrize("told", [(), (1, 4)])
def test_of_each_row_the_strongest_features_are_added_up(told: tuple[int, ...]) -> None:
    rng = np.random.default_rng(8)
    scores = rng.standard_t(3, (3_000, 6)) * (rng.random((3_000, 6)) < 0.7)
    scores[rng.random(scores.shape) < 0.05] = np.nan
    models = [
        None if f in told else _model(rng.gamma(1.0 + f, 1.0, 20_000))
        for f in range(scores.shape[1])
    ]
    weights = np.array([1.0, 0.5, 0.25])
    tails, sums = improbability(scores, models, weights)
    expected = np.column_stack(
        [
            np.maximum(np.nan_to_num(column), 0.0)
            if model is None
            else np.where(np.isnan(column), 0.0, decades(model.survival(np.abs(column))))
            for model, column in zip(models, scores.T, strict=True)
        ]
    )
    np.testing.assert_allclose(decades_of(tails), expected, atol=1e-12)
    np.testing.assert_allclose(sums, np.sort(expected)[:, :-4:-1] @ weights, atol=1e-12)


def test_old_scores_fade() -> None:
    model = TailModel(SIGMAS, half_life_windows=5)
    model.learn(np.full(1000, 50.0))
    before = model.survival(np.array([40.0]))[0]
    for _ in range(60):
        model.learn(np.full(100, 0.5))
    assert model.survival(np.array([40.0]))[0] < before / 50


@pytest.mark.parametrize(
    ("drifts", "doubled_in"),
    [("level", 960), ("spread", 960), ("both", 960), ("spread", 60), ("both", 60)],
)
def test_one_in_a_thousand_stays_that_while_the_stream_drifts(drifts: str, doubled_in: int) -> None:
    """Scores are distances from a baseline that moves along, so that what is learned of them keeps.

    As against values of the first hour, 0.4 to 90 in a hundred would be one in a thousand.
    """
    rng = np.random.default_rng(3)
    rows, windows = np.arange(40), 1500
    usual = rng.uniform(50, 100, len(rows))
    baseline = Baseline(np.full(1, 1e-9), 60, population=False, exact=True)
    baseline.reset(rows)
    model = TailModel(SIGMAS, 960)
    rare = judged = 0
    for window in range(windows):
        grown = 2.0 ** (window / doubled_in)
        level = usual * (grown if drifts != "spread" else 1.0)
        spread = 5.0 * (grown if drifts != "level" else 1.0)
        values = (level + spread * rng.standard_t(6, len(rows)))[:, None]
        scores = np.abs(baseline.expect(rows).sigmas(values)[:, 0])
        if window >= 500:
            rare += int((model.survival(scores) <= 0.001).sum())
            judged += len(rows)
        if window >= 70:
            model.learn(scores)
        baseline.insert(rows, values)
    assert 0.0004 < rare / judged < 0.002


def test_the_quantile_is_where_the_probability_falls_below() -> None:
    model = _model(np.random.default_rng(5).exponential(size=10_000))
    at = model.quantile(0.01)
    assert model.survival(np.array([at]))[0] <= 0.01 < model.survival(np.array([at * 0.9]))[0]
    assert at == pytest.approx(np.log(100), rel=0.15)


def test_scores_that_are_no_numbers_do_no_harm() -> None:
    model = TailModel(SIGMAS, 100)
    model.learn(np.array([np.inf, 1.0, 0.0, 1e300]))
    assert np.isfinite(model.survival(np.array([1.0, 1e300, np.inf]))).all()


def test_decades_are_powers_of_ten() -> None:
    assert decades(np.array([0.1, 0.001, 1.0])).tolist() == pytest.approx([1.0, 3.0, 0.0])
