from __future__ import annotations

import numpy as np
import pytest

from sensorium.links.serving.index import EmbeddingIndex

pytest.importorskip("usearch")
RANDOM = np.random.default_rng(9)
CENTRES = RANDOM.normal(size=(20, 16))
VECTORS = (CENTRES[RANDOM.integers(0, 20, 2_000)] + RANDOM.normal(size=(2_000, 16))).astype(
    np.float32
)


def plainly(vector: np.ndarray, count: int, held: np.ndarray) -> list[int]:
    unit = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    cosines = unit @ (vector / np.linalg.norm(vector))
    return [row for row in np.argsort(-cosines, kind="stable").tolist() if held[row]][:count]


def test_below_a_size_the_nearest_are_exact() -> None:
    held = RANDOM.random(2_000) < 0.7
    index = EmbeddingIndex(VECTORS, held)
    assert index.exact
    for row in range(0, 2_000, 97):
        found = index.nearest(VECTORS[row] * 3, 10)
        assert found.rows.tolist() == plainly(VECTORS[row], 10, held)
        assert (np.diff(found.cosines) <= 0).all()


def test_beyond_that_size_nearly_all_of_the_nearest_are_found() -> None:
    held = RANDOM.random(2_000) < 0.7
    index = EmbeddingIndex(VECTORS, held, exact_nodes=100)
    assert not index.exact
    right = [
        len({*index.nearest(VECTORS[row], 10).rows.tolist()} & {*plainly(VECTORS[row], 10, held)})
        for row in range(0, 2_000, 20)
    ]
    assert np.mean(right) > 9.5


def test_an_approximate_index_is_the_same_when_it_is_made_again() -> None:
    one, other = (EmbeddingIndex(VECTORS, exact_nodes=100) for _ in range(2))
    for row in range(50):
        assert one.nearest(VECTORS[row], 20).rows.tolist() == (
            other.nearest(VECTORS[row], 20).rows.tolist()
        )


def test_no_more_is_found_than_there_is() -> None:
    held = np.zeros(2_000, bool)
    assert len(EmbeddingIndex(VECTORS, held).nearest(VECTORS[0], 5).rows) == 0
    held[3] = True
    assert EmbeddingIndex(VECTORS, held).nearest(VECTORS[0], 5).rows.tolist() == [3]
