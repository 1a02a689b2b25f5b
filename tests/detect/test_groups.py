"""Groups and rows by value: what sorting, and looking through the column, finds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.groups import Groups, RowsOf

KEYS = st.one_of(st.integers(0, 5), st.integers(2**64 - 3, 2**64 - 1))


@given(st.lists(KEYS, max_size=40), KEYS)
def test_the_rows_of_a_value_are_those_that_looking_through_the_column_finds(
    values: list[int], wanted: int
) -> None:
    column = np.array(values, np.uint64)
    rows = RowsOf(column)
    # Asked often enough, it groups the column.
    for _ in range(20):
        found = rows(np.uint64(wanted))
        assert found.tolist() == np.flatnonzero(column == np.uint64(wanted)).tolist()


@given(st.lists(KEYS, max_size=60))
def test_groups_are_those_that_sorting_the_keys_finds(values: list[int]) -> None:
    keys = np.array(values, np.uint64)
    groups = Groups.of(keys)
    distinct, codes, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    assert groups.keys.tolist() == distinct.tolist()
    assert groups.codes.tolist() == codes.tolist()
    assert groups.sizes().tolist() == sizes.tolist()
    assert groups.order.tolist() == np.argsort(keys, kind="stable").tolist()
    assert groups.first(keys).tolist() == distinct.tolist()
