"""Keys of entities and the rows they are given."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.keys import KeyIndex, address_keys, combine, text_key

ADDRESS_KEY = 0x2351D0E0240604BD
TEXT_KEY = 0x538EF646E14D03E6


def _keys(*values: int) -> np.ndarray:
    return np.array(values, np.uint64)


def test_a_key_gets_the_same_row_for_as_long_as_it_is_kept() -> None:
    index = KeyIndex(10)
    rows, fresh = index.admit(_keys(5, 3, 9), 1)
    assert fresh.all()
    again, fresh = index.admit(_keys(9, 5), 2)
    assert not fresh.any()
    assert again.tolist() == [rows[2], rows[0]]
    assert index.find(_keys(3, 4)).tolist() == [rows[1], -1]


def test_the_least_recently_seen_leave_when_there_is_no_room() -> None:
    index = KeyIndex(4)
    index.admit(_keys(1, 2, 3, 4), 1)
    index.admit(_keys(1, 2), 2)
    rows, fresh = index.admit(_keys(10), 3)
    assert fresh.tolist() == [True]
    assert rows[0] >= 0
    assert (index.find(_keys(1, 2)) >= 0).all()
    assert (index.find(_keys(3, 4)) < 0).sum() == 1
    assert index.evicted == 1


def test_keys_beyond_the_capacity_of_one_window_get_no_row() -> None:
    index = KeyIndex(3)
    rows, fresh = index.admit(_keys(*range(1, 11)), 1)
    assert (rows >= 0).sum() == 3
    assert (fresh == (rows >= 0)).all()
    assert len(index) == 3


def test_the_order_of_new_keys_does_not_matter() -> None:
    one, other = KeyIndex(100), KeyIndex(100)
    one.admit(_keys(7, 1, 5), 1)
    other.admit(_keys(5, 7, 1), 1)
    assert one.find(_keys(1, 5, 7)).tolist() == other.find(_keys(1, 5, 7)).tolist()


@given(st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=12, unique=True), max_size=20))
def test_rows_are_never_shared_and_never_exceed_the_capacity(windows: list[list[int]]) -> None:
    index = KeyIndex(8)
    for now, keys in enumerate(windows):
        index.admit(_keys(*keys), now)
        assert len(set(index.rows.tolist())) == len(index) <= 8
        assert index.rows_used <= 8


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.lists(
                st.one_of(st.integers(1, 9), st.integers(0, 6).map(lambda i: 1 << (10 * i))),
                min_size=1,
                max_size=9,
                unique=True,
            ),
        ),
        max_size=30,
    )
)
def test_a_key_is_found_just_while_it_is_held(steps: list[tuple[bool, list[int]]]) -> None:
    index, held = KeyIndex(1000), dict[int, int]()
    for now, (enters, keys) in enumerate(steps):
        if enters:
            rows, fresh = index.admit(_keys(*keys), now)
            assert fresh.tolist() == [key not in held for key in keys]
            held |= dict(zip(keys, rows.tolist(), strict=True))
        else:
            index.remove(_keys(*keys))
            held = {key: row for key, row in held.items() if key not in keys}
        asked = [*range(1, 9), *(1 << (10 * i) for i in range(7))]
        assert index.find(_keys(*asked)).tolist() == [held.get(key, -1) for key in asked]
        assert dict(zip(index.keys.tolist(), index.rows.tolist(), strict=True)) == held


def test_a_full_table_forgets_the_oldest_first_and_of_those_the_lowest_keys() -> None:
    index = KeyIndex(100)
    index.admit(_keys(*range(1, 61)), 1)
    index.admit(_keys(*range(61, 101)), 2)
    index.admit(_keys(500), 3)
    assert index.find(_keys(*range(1, 11))).tolist() == [-1] * 10
    assert (index.find(_keys(*range(11, 101), 500)) >= 0).all()


def test_columns_combine_to_keys_that_depend_on_their_order() -> None:
    a, b = _keys(1, 2, 3), _keys(3, 2, 1)
    assert combine(a, b).tolist() != combine(b, a).tolist()
    assert len(np.unique(combine(np.arange(10_000, dtype=np.uint64)))) == 10_000


def test_addresses_and_texts_have_keys_that_never_change() -> None:
    packed = np.frombuffer(bytes(10) + b"\xff\xff\x0a\x00\x00\x01", np.uint8).reshape(1, 16)
    assert address_keys(packed).tolist() == [ADDRESS_KEY]
    assert text_key("10.0.0.1") == TEXT_KEY
