"""State in arrays: parts under names, texts, and refusal of what does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.state.arrays import StateError, joined, part, taken, taken_texts, texts, whole


@given(st.lists(st.text(st.characters())))
def test_texts_come_back_as_they_were(values: list[str]) -> None:
    assert taken_texts(joined(said=texts(values)), "said", len(values)) == values


@given(st.lists(st.integers(-5, 60), max_size=6), st.binary(max_size=40))
def test_texts_whose_ends_do_not_fit_are_refused_or_whole(ends: list[int], run: bytes) -> None:
    state = {"t.bytes": np.frombuffer(run, np.uint8), "t.ends": np.array(ends, np.int64)}
    try:
        found = taken_texts(state, "t")
    except StateError:
        return
    assert len(found) == len(ends)
    assert "".join(found).encode("utf-8", "surrogatepass") == (run if ends else b"")


def test_a_part_has_what_was_put_under_its_name_and_nothing_else() -> None:
    state = joined(a=joined(b={"c": np.ones(2)}), ab={"c": np.zeros(1)})
    assert sorted(state) == ["a.b.c", "ab.c"]
    assert part(part(state, "a"), "b")["c"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "array",
    [np.zeros((3, 2), np.float32), np.zeros((2, 3)), np.zeros(3), np.zeros((3, 2), object)],
)
def test_an_array_of_another_type_or_shape_is_refused(array: np.ndarray) -> None:
    with pytest.raises(StateError, match="has x as"):
        taken({"x": array}, "x", np.float64, None, 2)
    with pytest.raises(StateError, match="lacks y"):
        taken({"x": array}, "y", np.float64, None, 2)


def test_what_is_taken_is_a_copy() -> None:
    array = np.zeros(3)
    taken({"x": array}, "x", np.float64, 3)[0] = 1.0
    assert not array.any()


def test_a_whole_number_beyond_its_bounds_is_refused() -> None:
    state = {"x": np.array(7)}
    assert whole(state, "x") == 7
    with pytest.raises(StateError, match="beyond 0 to 6"):
        whole(state, "x", most=6)
