"""The tag of a message without VERSION, and what some senders put before it, as kernels.

RFC 3164 section 4.1.3 with a process id in brackets; a level (BIG-IP, busybox), an event number
(ProCurve), the tag of VRP and Comware, ``%%01SHELL/5/CMDRECORD(s)[12]:``, and what RouterOS has
in place of one, ``system,info,account``.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.codes import FACILITIES, SEVERITIES
from sensorium.ingest.syslog.instants import ends_stamp, is_digit
from sensorium.ingest.syslog.marks import extra, field
from sensorium.ingest.syslog.memory import byte, position, put_position, word
from sensorium.ingest.syslog.octets import (
    APOSTROPHE,
    BRACE,
    CLOSE,
    COLON,
    COMMA,
    DASH,
    END_PARENTHESIS,
    EQUALS,
    GREATER,
    LESS,
    OPEN,
    PARENTHESIS,
    PERCENT,
    POINT,
    QUOTE,
    SLASH,
    SPACE,
    TAB,
    UNDERSCORE,
)
from sensorium.ingest.syslog.search import bracket_end, short_word, spaces_end, tag_end

_EVENT_DIGITS: Final = 5
_CISE: Final = int.from_bytes(b"CISE_", "little")
_FIVE: Final = (1 << 40) - 1
_CEF: Final = int.from_bytes(b"CEF", "little")
_LEEF: Final = int.from_bytes(b"LEEF", "little")


def _words(names: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Names of up to eight bytes as numbers; 0, which no word is, for a longer one."""
    numbers = [int.from_bytes(n.encode(), "little") if len(n) <= 8 else 0 for n in names]
    return np.array(numbers, np.int64)


_FACILITY_WORDS: Final = _words(FACILITIES)
_SEVERITY_WORDS: Final = _words(SEVERITIES)
_TOPIC_LEVELS: Final = _words(("info", "error", "debug", "warning", "critical"))


@inner
def begins_name(first: int) -> bool:
    """Whether a tag may begin with a byte: JSON, quoted text and XML are no names."""
    return first not in (BRACE, QUOTE, LESS, APOSTROPHE, EQUALS)


@inner
def _is_letter(c: int) -> bool:
    return 65 <= (c & 0xDF) <= 90


@inner
def _names_format(data: int, start: int, end: int) -> bool:
    """Whether a word says of what follows that it is CEF or LEEF."""
    return 3 <= end - start <= 4 and short_word(data, start, end) in (_CEF, _LEEF)


@inner
def _close_tag(data: int, at: int, name: int, end: int) -> int:
    """Where the text begins after a name ``data[at:name]`` and a colon without a space; ``at``.

    ``su:'su root' failed`` has a tag; an address, a URL, a path, a clock and ``CEF:0`` have not,
    but ``ASM:CEF:0`` has one (BIG-IP).
    """
    i = name + 1
    if i >= end or name - at < 2 or not _is_letter(byte(data, at)):
        return at
    after = byte(data, i)
    if is_digit(after) or after in (COLON, SLASH, 92) or after < SPACE:
        return at
    for k in range(at + 1, name):
        c = byte(data, k)
        if not (_is_letter(c) or is_digit(c) or c in (UNDERSCORE, DASH, POINT, SLASH)):
            return at
    rest = tag_end(data, i, end)
    again = rest < end and byte(data, rest) == COLON
    return at if again and not _names_format(data, i, rest) else i


@inner
def tag(data: int, at: int, end: int, row: int) -> int:
    """Read ``app:``, ``app[pid]:`` or ``app[pid]`` at ``at``; where the text after it begins.

    White space or the end must follow, except after ``]:`` and a plain name; anything else is no
    tag and stays text.
    """
    i = tag_end(data, at, end)
    name, process, process_end = i, 0, 0
    if name == at or i >= end or byte(data, i) <= SPACE or not begins_name(byte(data, at)):
        return at
    if byte(data, i) == OPEN:
        process = i + 1
        process_end = bracket_end(data, process, end)
        if process_end >= end or byte(data, process_end) != CLOSE:
            return at
        i = process_end + 1
        # As in `app[pid] : text`.
        spaced = end - i >= 2 and byte(data, i) == SPACE and byte(data, i + 1) == COLON
        i += spaced and ends_stamp(data, i + 1, end)
    colon = i < end and byte(data, i) == COLON
    i += colon
    if i < end and byte(data, i) != SPACE and byte(data, i) != TAB:
        if not colon:
            return at
        if process == 0:
            i = _close_tag(data, at, name, end)
            if i == at:
                return at
    field(row, layout.APP, at, name)
    if process_end > process:
        field(row, layout.PROC, process, process_end)
    return i + 1 if i < end and byte(data, i) == SPACE else i


@inner
def _word_number(words: np.ndarray[tuple[int], np.dtype[np.int64]], word: int) -> int:
    for k in range(len(words)):
        if words[k] == word:
            return k
    return -1


@inner
def _level_at(data: int, at: int, end: int) -> tuple[int, int, int]:
    """Where ``notice`` or ``kern.info`` at ``at`` ends, its severity and its facility, which is
    -1 where it says none; ``at`` where there is neither.
    """
    i, point = at, at
    while i < end and i < at + 17 and (_is_letter(byte(data, i)) or is_digit(byte(data, i))):
        i += 1
    if i < end and byte(data, i) == POINT:
        point = i
        i += 1
        while i < end and i < point + 9 and _is_letter(byte(data, i)):
            i += 1
    start = point + 1 if point > at else at
    if not 3 <= i - start <= 8:
        return at, -1, -1
    severity = _word_number(_SEVERITY_WORDS, short_word(data, start, i))
    facility = -1
    if 0 < point - at <= 8:
        facility = _word_number(_FACILITY_WORDS, short_word(data, at, point))
    if severity < 0 or (facility < 0 and point > at):
        return at, -1, -1
    return i, severity, facility


@inner
def _believe(row: int, severity: int, facility: int) -> None:
    """A level says how severe a message is that has no priority."""
    if position(row, layout.PRIORITY) == -1:
        stated = -2 - severity if facility < 0 else facility * 8 + severity
        put_position(row, layout.PRIORITY, stated)


@inner
def _levelled(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Read a level and a tag, ``notice mcpd[12]:`` or ``kern.info kernel:``; the text after them.

    ``at`` where there are none.
    """
    i, severity, facility = _level_at(data, at, end)
    if i == at or i >= end or byte(data, i) != SPACE:
        return at
    text = tag(data, i + 1, end, row)
    if text == i + 1:
        return at
    extra(row, extras, layout.LEVEL, at, i, totals)
    _believe(row, severity, facility)
    return text


@inner
def marked_level(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Note ``<local0.info>``, as FreeBSD's syslogd has it before the host; what follows its
    spaces, or ``at``.
    """
    i, severity, facility = _level_at(data, at + 1, end)
    if facility < 0 or end - i < 2 or byte(data, i) != GREATER or byte(data, i + 1) != SPACE:
        return at
    extra(row, extras, layout.LEVEL, at + 1, i, totals)
    _believe(row, severity, facility)
    return spaces_end(data, i + 1, end)


@inner
def _numbered(data: int, at: int, end: int, row: int) -> int:
    """Read an event number of five digits and a tag; the text after them, or ``at``."""
    if end - at < _EVENT_DIGITS + 3 or byte(data, at + _EVENT_DIGITS) != SPACE:
        return at
    for k in range(_EVENT_DIGITS):
        if not is_digit(byte(data, at + k)):
            return at
    text = tag(data, at + _EVENT_DIGITS + 1, end, row)
    if text == at + _EVENT_DIGITS + 1:
        return at
    field(row, layout.MSGID, at, at + _EVENT_DIGITS)
    return text


@inner
def _plain_end(data: int, at: int, end: int) -> int:
    """Where letters, digits, ``_`` and ``-`` end."""
    i = at
    while i < end and (
        _is_letter(byte(data, i)) or is_digit(byte(data, i)) or byte(data, i) in (UNDERSCORE, DASH)
    ):
        i += 1
    return i


@inner
def module_tag(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Read ``%%01SHELL/5/CMDRECORD(s)[12]:`` at ``at``; the text after it, or ``at``."""
    marked = end - at >= 10 and byte(data, at) == PERCENT and byte(data, at + 1) == PERCENT
    if not marked or not (is_digit(byte(data, at + 2)) and is_digit(byte(data, at + 3))):
        return at
    module = _plain_end(data, at + 4, end)
    if module == at + 4 or end - module < 5 or byte(data, module) != SLASH:
        return at
    level = byte(data, module + 1) - 48
    if not 0 <= level <= 7 or byte(data, module + 2) != SLASH:
        return at
    name = _plain_end(data, module + 3, end)
    i, number, number_end = name, 0, 0
    if end - i >= 3 and byte(data, i) == PARENTHESIS and byte(data, i + 2) == END_PARENTHESIS:
        i += 3
    if i < end and byte(data, i) == OPEN:
        number, number_end = i + 1, bracket_end(data, i + 1, end)
        # Without its end there is no colon either.
        i = number_end + 1 if number_end < end and byte(data, number_end) == CLOSE else end
    if name == module + 3 or i >= end or byte(data, i) != COLON:
        return at
    field(row, layout.APP, at, name)
    if number_end > number:
        extra(row, extras, layout.SEQUENCE, number, number_end, totals)
    if position(row, layout.PRIORITY) == -1:
        put_position(row, layout.PRIORITY, -2 - level)
    return i + 2 if i + 1 < end and byte(data, i + 1) == SPACE else i + 1


@inner
def _bare(data: int, at: int, end: int, row: int) -> int:
    """Read a tag that has no colon, ``CISE_Alarm ``, as Cisco ISE has it; the text, or ``at``."""
    if end - at < 8 or word(data, at) & _FIVE != _CISE:
        return at
    i = _plain_end(data, at, end)
    if i >= end or byte(data, i) != SPACE:
        return at
    field(row, layout.APP, at, i)
    return i + 1


@inner
def preceded_tag(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Read a tag with a level or an event number before it, or without a colon; the text after
    it, or ``at``.
    """
    i = _levelled(data, at, end, row, extras, totals)
    if i == at:
        i = _numbered(data, at, end, row)
    return i if i > at else _bare(data, at, end, row)


@inner
def stacked(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Note what Comware puts before its tag, ``(Stack) %%10``; where the tag begins."""
    if end - at < 12 or byte(data, at) != PARENTHESIS:
        return at
    i = _plain_end(data, at + 1, end)
    closed = end - i > 4 and byte(data, i) == END_PARENTHESIS and byte(data, i + 1) == SPACE
    if i == at + 1 or not closed or byte(data, i + 2) != PERCENT or byte(data, i + 3) != PERCENT:
        return at
    extra(row, extras, layout.NODE, at + 1, i, totals)
    return i + 2


@inner
def topics(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Note RouterOS topics such as ``system,info,account`` at ``at``; where the text begins.

    They are words of small letters, digits, ``-`` and ``!`` with commas between, one of them a
    level; the first is the application. ``at`` where there are none.
    """
    i, first, begin, level = at, 0, at, False
    while i < end:
        c = byte(data, i)
        if c in (COMMA, SPACE):
            if i == begin:
                return at
            level |= _is_level(data, begin, i)
            if c == SPACE:
                break
            first = i if first == 0 else first
            begin = i + 1
        elif not (97 <= c <= 122 or is_digit(c) or c in (DASH, 33)):
            return at
        i += 1
    if i >= end or first == 0 or not level:
        return at
    extra(row, extras, layout.TOPICS, at, i, totals)
    field(row, layout.APP, at, first)
    return i + 1


@inner
def _is_level(data: int, start: int, end: int) -> bool:
    """Whether a word is ``info``, ``error``, ``debug``, ``warning`` or ``critical``."""
    if not 4 <= end - start <= 8:
        return False
    return _word_number(_TOPIC_LEVELS, short_word(data, start, end)) >= 0
