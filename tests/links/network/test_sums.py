"""Sums by key are those that looking through all keys finds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensorium.links.network.sums import Sums

KEYS = st.one_of(st.integers(1, 5), st.integers(2**64 - 3, 2**64 - 1))


@given(st.lists(st.tuples(KEYS, st.integers(0, 9)), max_size=40), st.lists(KEYS, max_size=9))
def test_sums_are_those_that_looking_through_all_keys_finds(
    rows: list[tuple[int, int]], wanted: list[int]
) -> None:
    sums = Sums(
        np.array([key for key, _ in rows], np.uint64), np.array([n for _, n in rows], np.float64)
    )
    assert len(sums) == len({key for key, _ in rows})
    assert sorted(sums.keys.tolist()) == sorted({key for key, _ in rows})
    found = sums.of(np.array(wanted, np.uint64)).tolist()
    assert found == [sum(n for key, n in rows if key == one) for one in wanted]
