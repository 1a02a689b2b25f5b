"""A flat forest scores what scikit-learn's does, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from sensorium.detect.forest import FlatForest


@pytest.mark.parametrize(
    "given", [{}, {"max_features": 0.5}, {"max_samples": 2}, {"bootstrap": True}]
)
def test_scores_are_equal_to_those_of_scikit_learn(given: dict[str, float]) -> None:
    rng = np.random.default_rng(3)
    # Values that meet thresholds, zeros of both signs, and constants among them.
    seen = np.column_stack([rng.normal(size=300), rng.integers(0, 3, 300), np.zeros(300)])
    forest = IsolationForest(n_estimators=20, random_state=0, **{"max_samples": 256} | given)
    forest.fit(seen)
    flat = FlatForest.of(forest)
    asked = np.concatenate([seen * rng.choice([1.0, 1.0, -0.0, 3.0, -1.0], seen.shape), seen])
    assert flat.score_samples(asked).tolist() == forest.score_samples(asked).tolist()


@pytest.mark.parametrize(("samples", "seed"), [(2, 0), (100, 5), (256, 0)])
def test_a_forest_fitted_here_is_that_of_scikit_learn(samples: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen = np.column_stack([rng.normal(size=(700, 4)), rng.integers(0, 2, 700), np.zeros(700)])
    forest = IsolationForest(n_estimators=16, max_samples=samples, random_state=seed).fit(seen)
    fitted, wanted = FlatForest.fitted(seen, 16, samples, seed), FlatForest.of(forest)
    assert fitted.usual == wanted.usual
    for name, array in wanted.arrays().items():
        assert fitted.arrays()[name].tolist() == array.tolist(), name


def test_how_vectors_are_divided_into_batches_does_not_matter() -> None:
    rng = np.random.default_rng(4)
    forest = FlatForest.of(
        IsolationForest(n_estimators=10, random_state=0).fit(rng.normal(size=(200, 5)))
    )
    asked = rng.normal(size=(300, 5))
    parts = [forest.score_samples(part) for part in np.split(asked, [1, 130, 257])]
    assert np.concatenate(parts).tolist() == forest.score_samples(asked).tolist()
    assert len(forest.score_samples(asked[:0])) == 0


def test_vectors_of_another_width_are_refused() -> None:
    forest = FlatForest.of(IsolationForest(n_estimators=5, random_state=0).fit(np.zeros((9, 3))))
    with pytest.raises(ValueError, match="vectors of 3 values"):
        forest.score_samples(np.zeros((1, 4)))
