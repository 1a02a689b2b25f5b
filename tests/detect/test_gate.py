"""The gate passes the improbable at the rate that is set."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.detect.features import improbability, plain
from sensorium.detect.gate import Gate
from sensorium.detect.protocol import Scored

FEATURES = tuple(plain(f"f{i}", "was {}", 0.1) for i in range(5))


def _scored(oddness: np.ndarray, first: int = 0) -> Scored:
    n = len(oddness)
    return Scored(
        keys=np.arange(first, first + n, dtype=np.uint64),
        values=oddness,
        expected=np.zeros_like(oddness),
        oddness=oddness,
        places=np.arange(n),
        strata=np.zeros(n, np.int64),
    )


def _quiet(gate: Gate, rng: np.random.Generator, windows: int, n: int = 50) -> float:
    passed = 0
    for _ in range(windows):
        shared = rng.standard_t(4, (n, 1))
        scored = _scored(0.5 * shared + rng.standard_t(4, (n, 5)))
        verdicts = gate.judge(scored)
        passed += int(verdicts.passed.sum())
        gate.learn(scored, verdicts)
    return passed / (windows * n)


@pytest.mark.parametrize("rate", [0.001, 0.01])
def test_quiet_traffic_passes_at_the_set_rate(rate: float) -> None:
    gate, rng = Gate(FEATURES, rate, 960), np.random.default_rng(3)
    _quiet(gate, rng, 30)
    measured = _quiet(gate, rng, 400)
    assert rate / 2 < measured < rate * 2


def test_a_storm_does_not_raise_its_own_threshold() -> None:
    gate, rng = Gate(FEATURES, 0.001, 960), np.random.default_rng(4)
    _quiet(gate, rng, 60)
    storm = np.abs(rng.normal(40, 5, (300, 5)))
    probabilities = []
    for _ in range(40):
        scored = _scored(storm)
        verdicts = gate.judge(scored)
        assert verdicts.passed.all()
        probabilities.append(float(verdicts.probability.max()))
        gate.learn(scored, verdicts)
    assert probabilities[-1] < 0.001
    assert _quiet(gate, rng, 100) < 0.003


def test_a_threshold_that_is_too_low_corrects_itself() -> None:
    gate, rng = Gate(FEATURES, 0.001, 960), np.random.default_rng(5)
    for _ in range(100):
        scored = _scored(rng.normal(0, 0.2, (50, 5)))
        gate.learn(scored, gate.judge(scored))
    first = _quiet(gate, rng, 20)
    _quiet(gate, rng, 400)
    assert first > 0.05
    assert _quiet(gate, rng, 200) < 0.004


def test_several_odd_features_outweigh_one() -> None:
    gate, rng = Gate(FEATURES, 0.001, 960), np.random.default_rng(6)
    _quiet(gate, rng, 60)
    one = np.array([[8.0, 0, 0, 0, 0]])
    many = np.array([[8.0, 8.0, 8.0, 0, 0]])
    assert gate.judge(_scored(many)).score[0] > gate.judge(_scored(one)).score[0]


def test_what_is_not_known_claims_nothing() -> None:
    gate, rng = Gate(FEATURES, 0.001, 960), np.random.default_rng(7)
    _quiet(gate, rng, 30)
    verdicts = gate.judge(_scored(np.full((3, 5), np.nan)))
    assert not verdicts.passed.any()
    assert all((verdicts.decades(row) == 0).all() for row in range(3))


def test_an_improbability_is_taken_as_it_is() -> None:
    gate = Gate((improbability("direct", "was {}"),), 0.001, 960)
    verdicts = gate.judge(_scored(np.array([[4.0]])))
    assert verdicts.decades(0)[0] == 4.0


def test_judging_changes_nothing() -> None:
    gate, rng = Gate(FEATURES, 0.001, 960), np.random.default_rng(8)
    _quiet(gate, rng, 30)
    scored = _scored(rng.normal(0, 3, (20, 5)))
    first = gate.judge(scored)
    np.testing.assert_array_equal(first.probability, gate.judge(scored).probability)
