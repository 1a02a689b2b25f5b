"""Values as whole numbers of 16 bits that sort as the values do.

They are half-precision floats (IEEE 754 binary16): eleven binary digits, sizes from 6e-8 to 65,504.
A negative one's bits are turned over, so that codes compare as the values do. Arrays of 64-bit
floats need no code and go through the same functions, which numba chooses by type.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from sensorium.detect.arrays import Number

GAP = 32767
"""The code of what is no number."""
LARGEST = 65504.0
COARSENESS = 2.0**-10
"""Neighbours among the values that have codes differ by no larger a share than this."""

_SMALLEST_NORMAL = 2.0**-14
_DENORMALS = 2.0**24
_BIAS = 2.0**112
_REBIAS = 112 << 10


def _half_value(code: Number) -> Any:
    size = ~np.int32(code) if code < 0 else np.int32(code)
    found = np.float64(np.int32(size << 13).view(np.float32)) * _BIAS
    return -found if code < 0 else found


def _half_code(value: Number, like: Number) -> Any:  # noqa: ARG001 - chosen by its type
    if not math.isfinite(value):
        return np.int16(GAP)
    size = min(abs(value), LARGEST)
    if size < _SMALLEST_NORMAL:
        bits = np.int32(round(size * _DENORMALS))
    else:
        whole = np.float32(size).view(np.int32)
        # Half to even; a carry moves into the exponent, as it should.
        bits = np.int32(((whole + 0xFFF + ((whole >> 13) & 1)) >> 13) - _REBIAS)
    return np.int16(~bits if value < 0.0 and bits > 0 else bits)


def _half_gap(code: Number) -> Any:
    return code == GAP


def _whole_value(code: Number) -> Any:
    return np.float64(code)


def _whole_code(value: Number, like: Number) -> Any:  # noqa: ARG001 - chosen by its type
    return np.float64(value)


def _whole_gap(code: Number) -> Any:
    return not math.isfinite(code)


def value_of(code: Number) -> Any:
    """The value that a code stands for, or a float itself."""
    return _half_value(code) if isinstance(code, np.int16) else _whole_value(code)


def code_of(value: Number, like: Number) -> Any:
    """The code nearest to a value, in the type of ``like``; sizes beyond the largest become that,
    and what is not finite a gap. A 64-bit float remains as it is."""
    of = _half_code if isinstance(like, np.int16) else _whole_code
    return of(value, like)


def is_gap(code: Number) -> Any:
    """Whether it is the code of no finite number."""
    return _half_gap(code) if isinstance(code, np.int16) else _whole_gap(code)


@overload(value_of)
def _value_of(code: Number) -> Any:
    return _half_value if code == types.int16 else _whole_value


@overload(code_of)
def _code_of(value: Number, like: Number) -> Any:  # noqa: ARG001 - only the second decides
    return _half_code if like == types.int16 else _whole_code


@overload(is_gap)
def _is_gap(code: Number) -> Any:
    return _half_gap if code == types.int16 else _whole_gap
