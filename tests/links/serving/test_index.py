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


def test_an_index_follows_what_has_moved_and_the_one_before_goes_on_as_it_was() -> None:
    before = EmbeddingIndex(VECTORS, exact_nodes=100)
    asked = VECTORS[::40]
    answers = [before.nearest(vector, 10).rows.tolist() for vector in asked]
    newer = np.concatenate([VECTORS, VECTORS[:20] + np.float32(0.01)])
    moved = RANDOM.choice(2_000, 80, replace=False)
    newer[moved] = CENTRES[RANDOM.integers(0, 20, 80)]
    after = before.following(newer)
    assert not after.exact
    assert len(after) == 2_020
    assert [before.nearest(vector, 10).rows.tolist() for vector in asked] == answers
    # Who has moved, or came, is found for certain, and nobody is found where they were.
    for row in [*moved.tolist(), *range(2_000, 2_020)]:
        assert row in after.nearest(newer[row], 25).rows
    unit = newer / np.linalg.norm(newer, axis=1, keepdims=True)
    right = []
    for row in range(0, 2_020, 10):
        found = after.nearest(newer[row], 10)
        exact = np.argsort(-(unit @ unit[row]), kind="stable")[:10]
        np.testing.assert_allclose(found.cosines, unit[found.rows] @ unit[row], atol=1e-5)
        assert len(set(found.rows.tolist())) == 10
        right.append(len({*found.rows.tolist()} & {*exact.tolist()}))
    assert np.mean(right) > 9.5


def test_an_index_is_made_anew_where_much_has_moved_or_nodes_are_gone() -> None:
    before = EmbeddingIndex(VECTORS, exact_nodes=100)
    for newer in (VECTORS[::-1].copy(), VECTORS[:1_000]):
        after, anew = before.following(newer), EmbeddingIndex(newer, exact_nodes=100)
        for vector in newer[::50]:
            found = after.nearest(vector, 10).rows.tolist()
            assert found == anew.nearest(vector, 10).rows.tolist()
    small = EmbeddingIndex(VECTORS)
    newer = VECTORS.copy()
    newer[3] = -newer[3]
    assert small.following(newer).exact
    assert 3 not in small.following(newer).nearest(VECTORS[3], 10).rows
