"""The host of a message without VERSION: the word after the time, and what some senders have
there, as kernels.

AIX forwards with the name in words, agents on Windows end it with a tab, a UniFi device is
``model,mac,version``, ONTAP has ``[node:event:severity]:`` and says its name twice.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.dialects import is_repetition
from sensorium.ingest.syslog.instants import ends_stamp, is_digit
from sensorium.ingest.syslog.marks import extra, field
from sensorium.ingest.syslog.memory import byte, position, word
from sensorium.ingest.syslog.octets import (
    BRACE,
    CLOSE,
    COLON,
    COMMA,
    DASH,
    EQUALS,
    LOWER_V,
    OPEN,
    PARENTHESIS,
    PERCENT,
    POINT,
    SPACE,
    TAB,
)
from sensorium.ingest.syslog.search import blank_end, short_word, spaces_end, tag_end, word_end

_MESSAGE: Final = int.from_bytes(b"Message ", "little")
_FORWARD: Final = int.from_bytes(b"forwarde", "little")
_ED_FROM: Final = int.from_bytes(b"ed from ", "little")
_FROM: Final = int.from_bytes(b"From ", "little")
_FIVE: Final = (1 << 40) - 1
_LEVELS: Final = np.array(
    [
        int.from_bytes(name, "little")
        for name in (b"TRACE", b"DEBUG", b"INFO", b"NOTICE", b"WARN", b"ERROR", b"CRIT", b"FATAL")
    ],
    np.int64,
)


@inner
def _word_end(data: int, at: int, end: int) -> int:
    """Where a host ends that begins at ``at``: before a space or a tab."""
    i = blank_end(data, at, end)
    while i < end and byte(data, i) != SPACE and byte(data, i) != TAB:
        i = blank_end(data, i + 1, end)
    return i


@inner
def _forwarded(data: int, at: int, end: int, row: int) -> int:
    """Read ``Message forwarded from host: `` or ``From host: ``, as AIX has it; where the tag
    begins, or ``at``.
    """
    i = at
    if end - i > 26 and word(data, i) == _MESSAGE and word(data, i + 8) == _FORWARD:
        if word(data, i + 15) == _ED_FROM:
            i += 23
    elif end - i > 8 and word(data, i) & _FIVE == _FROM:
        i += 5
    colon = tag_end(data, i, end)
    if i in (at, colon) or end - colon < 2 or byte(data, colon) != COLON:
        return at
    if byte(data, colon + 1) != SPACE:
        return at
    field(row, layout.HOST, i, colon)
    return colon + 2


@inner
def _is_address(data: int, start: int, end: int) -> bool:
    """Whether there are only hexadecimal digits, points and colons, and some of the latter."""
    marks = 0
    for k in range(start, end):
        c = byte(data, k)
        if c in (POINT, COLON):
            marks += 1
        elif not (is_digit(c) or 97 <= (c | 32) <= 102):
            return False
    return marks > 1


@inner
def _access_point(data: int, start: int, end: int) -> bool:
    """Whether a token is a UniFi device's name, ``model,mac,version`` or less, and a colon."""
    commas, last = 0, start
    for k in range(start, end):
        if byte(data, k) == COMMA:
            commas += 1
            last = k
    return commas in (1, 2) and end - last > 3 and byte(data, last + 1) == LOWER_V


@inner
def _said_twice(data: int, start: int, end: int, limit: int) -> bool:
    """Whether the token ``data[start:end]``, a colon last, stands again after a space."""
    again = end + 1
    if limit - again <= end - start or byte(data, again + end - start) != SPACE:
        return False
    for k in range(end - start):  # noqa: SIM110  # numba has no all() over a generator
        if byte(data, start + k) != byte(data, again + k):
            return False
    return True


@inner
def _node_event(data: int, start: int, end: int, row: int, extras: int, totals: int) -> bool:
    """Read ``[node:event:severity]:``, the token ``data[start:end]``; whether it is that."""
    if end - start < 8 or byte(data, start) != OPEN or byte(data, end - 2) != CLOSE:
        return False
    first = tag_end(data, start + 1, end)
    second = tag_end(data, first + 1, end)
    colons = byte(data, first) == COLON and byte(data, second) == COLON
    if not colons or second >= end - 3 or first == start + 1 or second == first + 1:
        return False
    if tag_end(data, second + 1, end) != end - 1:
        return False
    field(row, layout.HOST, start + 1, first)
    field(row, layout.APP, first + 1, second)
    extra(row, extras, layout.LEVEL, second + 1, end - 2, totals)
    return True


@inner
def _is_level(data: int, start: int, end: int) -> bool:
    """Whether a word is a level in capitals: no host is called so, and programs write it."""
    if not 4 <= end - start <= 6:
        return False
    name = short_word(data, start, end)
    for k in range(len(_LEVELS)):  # noqa: SIM110  # numba has no any() over a generator
        if _LEVELS[k] == name:
            return True
    return False


@inner
def _listed(data: int, start: int, end: int) -> int:
    """Where a name ends at whose comma keys and values begin; ``start`` if there is none."""
    for k in range(start, end):
        if byte(data, k) == COMMA:
            return k
        if byte(data, k) == EQUALS:
            return start
    return start


@inner
def _named(data: int, start: int, end: int, row: int, extras: int, totals: int) -> int:
    """Read a host at ``start``, what must stand there; where the text begins, or ``start``."""
    i = _word_end(data, start, end)
    first, last = byte(data, start), byte(data, i - 1) if i > start else 0
    # A sender that leaves its name out puts the tag here; the transport knows its address.
    if i == start or first == BRACE:
        return start
    begin, stop = start, i
    if _is_level(data, start, i):
        extra(row, extras, layout.LEVEL, start, i, totals)
        begin = stop = 0
    elif i == start + 1 and first == DASH:
        begin = stop = 0
    elif word_end(data, start, i) < i:
        # A key and a value: a name may stand before them, and a comma after it (iRules).
        stop = i = _listed(data, start, i)
        if i == start:
            return start
    elif last == COLON:
        stop -= 1
        if _node_event(data, start, i, row, extras, totals):
            begin, stop = position(row, layout.HOST), position(row, layout.HOST + 1)
        elif _said_twice(data, start, i, end):
            i += 1 + i - start
        elif first == PARENTHESIS or not _access_point(data, start, i):
            return start
    elif last == CLOSE:
        if first != OPEN or not _is_address(data, start + 1, i - 1):
            return start
        begin, stop = start + 1, i - 1
    field(row, layout.HOST, begin, stop)
    i = spaces_end(data, i, end) if i < end and byte(data, i) == SPACE else i + 1
    return min(i, end)


@inner
def host_after(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Read what may stand between the time that ended at ``at`` and the tag; where that begins."""
    start = at
    if at < end and byte(data, at) != COLON:
        start = spaces_end(data, at + 1, end)
    if start >= end:
        return start
    if byte(data, start) == COLON and ends_stamp(data, start, end):
        return _after_colon(data, start, end)
    named = position(row, layout.HOST + 1) > 0
    if named or byte(data, start) == PERCENT or is_repetition(data, start, end):
        return start
    i = _forwarded(data, start, end, row)
    if i > start:
        return i
    i = _named(data, start, end, row, extras, totals)
    if start < i < end and byte(data, i) == COLON and ends_stamp(data, i, end):
        i = _after_colon(data, i, end)
    return i


@inner
def _after_colon(data: int, colon: int, end: int) -> int:
    """Where the text begins after a colon that stands for itself; a Cisco tag after any spaces."""
    i = min(colon + 2, end)
    tag = spaces_end(data, i, end)
    return tag if tag < end and byte(data, tag) == PERCENT else i
