"""The shape of a log line: its text with everything variable masked, hashed in columns.

A line is cut into separators and tokens. A token that holds a digit, begins with ``/``, holds
``@``, or has a dot between letters (a name of a host or file) is variable and becomes ``<*>``.
The status in an access log (three digits after ``" ``) keeps its class, as ``<5xx>``. Lines with
equal masked text have equal shapes. :func:`shape_keys` does it for a whole batch with NumPy over
the bytes; :func:`masked` says the same for one line.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from sensorium.detect.arrays import I64, U8, U64, Bool
from sensorium.detect.keys import mix

WILDCARD = "<*>"

_TOKEN, _ALNUM, _DIGIT = 1, 2, 4
_CLASSES = np.zeros(256, np.uint8)
_CLASSES[128:] = _TOKEN | _ALNUM
for _byte in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ":
    _CLASSES[_byte] = _TOKEN | _ALNUM
for _byte in b"0123456789":
    _CLASSES[_byte] = _TOKEN | _ALNUM | _DIGIT
for _byte in b"_-./@%+~\\":
    _CLASSES[_byte] = _TOKEN

_WORD = re.compile(rb"(?:[a-zA-Z0-9\x80-\xff_\-./@%+~\\]|:(?=[a-zA-Z0-9\x80-\xff:]))+")
_VARIABLE = re.compile(rb"[0-9@]|^/|[a-zA-Z0-9\x80-\xff]\.[a-zA-Z0-9\x80-\xff]")

_STATUS = re.compile(rb"[1-5][0-9][0-9]")

_BASE = 0x9E3779B97F4A7C15 | 1
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)
_VARIABLE_KEY = np.uint64(0xA5A5_5A5A_C3C3_3C3D)


def masked(line: str) -> str:
    """The line with its variable tokens replaced by ``<*>``."""

    def token(match: re.Match[bytes]) -> bytes:
        if _STATUS.fullmatch(match[0]) and match.string[: match.start()].endswith(b'" '):
            return b"<%cxx>" % match[0][:1]
        return b"<*>" if _VARIABLE.search(match[0]) else match[0]

    return _WORD.sub(token, line.encode()).decode(errors="replace")


def shape_keys(bodies: pa.StringArray) -> U64:
    """The shape of every line, uint64 (n,)."""
    if bodies.null_count:
        bodies = bodies.fill_null("")
    n = len(bodies)
    whole = np.frombuffer(bodies.buffers()[1], np.int32)
    offsets = whole[bodies.offset : bodies.offset + n + 1].astype(np.int64)
    buffer = bodies.buffers()[2]
    if buffer is None or offsets[0] == offsets[-1]:
        return mix(np.zeros(n, np.uint64))
    data = np.frombuffer(buffer, np.uint8)[offsets[0] : offsets[-1]]
    offsets -= offsets[0]
    filled = np.flatnonzero(np.diff(offsets) > 0)
    elements, keys = _elements(data, offsets[filled])
    first = np.searchsorted(elements, offsets[filled])
    ordinal = np.arange(len(elements)) - np.repeat(first, np.diff(first, append=len(elements)))
    placed = mix(keys) * _powers(_BASE, int(ordinal.max()) + 1)[ordinal]
    out = np.zeros(n, np.uint64)
    out[filled] = np.add.reduceat(placed, first)
    return mix(out)


def _elements(data: U8, line_starts: I64) -> tuple[I64, U64]:
    """Where each separator or token begins, and the key of each."""
    kind = _CLASSES[data]
    line_start = np.zeros(len(data), np.bool_)
    line_start[line_starts] = True
    before, after = _neighbours(kind, line_start)
    after_byte = np.append(data[1:], 0)
    after_byte[np.append(line_start[1:], True)] = 0
    colon = data == ord(":")
    token = (kind & _TOKEN > 0) | (colon & ((after & _ALNUM > 0) | (after_byte == ord(":"))))
    continues = token & np.append(False, token[:-1]) & ~line_start
    starts = np.flatnonzero(~continues)

    between = (data == ord(".")) & (before & _ALNUM > 0) & (after & _ALNUM > 0)
    telling: Bool = (kind & _DIGIT > 0) | (data == ord("@")) | between
    telling |= (data == ord("/")) & ~continues
    variable = np.logical_or.reduceat(telling, starts)

    powers = _powers(_BASE, len(data))
    sums = np.add.reduceat((data.astype(np.uint64) + np.uint64(1)) * powers, starts)
    keys = sums * _powers(_BASE_INVERSE, len(data))[starts]
    keys = np.where(variable, _VARIABLE_KEY, keys)
    return starts, np.where(_is_status(data, kind, line_start, starts), data[starts], keys)


def _is_status(data: U8, kind: U8, line_start: Bool, starts: I64) -> Bool:
    """Which elements are three digits after a quote and a space of the same line."""
    length = np.diff(starts, append=len(data))
    at = np.flatnonzero((length == 3) & (starts >= 2))
    place = starts[at]
    found = (data[place - 1] == ord(" ")) & (data[place - 2] == ord('"'))
    found &= ~line_start[place] & ~line_start[place - 1]
    found &= (data[place] >= ord("1")) & (data[place] <= ord("5"))
    found &= (kind[place + 1] & kind[place + 2] & _DIGIT) > 0
    status = np.zeros(len(starts), np.bool_)
    status[at] = found
    return status


def _neighbours(kind: U8, line_start: Bool) -> tuple[U8, U8]:
    """The class of the byte before and after each, 0 across the ends of a line."""
    before = np.append(np.uint8(0), kind[:-1])
    before[line_start] = 0
    after = np.append(kind[1:], np.uint8(0))
    after[np.append(line_start[1:], True)] = 0
    return before, after


_POWERS: dict[int, U64] = {}


def _powers(base: int, length: int) -> U64:
    """1, base, base^2, ... modulo 2^64; kept, since every batch needs them."""
    table = _POWERS.get(base)
    if table is None or len(table) < length:
        steps = np.full(max(length, 1 << 16), base, np.uint64)
        steps[0] = 1
        table = np.cumprod(steps)
        _POWERS[base] = table
    return table[:length]
