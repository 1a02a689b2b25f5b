"""Cut an exposition body into series, values and timestamps: one pass, as a kernel.

The text format 0.0.4 of Prometheus, and what OpenMetrics 1.0 adds to a line (exemplars are
skipped). What a series is called is not looked into here: see ``series.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import inner, kernel

LINE_FEED: Final = 10
SPACE: Final = 32
QUOTE: Final = 34
HASH: Final = 35
ESCAPE: Final = 92
OPEN: Final = 123
CLOSE: Final = 125

# What scan() counts.
SAMPLES: Final = 0
MALFORMED: Final = 1
OVER_LIMIT: Final = 2
STAMPED: Final = 3
OPEN_METRICS: Final = 4
SKELETON_BYTES: Final = 5
VALUE_BYTES: Final = 6
STAMP_BYTES: Final = 7
COUNTS: Final = 8


# The bytes that a number, NaN or infinity is written with.
_NUMERAL = np.zeros(256, np.bool_)
_NUMERAL[list(b"0123456789+-.eEnNaAiIfFtTyY")] = True


@inner
def _blank(byte: int) -> bool:
    return byte in (SPACE, 9, 13)


@inner
def _skip_blanks(body: Any, at: int, end: int) -> int:
    while at < end and _blank(body[at]):
        at += 1
    return at


@inner
def _token_end(body: Any, at: int, end: int) -> int:
    while at < end and not _blank(body[at]):
        at += 1
    return at


@inner
def _starts_with(body: Any, at: int, end: int, word: Any) -> bool:
    if end - at < len(word):
        return False
    for i in range(len(word)):  # noqa: SIM110  # numba has no any() over a generator
        if body[at + i] != word[i]:
            return False
    return True


@inner
def _series_end(body: Any, at: int, end: int) -> int:
    """The position after the name and labels at ``at``; -1 where a brace is not closed."""
    i = at
    while i < end and not _blank(body[i]) and body[i] != OPEN:
        i += 1
    brace = _skip_blanks(body, i, end)
    if brace == end or body[brace] != OPEN:
        return i
    quoted = False
    i = brace + 1
    while i < end:
        if body[i] == QUOTE:
            quoted = not quoted
        elif quoted and body[i] == ESCAPE:
            i += 1
        elif body[i] == CLOSE and not quoted:
            return i + 1
        i += 1
    return -1


@inner
def _numeral(body: Any, start: int, end: int) -> bool:
    for i in range(start, end):  # numba has no all() over a generator
        if not _NUMERAL[body[i]]:
            return False
    return end > start


@inner
def _copy(source: Any, start: int, end: int, target: Any, at: int) -> int:
    for i in range(start, end):
        target[at] = source[i]
        at += 1
    return at


@inner
def _sample(
    body: Any,
    at: int,
    end: int,
    skeleton: Any,
    values: Any,
    value_ends: Any,
    stamps: Any,
    stamp_ends: Any,
    counts: Any,
) -> bool:
    """Take one sample line apart; False where it is malformed."""
    after = _series_end(body, at, end)
    if after <= at or body[at] == QUOTE:
        return False
    value = _skip_blanks(body, after, end)
    value_end = _token_end(body, value, end)
    stamp = _skip_blanks(body, value_end, end)
    stamp_end = stamp
    if stamp < end and body[stamp] != HASH:
        stamp_end = _token_end(body, stamp, end)
        rest = _skip_blanks(body, stamp_end, end)
        if (rest < end and body[rest] != HASH) or not _numeral(body, stamp, stamp_end):
            return False
    if value == after and body[after - 1] != CLOSE:
        return False
    if not _numeral(body, value, value_end):
        return False
    n = counts[SAMPLES]
    size = _copy(body, at, after, skeleton, counts[SKELETON_BYTES])
    skeleton[size] = LINE_FEED
    counts[SKELETON_BYTES] = size + 1
    counts[VALUE_BYTES] = _copy(body, value, value_end, values, counts[VALUE_BYTES])
    counts[STAMP_BYTES] = _copy(body, stamp, stamp_end, stamps, counts[STAMP_BYTES])
    value_ends[n + 1] = counts[VALUE_BYTES]
    stamp_ends[n + 1] = counts[STAMP_BYTES]
    counts[STAMPED] += stamp_end > stamp
    counts[SAMPLES] += 1
    return True


@kernel
def _scan(
    body: Any,
    limit: int,
    words: Any,
    skeleton: Any,
    values: Any,
    value_ends: Any,
    stamps: Any,
    stamp_ends: Any,
    counts: Any,
) -> None:
    type_word, eof_word = words
    start = 0
    while start < len(body):
        end = start
        while end < len(body) and body[end] != LINE_FEED:
            end += 1
        at = _skip_blanks(body, start, end)
        start = end + 1
        if at == end:
            continue
        if body[at] == HASH:
            word = _skip_blanks(body, at + 1, end)
            after = word + len(type_word)
            if _starts_with(body, word, end, type_word) and after < end and _blank(body[after]):
                size = _copy(body, at, end, skeleton, counts[SKELETON_BYTES])
                skeleton[size] = LINE_FEED
                counts[SKELETON_BYTES] = size + 1
            elif (
                _starts_with(body, word, end, eof_word)
                and _skip_blanks(body, word + len(eof_word), end) == end
            ):
                counts[OPEN_METRICS] = 1
        elif counts[SAMPLES] == limit:
            counts[OVER_LIMIT] += 1
        elif not _sample(body, at, end, skeleton, values, value_ends, stamps, stamp_ends, counts):
            counts[MALFORMED] += 1


@dataclass(frozen=True, slots=True)
class Scanned:
    """A body in pieces. ``skeleton`` has each series and each TYPE line, in order, a line each.

    ``values`` and ``stamps`` hold the tokens end to end, ``value_ends`` and ``stamp_ends``
    (int32, n + 1) the offsets between them; a sample without timestamp has an empty token.
    """

    skeleton: bytes
    samples: int
    values: npt.NDArray[np.uint8]
    value_ends: npt.NDArray[np.int32]
    stamps: npt.NDArray[np.uint8]
    stamp_ends: npt.NDArray[np.int32]
    stamped: bool
    open_metrics: bool
    malformed: int
    over_limit: int


_WORDS: Final = (np.frombuffer(b"TYPE", np.uint8), np.frombuffer(b"EOF", np.uint8))


def scan(body: bytes, limit: int) -> Scanned:
    """Take a body apart; at most ``limit`` samples are kept and the others counted."""
    data = np.frombuffer(body, np.uint8)
    lines = body.count(b"\n") + 1
    skeleton = np.empty(len(body) + lines, np.uint8)
    values, stamps = np.empty((2, len(body)), np.uint8)
    room = min(lines, limit) + 1
    value_ends, stamp_ends = np.zeros((2, room), np.int32)
    counts = np.zeros(COUNTS, np.int64)
    _scan(data, limit, _WORDS, skeleton, values, value_ends, stamps, stamp_ends, counts)
    samples = int(counts[SAMPLES])
    return Scanned(
        skeleton=skeleton[: counts[SKELETON_BYTES]].tobytes(),
        samples=samples,
        values=values,
        value_ends=value_ends[: samples + 1],
        stamps=stamps,
        stamp_ends=stamp_ends[: samples + 1],
        stamped=bool(counts[STAMPED]),
        open_metrics=bool(counts[OPEN_METRICS]),
        malformed=int(counts[MALFORMED]),
        over_limit=int(counts[OVER_LIMIT]),
    )
