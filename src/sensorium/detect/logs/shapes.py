"""The shape of a log line: its text with everything variable masked, hashed in one pass.

A line is cut into separators and tokens. A token that holds a digit, begins with ``/``, holds
``@``, or has a dot between letters (a name of a host or file) is variable and becomes ``<*>``.
A name before a colon and a number (``port:80``) is a token of its own, unless it could be
hexadecimal.
The status in an access log (three digits after ``" ``) keeps its class, as ``<5xx>``. Lines with
equal masked text have equal shapes. :func:`shape_keys` does it for a whole batch over the bytes;
:func:`masked` says the same for one line.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from sensorium.detect.arrays import I32, U8, U64, Number
from sensorium.ingest.compiled import inlined, inner, kernel

WILDCARD = "<*>"

_TOKEN, _ALNUM, _TELLING = 1, 2, 4
_CLASSES = np.zeros(256, np.uint8)
_CLASSES[128:] = _TOKEN | _ALNUM
for _byte in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ":
    _CLASSES[_byte] = _TOKEN | _ALNUM
for _byte in b"0123456789":
    _CLASSES[_byte] = _TOKEN | _ALNUM | _TELLING
for _byte in b"_-./%+~\\":
    _CLASSES[_byte] = _TOKEN
_CLASSES[ord("@")] = _TOKEN | _TELLING

LONGEST_NAME = 64
_PART = rb"[a-zA-Z0-9\x80-\xff_\-./@%+~\\]"
WORD = re.compile(
    rb"(?=[a-fA-F\-]{0,%d}+[g-zG-Z_])(?>[a-zA-Z_\-]{1,%d})(?=:[0-9])"
    rb"|(?:%b|:(?=[a-zA-Z\x80-\xff:]))(?:%b|:(?=[a-zA-Z0-9\x80-\xff:]))*"
    % (LONGEST_NAME - 1, LONGEST_NAME, _PART, _PART)
)
_VARIABLE = re.compile(rb"[0-9@]|^/|[a-zA-Z0-9\x80-\xff]\.[a-zA-Z0-9\x80-\xff]")

_STATUS = re.compile(rb"[1-5][0-9][0-9]")

_SPACE, _QUOTE, _MINUS, _DOT, _SLASH = 0x20, 0x22, 0x2D, 0x2E, 0x2F
_ZERO, _NINE, _COLON, _UNDERSCORE = 0x30, 0x39, 0x3A, 0x5F
_BASE = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_VARIABLE_KEY = np.uint64(0xA5A5_5A5A_C3C3_3C3D)
_STATUS_KEY = np.uint64(0x5A5A_A5A5_3C3C_C3C2)
_ONE, _HALF = np.uint64(1), np.uint64(32)


def masked(line: str) -> str:
    """The line with its variable tokens replaced by ``<*>``."""

    def token(match: re.Match[bytes]) -> bytes:
        if match[0].isalpha():
            return match[0]
        if _STATUS.fullmatch(match[0]) and match.string[: match.start()].endswith(b'" '):
            return b"<%cxx>" % match[0][:1]
        return b"<*>" if _VARIABLE.search(match[0]) else match[0]

    return WORD.sub(token, line.encode()).decode(errors="replace")


def shape_keys(bodies: pa.StringArray, salts: U64 | None = None) -> U64:
    """The shape of every line, uint64 (n,), never 0; missing lines are as empty ones.

    Lines of different ``salts``, uint64 (n,), have different shapes.
    """
    n = len(bodies)
    if salts is None:
        salts = np.zeros(n, np.uint64)
    if bodies.null_count:
        bodies = bodies.fill_null("")
    if not n:
        return np.zeros(0, np.uint64)
    offsets = np.frombuffer(bodies.buffers()[1], np.int32)[bodies.offset : bodies.offset + n + 1]
    buffer = bodies.buffers()[2]
    data = np.frombuffer(b"" if buffer is None else buffer, np.uint8)
    out = np.empty(n, np.uint64)
    _hash_lines(data, offsets, salts, out)
    return out


@inlined
def in_token(data: U8, start: Number, at: Number, end: Number) -> bool:
    """Whether a byte belongs to the token that begins at ``start``, which may be itself.

    A colon does where letters or a colon follow; where a digit follows, inside what is no name.
    """
    byte = data[at]
    if _CLASSES[byte] & _TOKEN:
        return True
    return bool(byte == _COLON and _holds_together(data, start, at, end))


@inner
def _holds_together(data: U8, start: int, at: int, end: int) -> bool:
    """Whether a colon is part of the token around it."""
    if at + 1 == end:
        return False
    after = data[at + 1]
    if _ZERO <= after <= _NINE:
        return at > start and not _is_name(data, start, at)
    return bool(after == _COLON or _CLASSES[after] & _ALNUM)


@inner
def _is_name(data: U8, start: int, end: int) -> bool:
    """Whether these bytes are letters, underscores and hyphens, not all hexadecimal or too many."""
    if end - start > LONGEST_NAME:
        return False
    plain = False
    for at in range(start, end):
        lower = data[at] | 0x20
        if 0x61 <= lower <= 0x7A:
            plain |= lower > 0x66
        elif data[at] == _UNDERSCORE:
            plain = True
        elif data[at] != _MINUS:
            return False
    return plain


@inner
def _tells(data: U8, start: int, at: int, end: int) -> bool:
    """Whether a byte of the token that begins at ``start`` makes it variable."""
    byte = data[at]
    if _CLASSES[byte] & _TELLING:
        return True
    if byte != _DOT or at == start or at + 1 == end:
        return False
    return bool(_CLASSES[data[at - 1]] & _CLASSES[data[at + 1]] & _ALNUM)


@inner
def _is_status(data: U8, at: int) -> bool:
    """Whether three bytes are a status after a quote and a space, all of the same line."""
    if data[at - 1] != _SPACE or data[at - 2] != _QUOTE:
        return False
    hundreds, tens, ones = data[at] - _ZERO, data[at + 1] - _ZERO, data[at + 2] - _ZERO
    return bool(1 <= hundreds <= 5 and 0 <= tens <= 9 and 0 <= ones <= 9)


@kernel
def _hash_lines(data: U8, offsets: I32, salts: U64, out: U64) -> None:
    """Write the hash of every masked line: a step for each separator, one for each token."""
    for line in range(len(out)):
        first, end = offsets[line], offsets[line + 1]
        key = salts[line] ^ _BASE
        at = first
        while at < end:
            start, word, variable = at, np.uint64(0), data[at] == _SLASH
            while at < end and in_token(data, start, at, end):
                variable |= _tells(data, start, at, end)
                word = word * _BASE + (np.uint64(data[at]) + _ONE)
                at += 1
            if at == start:
                word = np.uint64(data[at])
                at += 1
            elif at - start == 3 and start - first >= 2 and _is_status(data, start):
                word = _STATUS_KEY ^ np.uint64(data[start])
            elif variable:
                word = _VARIABLE_KEY
            else:
                word = (word ^ (word >> _HALF)) * _M2
            key = (key ^ word) * _M1
            key ^= key >> _HALF
        key = (key ^ (key >> np.uint64(29))) * _M2
        key ^= key >> _HALF
        out[line] = key if key else _ONE
