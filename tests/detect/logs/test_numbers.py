"""Numbers of log lines, in columns and one by one."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.logs.numbers import MOST, numbers_in, written

line = st.text(st.sampled_from("0159.+-%ms /:@=[]\té") | st.characters(codec="utf-8"), max_size=40)


def _values(text: str) -> list[float]:
    return numbers_in(pa.array([text], pa.string())).value.tolist()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("request took 5312ms, 85% of 7 s", [5312.0, 85.0, 7.0]),
        ("load -0.50 and +3", [-0.5, 3.0]),
        ("sshd[19939]: from 10.0.0.7 at 12:30:01 on 2024-01-02", [19939.0]),
        ("0x1f 1e5 deadbeef 12kilobytes v2 /tmp/3 a@4", []),
        ("0123456789012345 5. .5 1..2", [5.0]),
        ("", []),
        (" ".join(str(n) for n in range(20)), [float(n) for n in range(MOST)]),
    ],
)
def test_what_is_a_number_is_read_and_what_only_has_digits_is_not(
    text: str, wanted: list[float]
) -> None:
    assert _values(text) == wanted


@given(st.lists(line, max_size=8))
def test_numbers_in_columns_are_those_that_stand_in_each_line(lines: list[str]) -> None:
    found = numbers_in(pa.array(lines, pa.string()))
    told = [(row, text) for row, text_line in enumerate(lines) for text in written(text_line)]
    assert found.line.tolist() == [row for row, _ in told]
    plain = [float(re.sub(r"[A-Za-z%]+$", "", text)) for _, text in told]
    np.testing.assert_allclose(found.value, plain, rtol=1e-12)


def test_a_number_has_the_same_place_whatever_the_words_and_another_with_another_unit() -> None:
    lines = ["took 5 ms", "it took 7 s", "took 5ms", "took 5s", None, "1 2"]
    places = numbers_in(pa.array(lines, pa.string())).place.tolist()
    assert places[0] == places[1] == places[4] != places[5]
    assert len(set(places)) == 4


def test_a_slice_of_a_batch_has_its_own_numbers() -> None:
    bodies = pa.array(["a 1", "b 2", "c 3 4"], pa.string())
    assert numbers_in(bodies.slice(1)).value.tolist() == [2.0, 3.0, 4.0]
    assert len(numbers_in(bodies.slice(0, 0)).value) == 0
