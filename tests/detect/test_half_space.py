"""Half-space trees do what their paper says, however vectors are handed over."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.detect.half_space import HalfSpaceTrees


def slow(trees: HalfSpaceTrees, vectors: np.ndarray) -> list[float]:
    """Score and learn with a dictionary of counts for each node."""
    filling: dict[tuple[int, int], int] = {}
    before: dict[tuple[int, int], int] | None = None
    count, scores = 0, []
    many, splits = trees.features.shape
    most = many * trees.window * (2 * splits + 1)
    for vector in vectors.tolist():
        total, passed = 0.0, []
        for tree in range(many):
            node, depth, scoring = 0, 0, before is not None
            while True:
                passed.append((tree, node))
                if scoring and before is not None:
                    mass = before.get((tree, node), 0)
                    total += mass * 2**depth
                    scoring = mass >= 0.1 * trees.window
                if node >= splits:
                    break
                value = vector[trees.features[tree, node]]
                left, right = 2 * node + 1, 2 * node + 2
                if np.isnan(value):
                    fewer = filling.get((tree, left), 0) < filling.get((tree, right), 0)
                    node = right if fewer else left
                else:
                    node = left if value < trees.thresholds[tree, node] else right
                depth += 1
        scores.append(0.0 if before is None else 1.0 - total / most)
        for place in passed:
            filling[place] = filling.get(place, 0) + 1
        count += 1
        if count == trees.window:
            before, filling, count = filling, {}, 0
    return scores


def vectors_of(rng: np.random.Generator, n: int) -> np.ndarray:
    made = rng.normal(0.5, 0.1, (n, 4))
    made[rng.random(made.shape) < 0.02] = np.nan
    return made


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_counts_kept_node_by_node(seed: int) -> None:
    rng = np.random.default_rng(seed)
    trees = HalfSpaceTrees(4, trees=5, height=5, window=40, seed=seed)
    vectors = vectors_of(rng, 300)
    wanted = slow(trees, vectors)
    assert trees.score_and_learn(vectors).tolist() == pytest.approx(wanted, rel=1e-12)


def test_how_vectors_are_divided_into_calls_does_not_matter_nor_does_saving_between() -> None:
    vectors = vectors_of(np.random.default_rng(7), 700)
    at_once = HalfSpaceTrees(4, window=100).score_and_learn(vectors)
    trees, found = HalfSpaceTrees(4, window=100), []
    for part in np.split(vectors, [1, 99, 101, 350]):
        trees = HalfSpaceTrees.of(trees.state())
        assert trees.score(part[:3]).tolist() == trees.score(part[:3]).tolist()
        found.append(trees.score_and_learn(part))
    assert np.concatenate(found).tolist() == at_once.tolist()


def test_what_lies_alone_is_odder_than_what_lies_among_many() -> None:
    rng = np.random.default_rng(1)
    trees = HalfSpaceTrees(3, seed=3)
    trees.score_and_learn(rng.normal(0.4, 0.03, (1000, 3)))
    usual, odd = trees.score(np.full((1, 3), 0.4))[0], trees.score(np.full((1, 3), 0.95))[0]
    assert odd > usual + 0.2


def test_a_state_that_is_not_whole_is_refused() -> None:
    state = HalfSpaceTrees(3).state()
    with pytest.raises(ValueError, match="no half-space trees"):
        HalfSpaceTrees.of(state | {"masses": state["masses"][:, :5]})
