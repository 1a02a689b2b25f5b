"""The table of known shapes, beside a dict."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.logs.known import KnownShapes

# Keys that share their low bits meet in the same places of the table.
key = st.integers(1, 40) | st.integers(1, 40).map(lambda n: n << 40)


@given(st.lists(key, max_size=60), st.integers(2, 20))
def test_it_remembers_what_was_taken_in_last(keys: list[int], capacity: int) -> None:
    known, plain = KnownShapes(capacity), {}
    for turn, one in enumerate(keys, 1):
        if one in plain:
            continue
        if len(plain) == capacity:
            plain = dict(list(plain.items())[-(capacity // 2) :])
        known.add(one, turn)
        plain[one] = turn
        assert len(known) == len(plain)
    asked = sorted({*keys, 41})
    found = known.find(np.array(asked, np.uint64)).tolist()
    assert found == [plain.get(one, 0) for one in asked]


def test_it_grows_as_it_fills() -> None:
    known = KnownShapes(100_000)
    keys = np.arange(1, 10_001, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for one in keys:
        known.add(one, 7)
    assert (known.find(keys) == 7).all()
    assert not known.find(keys + np.uint64(1)).any()
    assert known.evicted == 0
