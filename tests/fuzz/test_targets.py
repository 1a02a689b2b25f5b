"""Guided fuzzing finds nothing in what it begins from, and computes as machines do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import kernels, slabs
from tests.fuzz.machine import Int64, UndefinedError, wrapped
from tests.fuzz.targets.registry import TARGETS

INTS = st.integers(-(2**63), 2**63 - 1)
OPERATIONS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a ^ b,
    lambda a, b: a & b,
    lambda a, b: a | b,
    lambda a, b: a < b,
    lambda a, b: a == b,
    lambda a, b: ~a - b,
    lambda a, b: -a - b,
]


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_finds_nothing_in_its_seeds(name: str) -> None:
    target = TARGETS[name]
    run = target.prepare()
    for seed in target.seeds(None):
        run(seed)


@given(st.sampled_from(OPERATIONS), INTS, INTS)
def test_numbers_wrap_as_the_machines_do(
    operation: Callable[[Any, Any], Any], left: int, right: int
) -> None:
    with np.errstate(over="ignore"):
        expected = operation(np.int64(left), np.int64(right))
    assert operation(Int64(left), Int64(right)) == expected
    assert operation(Int64(left), np.int64(right)) == expected
    assert operation(np.int64(left), Int64(right)) == expected


@given(INTS, st.integers(0, 63))
def test_shifts_keep_64_bits_and_their_sign(value: int, bits: int) -> None:
    assert Int64(value) >> bits == value >> bits
    assert Int64(value) << bits == wrapped(value << bits)
    assert value << Int64(bits) == wrapped(value << bits)


def test_a_shift_by_the_whole_width_is_a_finding() -> None:
    for shift in (lambda: Int64(1) << 64, lambda: 1 << Int64(64), lambda: Int64(1) >> 64):
        with pytest.raises(UndefinedError):
            shift()


def test_what_a_kernel_writes_is_cut_to_the_columns_width() -> None:
    column = np.zeros(2, np.int16).view(kernels.Lent)
    column[0] = Int64(0x18001)
    column[1] = 0x7FFF
    assert [int(value) for value in column] == [-0x7FFF, 0x7FFF]
    assert isinstance(column[0], Int64)


@given(st.lists(st.builds(slabs.Told, st.binary(max_size=40), st.integers(0, 3), st.booleans())))
def test_datagrams_survive_packing(told: list[slabs.Told]) -> None:
    assert list(slabs.unpack(slabs.pack(told))) == told[:64]
