"""Record boundaries inside one data set, where records vary in length or have two directions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.elements import VARIABLE_LENGTH
from sensorium.ingest.netflow.wire import load_u8, load_u16

_VARIABLE = VARIABLE_LENGTH
_P_KIND = at.P_KIND
_P_LENGTH = at.P_LENGTH
_P_FIELDS = at.P_FIELDS
_P_FIELDS_END = at.P_FIELDS_END
_P_STEPS = at.P_STEPS
_P_REVERSE_PACKETS = at.P_REVERSE_PACKETS
_P_REVERSE_BYTES = at.P_REVERSE_BYTES
_FIXED = at.FIXED
_WALKED = at.WALKED


@njit(cache=True, nogil=True)
def next_record(fields: Any, first: Any, last: Any, start: Any, end: Any, where: Any) -> Any:
    """Find the fields of the record at an address; the address after it, -1 if the set ends first.

    ``fields[first:last]`` are lengths; ``where`` int64 (fields, 2) gets address and length of
    each. A variable length is one byte, or 255 and two bytes (RFC 7011 section 7).
    """
    for index in range(first, last):
        length = fields[index]
        if length == _VARIABLE:
            if start + 1 > end:
                return -1
            length = load_u8(start)
            start += 1
            if length == 255:
                if start + 2 > end:
                    return -1
                length = load_u16(start)
                start += 2
        if start + length > end:
            return -1
        where[index - first, 0] = start
        where[index - first, 1] = length
        start += length
    return start


@njit(cache=True, nogil=True)
def _any_byte(where: Any, index: Any) -> Any:
    if index >= 0:
        for address in range(where[index, 0], where[index, 0] + where[index, 1]):
            if load_u8(address) != 0:
                return True
    return False


@njit(cache=True, nogil=True)
def reverse_set(program: Any, where: Any) -> Any:
    """Whether a record counts anything in its reverse direction."""
    return _any_byte(where, program[_P_REVERSE_PACKETS]) or _any_byte(
        where, program[_P_REVERSE_BYTES]
    )


@njit(cache=True, nogil=True)
def count_records(program: Any, fields: Any, start: Any, end: Any, where: Any) -> Any:
    """Records in a set, rows they make, and whether the set ends inside a record.

    What is left after the last record is padding if it is shorter than any record.
    """
    least = program[_P_LENGTH]
    whole = program[_P_KIND] == _FIXED or (program[_P_KIND] != _WALKED and program[_P_STEPS] == 0)
    if whole:
        records = (end - start) // least
        return records, records, records == 0 and end - start > 3
    records = 0
    rows = 0
    while end - start >= least:
        after = next_record(fields, program[_P_FIELDS], program[_P_FIELDS_END], start, end, where)
        if after < 0:
            return records, rows, True
        records += 1
        rows += 2 if reverse_set(program, where) else 1
        start = after
    return records, rows, records == 0 and end - start > 3


def scratch(fields: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Room for the places of a record's fields, for templates of up to so many."""
    return np.zeros((max(fields, 1), 2), np.int64)
