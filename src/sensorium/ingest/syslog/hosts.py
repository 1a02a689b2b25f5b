"""The host of a message without VERSION: the word after the time, and what some senders have
there, as kernels.

AIX forwards with the name in words, agents on Windows end it with a tab, a UniFi device is
``model,mac,version``, ONTAP has ``[node:event:severity]:`` and says its name twice, a Firebox has
its serial number and a time after it, and Kiwi the sender's address before all.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.cisco_tag import tag_begins
from sensorium.ingest.syslog.instants import (
    DAY,
    NOT_A_TIME,
    SECOND,
    clock_at,
    date_at,
    ends_stamp,
    is_digit,
)
from sensorium.ingest.syslog.marks import extra, field
from sensorium.ingest.syslog.memory import byte, position, word
from sensorium.ingest.syslog.octets import (
    BAR,
    BRACE,
    CLOSE,
    COLON,
    COMMA,
    DASH,
    END_PARENTHESIS,
    EQUALS,
    LESS,
    LOWER_V,
    OPEN,
    PARENTHESIS,
    PERCENT,
    POINT,
    QUOTE,
    SPACE,
    TAB,
    UPPER_T,
)
from sensorium.ingest.syslog.repetition import is_repetition
from sensorium.ingest.syslog.rfc5424 import priority_at
from sensorium.ingest.syslog.search import (
    blank_end,
    short_word,
    spaces_end,
    tag_end,
    token_end,
    word_end,
)
from sensorium.ingest.syslog.tags import marked_level

_MESSAGE: Final = int.from_bytes(b"Message ", "little")
_FORWARD: Final = int.from_bytes(b"forwarde", "little")
_ED_FROM: Final = int.from_bytes(b"ed from ", "little")
_FROM: Final = int.from_bytes(b"From ", "little")
_FIVE: Final = (1 << 40) - 1
_ORIGINAL: Final = int.from_bytes(b"Original", "little")
_ADDRESS: Final = int.from_bytes(b" Address", "little")
ORIGINAL_LENGTH: Final = len("Original Address=")
_LONGEST_SERIAL: Final = 20
_LEVELS: Final = np.array(
    [
        int.from_bytes(name, "little")
        for name in (b"TRACE", b"DEBUG", b"INFO", b"NOTICE", b"WARN", b"ERROR", b"CRIT", b"FATAL")
    ],
    np.int64,
)


@inner
def _is_plain(c: int) -> bool:
    return is_digit(c) or 65 <= (c & 0xDF) <= 90


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
def is_address(data: int, start: int, end: int) -> bool:
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
def _before_tag(data: int, start: int, stop: int, end: int, row: int) -> bool:
    """Whether a Cisco tag follows the token ``data[start:stop]``, a colon last: ASA has its name
    so. A process before a tag has brackets.
    """
    if stop >= end or byte(data, stop) != SPACE or tag_end(data, start, end) != stop - 1:
        return False
    i = spaces_end(data, stop, end)
    return tag_begins(data, i, end, row)


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
def _has_port(data: int, start: int, end: int) -> bool:
    """Whether a word is an IPv4 address, a colon and a port: a client that HAProxy names where
    its format has no host.
    """
    points, i = 0, start
    while i < end and (is_digit(byte(data, i)) or byte(data, i) == POINT):
        points += byte(data, i) == POINT
        i += 1
    if points != 3 or end - i < 2 or byte(data, i) != COLON:
        return False
    i += 1
    while i < end and is_digit(byte(data, i)):
        i += 1
    return i == end


@inner
def _listed(data: int, start: int, end: int) -> int:
    """Where a name ends at whose comma keys and values begin; ``start`` if there is none."""
    for k in range(start, end):
        if byte(data, k) == COMMA:
            return k
        if byte(data, k) in (EQUALS, BAR):
            return start
    return start


@inner
def _named(data: int, start: int, end: int, row: int, extras: int, totals: int) -> int:
    """Read a host at ``start``, what must stand there; where the text begins, or ``start``."""
    i = _word_end(data, start, end)
    first, last = byte(data, start), byte(data, i - 1) if i > start else 0
    # A sender that leaves its name out puts the tag here; the transport knows its address.
    if i == start or first in (BRACE, QUOTE):
        return start
    begin, stop = start, i
    if _is_level(data, start, i):
        extra(row, extras, layout.LEVEL, start, i, totals)
        begin = stop = 0
    elif i == start + 1 and first == DASH:
        begin = stop = 0
    elif _has_port(data, start, i):
        return start
    elif word_end(data, start, i) < i:
        # A key and a value, or CEF and its like: a name may stand before the former, and a comma
        # after it (iRules).
        stop = i = _listed(data, start, i)
        if i == start:
            return start
    elif last == COLON:
        stop -= 1
        if _node_event(data, start, i, row, extras, totals):
            begin, stop = position(row, layout.HOST), position(row, layout.HOST + 1)
        elif _said_twice(data, start, i, end):
            i += 1 + i - start
        elif first == PARENTHESIS or not (
            _access_point(data, start, i) or _before_tag(data, start, i, end, row)
        ):
            return start
    elif last == CLOSE:
        if first != OPEN or not is_address(data, start + 1, i - 1):
            return start
        begin, stop = start + 1, i - 1
    field(row, layout.HOST, begin, stop)
    i = spaces_end(data, i, end) if i < end and byte(data, i) == SPACE else i + 1
    return min(i, end)


@inner
def _origin_after(data: int, at: int, end: int, row: int) -> int:
    """Read the name that FTOS has between the time's colon and the tag; where that begins, or
    ``at``. Cisco's, which may have a number or a node, stands before its time.
    """
    if position(row, layout.HOST + 1) > 0 or position(row, layout.ODD) > 0:
        return at
    i = _word_end(data, at, end)
    if i == at or byte(data, i - 1) != COLON or not _before_tag(data, at, i, end, row):
        return at
    field(row, layout.HOST, at, i - 1)
    return spaces_end(data, i, end)


@inner
def host_after(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Read what may stand between the time that ended at ``at`` and the tag; where that begins."""
    start = at
    if at < end and byte(data, at) != COLON:
        start = spaces_end(data, at + 1, end)
    if start >= end:
        return start
    if byte(data, start) == COLON and ends_stamp(data, start, end):
        return _origin_after(data, _after_colon(data, start, end), end, row)
    named = position(row, layout.HOST + 1) > 0
    if named or byte(data, start) == PERCENT or is_repetition(data, start, end):
        return start
    if byte(data, start) == LESS:
        # A priority is the next program's, and no name.
        if priority_at(data, start, end)[0] >= 0:
            return start
        start = marked_level(data, start, end, row, extras, totals)
    i = _forwarded(data, start, end, row)
    if i > start:
        return i
    i = _named(data, start, end, row, extras, totals)
    if start < i < end and byte(data, i) == COLON and ends_stamp(data, i, end):
        i = _after_colon(data, i, end)
    return i


@inner
def firebox(data: int, at: int, end: int, row: int, extras: int, totals: int) -> tuple[int, int]:
    """Read ``serial (yyyy-mm-ddThh:mm:ss) `` at ``at``, as WatchGuard has it after the host: the
    time, which is UTC, and where the tag begins; NOT_A_TIME and ``at`` where there is none.
    """
    i = at
    while i < end and i < at + _LONGEST_SERIAL and _is_plain(byte(data, i)):
        i += 1
    if i == at or end - i < 23 or byte(data, i) != SPACE or byte(data, i + 1) != PARENTHESIS:
        return NOT_A_TIME, at
    days, seconds = date_at(data, i + 2), clock_at(data, i + 13, end)
    if days < 0 or seconds < 0 or byte(data, i + 12) != UPPER_T:
        return NOT_A_TIME, at
    if byte(data, i + 21) != END_PARENTHESIS or byte(data, i + 22) != SPACE:
        return NOT_A_TIME, at
    extra(row, extras, layout.NODE, at, i, totals)
    return (days * DAY + seconds) * SECOND, i + 23


@inner
def original_address(data: int, at: int, end: int) -> tuple[int, int]:
    """Where the address of ``Original Address=192.0.2.1 `` ends, which Kiwi puts before what it
    forwards, and where that begins; ``at, at`` where there is none.
    """
    if end - at < 20 or word(data, at) != _ORIGINAL or word(data, at + 8) != _ADDRESS:
        return at, at
    start = at + ORIGINAL_LENGTH
    i = token_end(data, start, end)
    if byte(data, start - 1) != EQUALS or i == start or i >= end:
        return at, at
    return i, i + 1


@inner
def _after_colon(data: int, colon: int, end: int) -> int:
    """Where the text begins after a colon that stands for itself; a Cisco tag after any spaces."""
    i = min(colon + 2, end)
    tag = spaces_end(data, i, end)
    return tag if tag < end and byte(data, tag) == PERCENT else i
