"""Rows by value: what looking through the column finds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.groups import RowsOf

KEYS = st.one_of(st.integers(0, 5), st.integers(2**64 - 3, 2**64 - 1))


@given(st.lists(KEYS, max_size=40), KEYS)
def test_the_rows_of_a_value_are_those_that_looking_through_the_column_finds(
    values: list[int], wanted: int
) -> None:
    column = np.array(values, np.uint64)
    found = RowsOf(column)(np.uint64(wanted))
    assert found.tolist() == np.flatnonzero(column == np.uint64(wanted)).tolist()
