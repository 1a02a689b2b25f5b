"""The numbers in log lines: how large each is, and which of its line's numbers it is.

A number is a token (see :mod:`sensorium.detect.logs.shapes`) of digits with at most one sign and
one decimal point, and with at most four letters or a percent sign behind it for a unit: ``17``,
``-0.5``, ``12ms``, ``85%``. Times, addresses, dates and hexadecimal names are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from sensorium.detect.arrays import F64, I32, I64, U8, U64
from sensorium.detect.logs.shapes import WORD, in_token
from sensorium.ingest.compiled import inner, kernel

MOST: Final = 8
"""Numbers that are read of one line, the first ones."""

_UNIT: Final = 4
_MOST_DIGITS: Final = 15
_PLUS, _MINUS, _DOT, _ZERO, _NINE, _PERCENT = 0x2B, 0x2D, 0x2E, 0x30, 0x39, 0x25
_8 = np.uint64(8)

_NUMBER = re.compile(rb"[+-]?[0-9]+(?:\.[0-9]*)?(?:[A-Za-z%]{0,4})")


@dataclass(frozen=True, slots=True)
class Numbers:
    """``k`` numbers of a batch of lines: the ``line`` (k,) of each in order of lines, which of the
    line's numbers it is with its unit, as one key ``place`` (k,), and its ``value`` (k,)."""

    line: I64
    place: U64
    value: F64


def numbers_in(bodies: pa.StringArray) -> Numbers:
    """At most eight numbers of every line; missing lines have none."""
    n = len(bodies)
    if bodies.null_count:
        bodies = bodies.fill_null("")
    line, place = np.empty(MOST * n, np.int64), np.empty(MOST * n, np.uint64)
    value = np.empty(MOST * n)
    if not n:
        return Numbers(line, place, value)
    offsets = np.frombuffer(bodies.buffers()[1], np.int32)[bodies.offset : bodies.offset + n + 1]
    buffer = bodies.buffers()[2]
    data = np.frombuffer(b"" if buffer is None else buffer, np.uint8)
    found = _read_lines(data, offsets, line, place, value)
    return Numbers(line[:found].copy(), place[:found].copy(), value[:found].copy())


def written(line: str) -> list[str]:
    """The numbers of a line as they stand there, units with them."""
    tokens = (match[0] for match in WORD.finditer(line.encode()))
    found = [token.decode() for token in tokens if _NUMBER.fullmatch(token)]
    return [each for each in found if sum(map(str.isdigit, each)) <= _MOST_DIGITS][:MOST]


@inner
def _is_letter(byte: int) -> bool:
    lower = byte | 0x20
    return bool(0x61 <= lower <= 0x7A)


@inner
def _read_number(data: U8, at: int, end: int) -> tuple[bool, float, np.uint64]:
    """Whether a token is a number, what it is, and its unit as a number of its letters."""
    negative = data[at] == _MINUS
    if negative or data[at] == _PLUS:
        at += 1
    digits, value, fraction = 0, 0.0, 0.0
    while at < end and (_ZERO <= data[at] <= _NINE or (data[at] == _DOT and fraction == 0.0)):
        if data[at] == _DOT:
            if digits == 0:
                return False, 0.0, np.uint64(0)
            fraction = 1.0
        else:
            digits += 1
            value = value * 10.0 + (data[at] - _ZERO)
            fraction *= 10.0
        at += 1
    unit = np.uint64(0)
    if digits == 0 or digits > _MOST_DIGITS or end - at > _UNIT:
        return False, 0.0, unit
    while at < end:
        if not (_is_letter(data[at]) or data[at] == _PERCENT):
            return False, 0.0, unit
        unit = (unit << _8) | np.uint64(data[at])
        at += 1
    if fraction > 1.0:
        value /= fraction
    return True, -value if negative else value, unit


@kernel
def _read_lines(data: U8, offsets: I32, line: I64, place: U64, value: F64) -> int:
    """Write the numbers of all lines, and return how many there are."""
    found = 0
    for row in range(len(offsets) - 1):
        at, end, ordinal = offsets[row], offsets[row + 1], 0
        while at < end and ordinal < MOST:
            start = at
            while at < end and in_token(data, start, at, end):
                at += 1
            if at == start:
                at += 1
                continue
            is_number, number, unit = _read_number(data, start, at)
            if is_number:
                line[found], value[found] = row, number
                place[found] = (np.uint64(ordinal) << np.uint64(32)) | unit
                found += 1
                ordinal += 1
    return found
